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
import io.claritystream.stream.materializer.Materializer.Failure;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one transaction: all of a draft, or nothing of it.
final class IngestTransaction {
  private static final Logger log = LoggerFactory.getLogger(IngestTransaction.class);
  private static final int SAMPLE_BYTES_MAX = 4_000;

  private static final String IN_QUARANTINE = "an earlier event of this row could not be folded";

  /// One source's dead letters in one transaction. Halving to each of them costs some thirty
  /// round trips, and nobody reads more of a kind.
  static final int LETTERS_OF_SLICE_MAX = 100;

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
    settle(work);
    return new Outcome.Committed(work.folded);
  }

  /// What one attempt has done so far.
  private static final class Work {
    private final Instant now;
    private final boolean parting;
    private final List<Folded> folded = new ArrayList<>();
    private final List<DeadLetter> letters = new ArrayList<>();

    /// Rows that came into quarantine in this attempt, and how many letters each source has.
    private final Map<SourceLine, Set<DeadLetters.Row>> fresh = new HashMap<>();

    private final Map<SourceLine, Integer> counts = new HashMap<>();
    private boolean committed;

    private Work(Instant now, boolean parting) {
      this.now = now;
      this.parting = parting;
    }

    private boolean mayAdd(SourceLine line) {
      return counts.getOrDefault(line, 0) < LETTERS_OF_SLICE_MAX;
    }

    private void add(SourceLine line, DeadLetter letter) {
      letters.add(letter);
      counts.merge(line, 1, Integer::sum);
      if (letter.rowKey() != null && letter.tableName() != null) {
        fresh
            .computeIfAbsent(line, made -> new HashSet<>())
            .add(new DeadLetters.Row(letter.tableName(), letter.rowKey()));
      }
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
        work.add(draft.owner(outcome.event()).line(), letter(draft, outcome, work.now));
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
    // First, because the locks that go with the transaction let another thread in.
    work.folded.forEach(folded -> folded.applied().rolledBack());
    try {
      connection.rollback();
    } catch (SQLException e) {
      // The connection is gone, and its transaction with it.
      log.debug("roll back failed: cause={}", e.toString());
    }
  }

  private void fold(Connection connection, Draft.Slice slice, Work work) throws SQLException {
    if (slice.beginsSnapshot()) {
      materializer.beginSnapshot(connection, slice.source());
    }
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
    var failures = applied.failures();
    for (var i = 0; i < failures.size(); i++) {
      if (!work.mayAdd(slice.line())) {
        work.letters.add(
            rest(
                slice,
                failures.subList(i, failures.size()).stream().map(Failure::event).toList(),
                failures.size() - i + " more events like those before it could not be folded",
                work.now));
        return;
      }
      var failure = failures.get(i);
      work.add(
          slice.line(),
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
        work.add(
            slice.line(),
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
    if (rest.isEmpty()) {
      return;
    }
    if (work.mayAdd(slice.line())) {
      halve(connection, slice, rest, work);
    } else {
      work.letters.add(
          rest(slice, rest, rest.size() + " events behind too many refused ones", work.now));
    }
  }

  /// The events whose rows may be folded; for each of the others a dead letter.
  private List<ChangeEvent> outsideQuarantine(
      Draft.Slice slice, List<ChangeEvent> events, Work work) {
    var quarantine = slice.line().quarantine();
    var fresh = work.fresh.getOrDefault(slice.line(), Set.of());
    if (quarantine.isEmpty() && fresh.isEmpty()) {
      return events;
    }
    var free = new ArrayList<ChangeEvent>(events.size());
    var unnamed = new ArrayList<ChangeEvent>();
    for (var event : events) {
      var row = folds(event) ? RowKey.of(event) : null;
      if (row == null || !quarantine.contains(row) && !fresh.contains(row)) {
        free.add(event);
      } else if (work.mayAdd(slice.line())) {
        work.add(
            slice.line(),
            letter(slice, event, Cause.ROW_IN_QUARANTINE, null, IN_QUARANTINE, work.now));
      } else {
        unnamed.add(event);
      }
    }
    if (!unnamed.isEmpty()) {
      work.letters.add(
          rest(slice, unnamed, unnamed.size() + " events of rows in quarantine", work.now));
    }
    return free;
  }

  /// The others are only counted, in quarantine or not.
  private static boolean folds(ChangeEvent event) {
    return event.op() == Op.INSERT || event.op() == Op.READ;
  }

  /// What the commit has made true.
  private void settle(Work work) {
    work.fresh.forEach((line, rows) -> line.quarantine().addAll(rows));
    work.letters.forEach(letter -> metrics.deadLetter(letter.cause()));
    if (!work.letters.isEmpty()) {
      var first = work.letters.getFirst();
      log.warn(
          "dead letters: count={} first: cause={} tenant={} source={} epoch={} seq={} table={} sqlstate={}",
          work.letters.size(),
          first.cause().key(),
          first.tenant(),
          first.sourceId(),
          first.epoch(),
          first.seq(),
          first.tableName(),
          first.sqlstate());
    }
  }

  /// One letter for all of `events`, and perhaps for folded ones between them.
  private static DeadLetter rest(
      Draft.Slice slice, List<ChangeEvent> events, String detail, Instant now) {
    var first = letter(slice, events.getFirst(), Cause.TOO_MANY_IN_BATCH, null, detail, now);
    return new DeadLetter(
        first.id(),
        first.tenant(),
        first.sourceId(),
        first.epoch(),
        first.seq(),
        events.getLast().seq(),
        null,
        null,
        first.lsn(),
        first.cause(),
        null,
        first.detail(),
        first.sample(),
        null,
        now);
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
        null,
        now);
  }

  private static String sample(ChangeEvent event) {
    var payload = new ByteSink(1_024);
    new PayloadJson().write(event, payload);
    return new String(
        payload.array(), 0, Math.min(payload.size(), SAMPLE_BYTES_MAX), StandardCharsets.UTF_8);
  }
}
