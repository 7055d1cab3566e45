package io.claritystream.stream.ingest;

import io.claritystream.base.db.TenantId;
import io.claritystream.protocol.block.ByteSink;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.PayloadJson;
import io.claritystream.stream.bronze.BronzeBatch;
import io.claritystream.stream.bronze.BronzePartitions;
import io.claritystream.stream.bronze.CaptureWindow;
import io.claritystream.stream.bronze.SourceEpoch;
import io.claritystream.stream.deadletter.Cause;
import io.claritystream.stream.deadletter.DeadLetter;
import io.claritystream.stream.deadletter.DeadLetters;
import io.claritystream.stream.materializer.Applied;
import io.claritystream.stream.materializer.Materializer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one transaction: all of a draft, or nothing of it.
final class IngestTransaction {
  private static final Logger log = LoggerFactory.getLogger(IngestTransaction.class);
  private static final int SAMPLE_BYTES_MAX = 4_000;

  private final DataSource service;
  private final BronzePartitions partitions;
  private final Materializer materializer;
  private final DeadLetters deadLetters;
  private final Checkpoints checkpoints;
  private final IngestMetrics metrics;
  private final InstantSource clock;

  IngestTransaction(
      DataSource service,
      BronzePartitions partitions,
      Materializer materializer,
      DeadLetters deadLetters,
      Checkpoints checkpoints,
      IngestMetrics metrics,
      InstantSource clock) {
    this.service = service;
    this.partitions = partitions;
    this.materializer = materializer;
    this.deadLetters = deadLetters;
    this.checkpoints = checkpoints;
    this.metrics = metrics;
    this.clock = clock;
  }

  /// What was folded of one source.
  record Folded(TenantId tenant, Applied applied) {}

  sealed interface Outcome {
    record Committed(List<Folded> folded) implements Outcome {}

    /// Another one has moved on what this draft was built on: all that is remembered is void.
    record Fenced(String what) implements Outcome {}
  }

  /// Writes the draft. The first attempt bets on there being nothing wrong with any event; if there
  /// is, a second one finds out with which.
  ///
  /// @throws SQLException for a fault that is not the events'; the draft may be tried again
  Outcome run(UUID topicId, int partition, Draft draft) throws SQLException {
    try {
      return attempt(topicId, partition, draft, false);
    } catch (SQLException | RuntimeException e) {
      if (Fault.of(e) != Fault.DATA) {
        throw e;
      }
      metrics.failed(Fault.DATA);
      log.info(
          "batch holds an event that is refused, parting it: {} cause={}", draft, e.toString());
      return attempt(topicId, partition, draft, true);
    }
  }

  private Outcome attempt(UUID topicId, int partition, Draft draft, boolean parting)
      throws SQLException {
    partitions.ensure(draft.bronze().days());
    var work = new Work(clock.instant(), parting);
    try (var connection = service.getConnection()) {
      connection.setAutoCommit(false);
      try {
        var refused = write(connection, topicId, partition, draft, work);
        if (refused != null) {
          return refused;
        }
        connection.commit();
        work.committed = true;
      } finally {
        if (!work.committed) {
          undo(connection, work);
        }
      }
    }
    work.folded.forEach(folded -> folded.applied().committed());
    quarantine(draft, work);
    return new Outcome.Committed(work.folded);
  }

  /// What one attempt has done so far.
  private static final class Work {
    private final Instant now;
    private final boolean parting;
    private final List<Folded> folded = new ArrayList<>();
    private final List<DeadLetter> letters = new ArrayList<>();
    private boolean committed;

    private Work(Instant now, boolean parting) {
      this.now = now;
      this.parting = parting;
    }
  }

  private @Nullable Outcome write(
      Connection connection, UUID topicId, int partition, Draft draft, Work work)
      throws SQLException {
    if (!checkpoints.fence(
        connection, topicId, partition, draft.fence(), draft.nextOffset(), work.now)) {
      return new Outcome.Fenced("position of partition " + partition);
    }
    work.letters.addAll(draft.letters());
    if (work.parting) {
      for (var outcome : draft.bronze().copyOneByOne(connection)) {
        work.letters.add(letter(draft, outcome, work.now));
      }
    } else {
      draft.bronze().copy(connection);
    }
    for (var slice : draft.slices()) {
      fold(connection, slice, work);
    }
    deadLetters.write(connection, work.letters);
    return checkpoints.move(connection, draft.moves(), work.now)
        ? null
        : new Outcome.Fenced("mark of a source in partition " + partition);
  }

  private void undo(Connection connection, Work work) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      // The connection is gone, and its transaction with it.
      log.debug("roll back failed: cause={}", e.toString());
    } finally {
      work.folded.forEach(folded -> folded.applied().rolledBack());
    }
  }

  private void fold(Connection connection, Draft.Slice slice, Work work) throws SQLException {
    var events = outsideQuarantine(slice, slice.events(), work);
    if (events.isEmpty()) {
      return;
    }
    if (work.parting) {
      halve(connection, slice, events, work);
    } else {
      apply(connection, slice, events, work);
    }
  }

  private void apply(Connection connection, Draft.Slice slice, List<ChangeEvent> events, Work work)
      throws SQLException {
    var applied = materializer.apply(connection, slice.source(), events);
    work.folded.add(new Folded(slice.source().tenantId(), applied));
    for (var failure : applied.failures()) {
      work.letters.add(
          letter(slice, failure.event(), Cause.MAPPING_FAILED, null, failure.detail(), work.now));
    }
  }

  /// Folds what can be folded. Halving is in order, so what follows a refused event of the same row
  /// is known to do so.
  private void halve(Connection connection, Draft.Slice slice, List<ChangeEvent> events, Work work)
      throws SQLException {
    var before = connection.setSavepoint();
    try {
      apply(connection, slice, events, work);
      connection.releaseSavepoint(before);
      return;
    } catch (SQLException | RuntimeException e) {
      if (Fault.of(e) != Fault.DATA) {
        throw e;
      }
      connection.rollback(before);
      connection.releaseSavepoint(before);
      if (events.size() == 1) {
        work.letters.add(
            letter(
                slice,
                events.getFirst(),
                Fault.sqlstate(e) == null ? Cause.MAPPING_FAILED : Cause.REFUSED_BY_DATABASE,
                Fault.sqlstate(e),
                String.valueOf(e.getMessage()),
                work.now));
        return;
      }
    }
    var middle = events.size() >>> 1;
    halve(connection, slice, events.subList(0, middle), work);
    var rest = outsideQuarantine(slice, events.subList(middle, events.size()), work);
    if (!rest.isEmpty()) {
      halve(connection, slice, rest, work);
    }
  }

  /// The events whose rows may be folded; for each of the others a dead letter.
  private List<ChangeEvent> outsideQuarantine(
      Draft.Slice slice, List<ChangeEvent> events, Work work) {
    var quarantine = slice.line().quarantine();
    var fresh =
        work.letters.stream()
            .filter(letter -> letter.sourceId().equals(slice.line().sourceId()))
            .filter(letter -> letter.rowKey() != null && letter.tableName() != null)
            .map(letter -> new DeadLetters.Row(letter.tableName(), letter.rowKey()))
            .collect(java.util.stream.Collectors.toSet());
    if (quarantine.isEmpty() && fresh.isEmpty()) {
      return events;
    }
    var free = new ArrayList<ChangeEvent>(events.size());
    for (var event : events) {
      var row = folds(event) ? RowKey.of(event) : null;
      if (row == null || !quarantine.contains(row) && !fresh.contains(row)) {
        free.add(event);
      } else {
        work.letters.add(
            letter(
                slice,
                event,
                Cause.ROW_IN_QUARANTINE,
                null,
                "an earlier event of this row could not be folded",
                work.now));
      }
    }
    return free;
  }

  /// The others are only counted, in quarantine or not.
  private static boolean folds(ChangeEvent event) {
    return event.op() == Op.INSERT || event.op() == Op.READ;
  }

  private void quarantine(Draft draft, Work work) {
    for (var letter : work.letters) {
      metrics.deadLetter(letter.cause());
      log.warn(
          "dead letter: cause={} tenant={} source={} epoch={} seq={} table={} sqlstate={} detail={}",
          letter.cause().key(),
          letter.tenant(),
          letter.sourceId(),
          letter.epoch(),
          letter.seq(),
          letter.tableName(),
          letter.sqlstate(),
          letter.detail());
      if (letter.rowKey() == null || letter.tableName() == null) {
        continue;
      }
      for (var slice : draft.slices()) {
        if (slice.line().sourceId().equals(letter.sourceId())) {
          slice.line().quarantine().add(new DeadLetters.Row(letter.tableName(), letter.rowKey()));
          break;
        }
      }
    }
  }

  private static DeadLetter letter(Draft draft, BronzeBatch.Outcome outcome, Instant now) {
    var cause =
        switch (outcome) {
          case BronzeBatch.Outcome.Wrapped _ -> Cause.PAYLOAD_WRAPPED;
          case BronzeBatch.Outcome.Refused _ -> Cause.NOT_IN_BRONZE;
        };
    var refusal = outcome.cause();
    if (cause == Cause.NOT_IN_BRONZE) {
      log.error(
          "bronze refused an event: source={} seq={} sqlstate={} cause={}",
          draft.owner(outcome.event()).line().sourceId(),
          draft.event(outcome.event()).seq(),
          refusal.getSQLState(),
          refusal.getMessage());
    }
    return letter(
        draft.owner(outcome.event()),
        draft.event(outcome.event()),
        cause,
        refusal.getSQLState(),
        String.valueOf(refusal.getMessage()),
        now);
  }

  private static DeadLetter letter(
      Draft.Slice slice,
      ChangeEvent event,
      Cause cause,
      @Nullable String sqlstate,
      String detail,
      Instant now) {
    var source = slice.source();
    var ids = new SourceEpoch(source.tenantId(), source.sourceId(), source.epoch());
    var row = RowKey.of(event);
    return new DeadLetter(
        ids.eventId(CaptureWindow.heldMs(event.capturedAtUs(), now), event.seq()),
        source.tenantId(),
        source.sourceId(),
        source.epoch(),
        event.seq(),
        event.seq(),
        event.schema().qualifiedName(),
        row == null ? null : row.rowKey(),
        Lsn.text(event.position()),
        cause,
        sqlstate,
        detail,
        sample(event),
        now);
  }

  private static String sample(ChangeEvent event) {
    var payload = new ByteSink(1_024);
    new PayloadJson().write(event, payload);
    return new String(
        payload.array(), 0, Math.min(payload.size(), SAMPLE_BYTES_MAX), StandardCharsets.UTF_8);
  }
}
