package io.claritystream.stream.gateway;

import io.claritystream.protocol.block.BatchDigest;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.stream.source.SourceRef;
import java.time.Duration;
import java.util.Arrays;

/// A live stream's batches on their way to the bus: checked, placed in the numbering, paid for.
record Batches(StreamServices services, SourceStream stream) {

  void take(Incoming.Events events) {
    BatchHeader header = events.header();
    byte[] payload = events.payload();
    SourceRef to = stream.live();
    switch (BatchCheck.of(header, payload, to)) {
      case BatchCheck.Wrong(Refusal refusal, String why) -> {
        stream.refuse(refusal, why);
        return;
      }
      case BatchCheck.Right() -> {}
    }
    byte[] before = stream.digestBefore(header);
    switch (stream.place(header, payload.length)) {
      case SendWindow.Placement.Refused(String why) -> stream.refuse(Refusal.OUT_OF_ORDER, why);
      case SendWindow.Placement.Dropped() -> services.meters().dropped(payload.length);
      case SendWindow.Placement.Next() -> {
        if (before != null
            && !Arrays.equals(
                BatchDigest.next(before, payload, 0, payload.length),
                header.getDigest().toByteArray())) {
          unchained(to, header);
          return;
        }
        Duration wait = services.quotas().spent(to.tenantId(), Charge.of(header, payload.length));
        if (wait.isPositive()) {
          stream.waitFor(wait);
        }
        BatchHeader complete = services.completed(header.toBuilder(), to).build();
        services
            .bus()
            .send(to.partition(), complete, payload)
            .whenComplete((_, failure) -> stream.accepted(events, failure));
      }
    }
  }

  /// The numbers fit, but what is before them in the agent's spool is not what is before them
  /// here: the numbering ends, and the agent begins the next one when it comes back.
  private void unchained(SourceRef to, BatchHeader header) {
    String why =
        "The batch that begins at "
            + header.getFirstSeq()
            + " does not follow the one that was sent before it.";
    switch (Renumbering.of(services, to, why)) {
      case Renumbering.TooMany(String words) -> stream.refuse(Refusal.TOO_MANY_EPOCHS, words);
      case Renumbering.Opened _, Renumbering.Superseded _ ->
          stream.refuse(Refusal.OUT_OF_ORDER, why);
    }
  }
}
