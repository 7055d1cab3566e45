package io.claritystream.stream.ingest;

import io.claritystream.protocol.block.ByteSink;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.block.PayloadJson;
import io.claritystream.stream.bronze.CaptureWindow;
import io.claritystream.stream.bronze.SourceEpoch;
import io.claritystream.stream.deadletter.Cause;
import io.claritystream.stream.deadletter.DeadLetter;
import io.claritystream.stream.deadletter.DeadLetters;
import io.claritystream.stream.source.SourceRef;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Makes dead letters of events of a source, as of the epoch that they are in.
final class Letters {
  /// No character has more than four bytes, and one more tells that there is more.
  private static final int SAMPLE_BYTES_MAX = 4 * (DeadLetter.SAMPLE_MAX + 1);

  private Letters() {}

  static DeadLetter of(
      SourceRef source,
      ChangeEvent event,
      Cause cause,
      @Nullable String sqlstate,
      String detail,
      Instant now) {
    return of(source, event, cause, sqlstate, detail, now, now);
  }

  /// Of an event that was taken in before: the letter is as old as it.
  static DeadLetter ofLater(
      SourceRef source,
      ChangeEvent event,
      Cause cause,
      @Nullable String sqlstate,
      String detail,
      Instant now) {
    return of(source, event, cause, sqlstate, detail, now, captured(event, now));
  }

  private static Instant captured(ChangeEvent event, Instant now) {
    return Instant.ofEpochMilli(
        Math.clamp(Math.floorDiv(event.capturedAtUs(), 1_000L), 0, now.toEpochMilli()));
  }

  private static DeadLetter of(
      SourceRef source,
      ChangeEvent event,
      Cause cause,
      @Nullable String sqlstate,
      String detail,
      Instant now,
      Instant at) {
    var ids = new SourceEpoch(source.tenantId(), source.sourceId(), source.epoch());
    var rows = cause.isOfRow() ? RowKey.all(event) : List.<DeadLetters.Row>of();
    return new DeadLetter(
        ids.eventId(CaptureWindow.heldMs(event.capturedAtUs(), now), event.seq()),
        source.tenantId(),
        source.sourceId(),
        source.epoch(),
        event.seq(),
        event.seq(),
        event.schema().qualifiedName(),
        rows.isEmpty() ? null : rows.getFirst().rowKey(),
        cause.quarantines() && rows.size() > 1 ? rows.getLast().rowKey() : null,
        Lsn.text(event.position()),
        cause,
        sqlstate,
        detail,
        sample(event),
        null,
        at);
  }

  /// One letter for several events, and perhaps for folded ones between them.
  ///
  /// @param cause that of all of them, or `TOO_MANY_IN_BATCH`
  static DeadLetter ofRange(SourceRef source, Unnamed events, Cause cause, Instant now) {
    return ofRange(source, events, cause, now, now);
  }

  /// Of events that were taken in before: it is as old as the first.
  static DeadLetter ofRangeLater(SourceRef source, Unnamed events, Instant now) {
    return ofRange(source, events, Cause.TOO_MANY_IN_BATCH, now, captured(events.first(), now));
  }

  private static DeadLetter ofRange(
      SourceRef source, Unnamed events, Cause cause, Instant now, Instant at) {
    var first = events.first();
    var ids = new SourceEpoch(source.tenantId(), source.sourceId(), source.epoch());
    return new DeadLetter(
        ids.eventId(CaptureWindow.heldMs(first.capturedAtUs(), now), first.seq()),
        source.tenantId(),
        source.sourceId(),
        source.epoch(),
        first.seq(),
        events.lastSeq(),
        events.table(),
        null,
        null,
        Lsn.text(first.position()),
        cause,
        null,
        cause == Cause.NOT_IN_BRONZE
            ? "Events that could not be stored, beyond those that have an entry: " + events.count()
            : events.count() + " more events were refused, or stood behind too many that were",
        sample(first),
        null,
        at);
  }

  private static String sample(ChangeEvent event) {
    var payload = new ByteSink(1_024);
    new PayloadJson().write(event, payload);
    return new String(
        payload.array(), 0, Math.min(payload.size(), SAMPLE_BYTES_MAX), StandardCharsets.UTF_8);
  }
}
