package io.claritystream.stream.ingest;

import io.claritystream.base.db.TenantId;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.stream.bronze.BronzeBatch;
import io.claritystream.stream.bronze.BronzePartitions;
import io.claritystream.stream.bronze.Place;
import io.claritystream.stream.deadletter.Cause;
import io.claritystream.stream.deadletter.DeadLetters;
import io.claritystream.stream.materializer.Applied;
import io.claritystream.stream.materializer.LargeTableException;
import io.claritystream.stream.materializer.Materializer;
import io.claritystream.stream.materializer.ModelRetiredException;
import io.claritystream.stream.materializer.Models;
import io.claritystream.stream.source.Rebuilds;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
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

  /// Stands for that of a source whose events are not folded as they come.
  static final int NO_MODEL = 0;

  private final DataSource service;
  private final BronzePartitions partitions;
  private final Models models;
  private final Rebuilds rebuilds;
  private final Materializer materializer;
  private final DeadLetters deadLetters;
  private final Checkpoints checkpoints;
  private final IngestMetrics metrics;
  private final InstantSource clock;

  IngestTransaction(
      DataSource service,
      BronzePartitions partitions,
      Models models,
      Rebuilds rebuilds,
      Materializer materializer,
      DeadLetters deadLetters,
      Checkpoints checkpoints,
      IngestMetrics metrics,
      InstantSource clock) {
    this.service = service;
    this.partitions = partitions;
    this.models = models;
    this.rebuilds = rebuilds;
    this.materializer = materializer;
    this.deadLetters = deadLetters;
    this.checkpoints = checkpoints;
    this.metrics = metrics;
    this.clock = clock;
  }

  /// What was folded of one source.
  record Folded(TenantId tenant, int model, Applied applied) {}

  sealed interface Outcome {
    /// @param detached whether a model fell behind. It follows on another thread from now on, so
    ///     what was built on it meanwhile must not be folded, not even in vain.
    /// @param shown whose pages show another model now
    record Committed(List<Folded> folded, boolean detached, Set<TenantId> shown)
        implements Outcome {}

    /// Another one has moved on what this draft was built on: all that is remembered is void.
    record Fenced(String what) implements Outcome {}

    /// One of the draft's records holds too much that bronze refuses, for which the others should
    /// not pay: they are to be committed one by one.
    record Singly() implements Outcome {}
  }

  /// Writes the draft. A model of which a large table is to be keyed anew first falls behind.
  ///
  /// @throws SQLException for a fault that is not the events'; the draft may be tried again
  Outcome run(UUID topicId, int partition, Draft draft) throws SQLException {
    var aside = new HashSet<Integer>();
    while (true) {
      try {
        return run(topicId, partition, draft, aside);
      } catch (LargeTableException e) {
        if (!aside.add(e.model())) {
          throw e;
        }
        log.info("{}: it is done aside, if it can be: {}", e.getMessage(), draft);
      }
    }
  }

  /// The first attempt bets on there being nothing wrong with any event; if there is, a second one
  /// finds out with which.
  private Outcome run(UUID topicId, int partition, Draft draft, Set<Integer> aside)
      throws SQLException {
    try {
      return attempt(topicId, partition, draft, aside, false);
    } catch (ModelRetiredException e) {
      return new Outcome.Fenced(String.valueOf(e.getMessage()));
    } catch (SQLException | RuntimeException e) {
      if (Fault.of(e) != Fault.DATA) {
        throw e;
      }
      metrics.failed(Fault.DATA);
      log.info(
          "batch holds an event that is refused, parting it: {} cause={}", draft, e.toString());
    }
    try {
      return attempt(topicId, partition, draft, aside, true);
    } catch (ModelRetiredException e) {
      return new Outcome.Fenced(String.valueOf(e.getMessage()));
    }
  }

  private Outcome attempt(
      UUID topicId, int partition, Draft draft, Set<Integer> aside, boolean parting)
      throws SQLException {
    partitions.ensure(draft.bronze().days());
    var work = new Work(clock.instant(), aside, parting);
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
    settle(draft, work);
    return new Outcome.Committed(work.folded, !work.detached.isEmpty(), work.shown);
  }

  /// A model of a source.
  private record Folding(SourceLine line, int model) {
    private static Folding of(Draft.Slice slice) {
      return new Folding(slice.line(), slice.model());
    }
  }

  private record Quarantined(Quarantine quarantine, Quarantine.Attempt attempt) {}

  /// What one attempt has done so far.
  private static final class Work {
    private final Instant now;
    private final boolean parting;

    /// Models of which more is to be done than others may wait for.
    private final Set<Integer> aside;

    private final List<Folded> folded = new ArrayList<>();
    private final Set<TenantId> shown = new HashSet<>();
    private final FoundNow found;

    /// The quarantines of the models, in their order, and what this attempt does to them.
    private final Map<Folding, Quarantined> quarantined = new LinkedHashMap<>();

    /// Models that have fallen behind in this attempt.
    private final Set<Folding> detached = new HashSet<>();

    /// How many events of each source were found by halving.
    private final Map<SourceLine, Integer> halved = new HashMap<>();

    private boolean committed;

    private Work(Instant now, Set<Integer> aside, boolean parting) {
      this.now = now;
      this.aside = aside;
      this.parting = parting;
      found = new FoundNow(now);
    }

    private boolean mayHalve(SourceLine line) {
      return halved.getOrDefault(line, 0) < FoundNow.LETTERS_OF_SLICE_MAX;
    }

    private void refuse(
        Draft.Slice slice,
        ChangeEvent event,
        Cause cause,
        @Nullable String sqlstate,
        String detail) {
      if (cause.quarantines() && slice.model() != NO_MODEL) {
        quarantine(slice).add(event);
      }
      found.refuse(slice, event, cause, sqlstate, detail);
    }

    private Quarantine.Attempt quarantine(Draft.Slice slice) {
      return quarantined
          .computeIfAbsent(
              Folding.of(slice),
              folding -> {
                var quarantine = folding.line().quarantine(folding.model());
                return new Quarantined(quarantine, quarantine.attempt());
              })
          .attempt();
    }
  }

  private @Nullable Outcome write(
      Connection connection, UUID topicId, int partition, Draft draft, Work work)
      throws SQLException {
    if (!checkpoints.fence(
        connection, topicId, partition, draft.fence(), draft.nextOffset(), work.now)) {
      return new Outcome.Fenced("position of partition " + partition);
    }
    work.found.addAll(draft.letters());
    for (var slice : draft.slices()) {
      var line = slice.line();
      line.letters().readAgain(connection, deadLetters, line.sourceId(), work.now);
    }
    if (work.parting) {
      var outcomes = draft.bronze().copyOneByOne(connection);
      if (outcomes.size() > BronzeBatch.REFUSED_MAX && draft.records() > 1) {
        return new Outcome.Singly();
      }
      for (var outcome : outcomes) {
        refuse(draft, outcome, work);
      }
    } else {
      draft.bronze().copy(connection);
    }
    for (var slice : draft.slices()) {
      if (slice.step() == Draft.Step.SNAPSHOT_BEGINS && !isAsChosen(connection, slice)) {
        return new Outcome.Fenced("what becomes of deleted rows of " + slice.line().sourceId());
      }
      fold(connection, slice, work);
    }
    work.found.write(connection, deadLetters);
    for (var each : work.quarantined.entrySet()) {
      var folding = each.getKey();
      var source = folding.line().source();
      var attempt = each.getValue().attempt();
      attempt.write(connection, deadLetters, materializer, source);
      deadLetters
          .settlements()
          .settle(connection, source.sourceId(), folding.model(), attempt.mended(), work.now);
    }
    if (!checkpoints.move(connection, draft.moves(), work.now)) {
      return new Outcome.Fenced("mark of a source in partition " + partition);
    }
    for (var folding : work.detached) {
      // What was built on it meanwhile is fenced by that.
      checkpoints.fold(connection, folding.line().sourceId(), folding.model(), NO_MODEL);
    }
    return null;
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
    switch (slice.step()) {
      case NONE -> {}
      case SNAPSHOT_BEGINS -> beginSnapshot(connection, slice, work);
      case SNAPSHOT_ENDS -> endSnapshot(connection, slice, work);
    }
    if (slice.model() == NO_MODEL || work.detached.contains(Folding.of(slice))) {
      return;
    }
    var findings = new SliceFindings(connection, slice, work);
    if (work.aside.contains(slice.model())
        && !slice.events().isEmpty()
        && findings.fallsBehind(slice.events())) {
      return;
    }
    if (work.parting && slice.line().failsTooOften()) {
      findings.leave(slice.events());
      return;
    }
    new EventFold(connection, materializer, deadLetters, slice.source(), slice.model(), findings)
        .fold(slice.events(), work.parting);
  }

  /// Whether the snapshot is folded as what people have chosen asks for still: they may have chosen
  /// otherwise since the draft was built.
  private boolean isAsChosen(Connection connection, Draft.Slice slice) throws SQLException {
    return models.keepsDeletedRows(connection, slice.line().sourceId())
        == (slice.model() == NO_MODEL);
  }

  private void beginSnapshot(Connection connection, Draft.Slice slice, Work work)
      throws SQLException {
    var source = slice.source();
    if (slice.model() != NO_MODEL) {
      models.retireUnfinished(connection, source, slice.model());
      return;
    }
    var first = new Place(source.epoch(), slice.seq());
    var going = models.beginLater(connection, source.sourceId(), first);
    models.retireUnfinished(connection, source, going == null ? NO_MODEL : going);
    models.freeze(connection, source.sourceId());
    rebuilds.beginSnapshot(
        connection,
        source.tenantId(),
        source.sourceId(),
        going,
        source.epoch(),
        slice.seq(),
        work.now);
  }

  private void endSnapshot(Connection connection, Draft.Slice slice, Work work)
      throws SQLException {
    var source = slice.source();
    if (slice.model() == NO_MODEL) {
      rebuilds.endSnapshot(connection, source.sourceId(), source.epoch(), slice.seq());
    } else if (models.show(connection, source, slice.model())) {
      deadLetters
          .settlements()
          .settleUpTo(connection, source.sourceId(), source.epoch() - 1, work.now);
      work.shown.add(source.tenantId());
    }
  }

  /// What is found out about the events of a slice.
  private final class SliceFindings implements EventFold.Findings {
    private final Connection connection;
    private final Draft.Slice slice;
    private final Work work;

    private SliceFindings(Connection connection, Draft.Slice slice, Work work) {
      this.connection = connection;
      this.slice = slice;
      this.work = work;
    }

    @Override
    public Quarantine.Attempt quarantine() {
      return work.quarantine(slice);
    }

    @Override
    public void refuse(ChangeEvent event, Cause cause, @Nullable String sqlstate, String detail) {
      work.refuse(slice, event, cause, sqlstate, detail);
    }

    @Override
    public void found() {
      work.halved.merge(slice.line(), 1, Integer::sum);
    }

    @Override
    public boolean maySearch() {
      return work.mayHalve(slice.line()) && !work.detached.contains(Folding.of(slice));
    }

    /// One that cannot fall behind is folded to its end, whatever it takes.
    @Override
    public boolean othersWait() {
      return !work.aside.contains(slice.model());
    }

    /// The model follows from bronze at its own pace from here on. One that a snapshot builds may
    /// not: its snapshot would end without it.
    private boolean fallsBehind(List<ChangeEvent> rest) throws SQLException {
      var behind = rest.getFirst().seq() - 1;
      if (!models.detach(connection, slice.model(), slice.source().epoch(), behind, work.now)) {
        return false;
      }
      work.detached.add(Folding.of(slice));
      return true;
    }

    @Override
    public void leave(List<ChangeEvent> rest) throws SQLException {
      if (work.detached.contains(Folding.of(slice)) || rest.isEmpty()) {
        return;
      }
      if (!fallsBehind(rest)) {
        work.found.unnamed(slice, rest);
        rest.forEach(quarantine()::leave);
      }
    }

    @Override
    public void applied(Applied applied) {
      work.folded.add(new Folded(slice.source().tenantId(), slice.model(), applied));
    }
  }

  /// What the commit has made true.
  private void settle(Draft draft, Work work) {
    for (var slice : draft.slices()) {
      slice.line().counted(slice.events().size(), 0);
    }
    work.halved.forEach((line, count) -> line.counted(0, count));
    for (var folding : work.detached) {
      log.warn(
          "{}, the model follows from bronze: source={} model={}",
          work.aside.contains(folding.model())
              ? "a large table has got another key"
              : "too many events are refused",
          folding.line().sourceId(),
          folding.model());
    }
    work.quarantined.forEach(
        (folding, each) -> folding.line().quarantined(each.quarantine(), each.attempt()));
    work.found.committed(metrics);
  }

  private void refuse(Draft draft, BronzeBatch.Outcome outcome, Work work) {
    var cause =
        switch (outcome) {
          case BronzeBatch.Outcome.Wrapped _ -> Cause.PAYLOAD_WRAPPED;
          case BronzeBatch.Outcome.Refused _ -> Cause.NOT_IN_BRONZE;
        };
    var refusal = outcome.cause();
    var owner = draft.owner(outcome.event());
    var event = draft.event(outcome.event());
    if (cause == Cause.NOT_IN_BRONZE) {
      log.error(
          "bronze refused an event: source={} seq={} sqlstate={} cause={}",
          owner.line().sourceId(),
          event.seq(),
          refusal.getSQLState(),
          refusal.getMessage());
    }
    work.refuse(owner, event, cause, refusal.getSQLState(), String.valueOf(refusal.getMessage()));
  }
}
