package io.claritystream.stream.gateway;

import io.claritystream.protocol.link.AcknowledgeMode;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.BatchKind;
import io.claritystream.protocol.link.Hello;
import io.claritystream.protocol.link.Welcome;
import io.claritystream.stream.source.Checkpoint;
import io.claritystream.stream.source.SourceRef;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// What lies between a stream's session and its welcome: the barrier, what is durable behind it,
/// and a new epoch if the agent's spool does not continue that. Waits, on a thread of its own.
///
/// @param opened the source with its new session
record Opening(StreamServices services, SourceStream stream, Hello hello, SourceRef opened) {

  void run() {
    try {
      if (!isCommitted(opened)) {
        return;
      }
      Checkpoint checkpoint =
          services.sources().standing(List.of(opened.sourceId())).getFirst().checkpoint();
      switch (Numbering.compare(hello, opened, checkpoint)) {
        case Numbering.Continues(long durable) -> welcome(opened, checkpoint, durable, "");
        case Numbering.Breaks(String why) -> renumber(checkpoint, why);
      }
    } catch (ExecutionException e) {
      stream.fail("the bus did not take the barrier", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stream.fail("the gateway is stopping", e);
    } catch (RuntimeException e) {
      stream.fail("a stream could not be opened", e);
    }
  }

  private void renumber(Checkpoint checkpoint, String why)
      throws InterruptedException, ExecutionException {
    switch (Renumbering.of(services, opened, why)) {
      case Renumbering.TooMany(String words) -> stream.refuse(Refusal.TOO_MANY_EPOCHS, words);
      case Renumbering.Superseded() -> stream.superseded();
      case Renumbering.Opened(SourceRef renumbered) -> {
        // A barrier that got lost would leave every batch behind it without an epoch.
        if (stream.renumbered(renumbered) && isCommitted(renumbered)) {
          welcome(renumbered, checkpoint, 0, why);
        }
      }
    }
  }

  /// Sends the barrier and waits until ingest has committed it. False if the stream has ended
  /// meanwhile.
  private boolean isCommitted(SourceRef to) throws InterruptedException, ExecutionException {
    services.bus().send(to.partition(), barrier(to), new byte[0]).get();
    Optional<CompletableFuture<Boolean>> committed = stream.barrierCommitted();
    if (committed.isEmpty()) {
      return false;
    }
    try {
      return committed
          .get()
          .get(services.properties().welcomeWithin().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      stream.fail("ingest has not reached the source's barrier", e);
      return false;
    }
  }

  private BatchHeader barrier(SourceRef to) {
    return services
        .completed(BatchHeader.newBuilder().setKind(BatchKind.BARRIER), to)
        .setEpoch(to.epoch())
        .setSourceId(to.sourceId().toString())
        .setPolicyVersion(BatchCheck.POLICY_VERSION)
        .build();
  }

  private void welcome(SourceRef to, Checkpoint checkpoint, long durable, String epochOpened) {
    long windowBytes = services.window(to.partition());
    AcknowledgeMode acknowledge =
        SourceStream.mode(
            services.sources().standing(List.of(to.sourceId())).getFirst().acknowledge());
    stream.live(
        to,
        new DigestChain(durable, durable == 0 ? new byte[0] : checkpoint.digest()),
        Welcome.newBuilder()
            .setSession(to.session())
            .setEpoch(to.epoch())
            .setDurableSeq(durable)
            .setDurablePosition(checkpoint.position())
            .setWindowBytes(windowBytes)
            .setPolicyVersion(BatchCheck.POLICY_VERSION)
            .setAcknowledge(acknowledge)
            .setStartEpoch(!epochOpened.isEmpty())
            .setReason(epochOpened)
            .build());
  }
}
