package io.claritystream.stream.ingest;

import io.claritystream.base.live.LiveMessage;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.stream.bronze.Place;
import io.claritystream.stream.bronze.SourceHistory;
import io.claritystream.stream.bronze.SourceHistory.Part;
import io.claritystream.stream.deadletter.Cause;
import io.claritystream.stream.materializer.Applied;
import io.claritystream.stream.materializer.LargeTableException;
import io.claritystream.stream.materializer.Models.Outset;
import io.claritystream.stream.source.Rebuilds;
import io.claritystream.stream.source.SourceRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Folds one model forward from bronze, step by step, until it has caught up with what ingest has
/// committed; then it becomes the one that ingest folds into. People see it from then on.
///
/// A step is a transaction, which moves the model on from where this process believes it stands;
/// the last one keeps ingest from committing while it folds what is left. Nobody is told of single
/// values that are folded here; pages that are open read again when the model has caught up.
final class ModelFollower {
  static final int EVENTS_MAX = 5_000;
  private static final long BYTES_MAX = 8L * 1024 * 1024;

  /// The last step folds as many parts as that, at most, while ingest waits.
  private static final int LAST_PARTS_MAX = 4;

  /// So many events at least say how many are refused.
  private static final int RECENT_EVENTS = 1_000;

  enum Step {
    /// There may be more to do.
    MOVED,
    /// There is nothing to do at the moment.
    WAITS,
    /// Ingest folds into the model from here on.
    DONE,
    /// Another process follows with it, or it is not wanted any more.
    LOST
  }

  private final Ingest.Parts parts;
  private final Checkpoints checkpoints;
  private final UUID worker;
  private final SourceRef source;
  private final int model;

  /// The rebuild that this is for; null for a model that fell behind.
  private final @Nullable UUID rebuild;

  private final SourceHistory history;

  /// Where the model stands; null before this process has it.
  private @Nullable Place at;

  /// Where it begins.
  private Outset outset = new Outset(new Place(0, 0), Set.of());

  private Quarantine quarantine;
  private long recentEvents;
  private long recentRefused;

  ModelFollower(
      Ingest.Parts parts,
      Checkpoints checkpoints,
      UUID worker,
      SourceRef source,
      int model,
      @Nullable UUID rebuild) {
    this.parts = parts;
    this.checkpoints = checkpoints;
    this.worker = worker;
    this.source = source;
    this.model = model;
    this.rebuild = rebuild;
    history = new SourceHistory(source.sourceId());
    quarantine = Quarantine.none(model);
  }

  /// @param mayBeShown whether ingest may fold into the model once it has caught up
  /// @throws SQLException the step was not taken; it may be tried again
  Step step(boolean mayBeShown) throws SQLException {
    Place target;
    try (var connection = transaction()) {
      if (!claim(connection)) {
        return Step.LOST;
      }
      target = target(connection);
      connection.commit();
    }
    var part = read(target);
    if (!mayBeShown) {
      return part.isEmpty() ? Step.WAITS : move(part, target);
    }
    if (part.count() >= EVENTS_MAX / 2 || !part.isEmpty() && part.epoch() < target.epoch()) {
      return move(part, target);
    }
    if (rebuild == null && !part.isEmpty() && recentRefused * 100 > recentEvents) {
      // Ingest would only leave it behind again.
      return move(part, target);
    }
    try {
      return last();
    } catch (LargeTableException e) {
      // Ingest does not wait for that: it is done first, with nothing held.
      return part.isEmpty() ? Step.MOVED : move(part, target);
    }
  }

  private Connection transaction() throws SQLException {
    var connection = parts.service().getConnection();
    try {
      connection.setAutoCommit(false);
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  private boolean claim(Connection connection) throws SQLException {
    var place = parts.models().claim(connection, model, worker);
    if (place == null) {
      at = null;
      return false;
    }
    outset = parts.models().outset(connection, model);
    if (!place.equals(at)) {
      // What was remembered of it may be older than what another process has folded since.
      parts.materializer().forget(model);
      quarantine = Quarantine.read(connection, parts.deadLetters(), model);
      at = place;
    }
    return true;
  }

  private Place target(Connection connection) throws SQLException {
    var mark = checkpoints.mark(connection, source.sourceId()).orElse(Mark.NONE);
    return new Place(mark.epoch(), mark.seq());
  }

  /// In a transaction of its own, as it changes how that is planned.
  private Part read(Place target) throws SQLException {
    try (var connection = transaction()) {
      var part = carriedOver(connection, target);
      if (part.isEmpty()) {
        part = history.next(connection, place(), target, EVENTS_MAX, BYTES_MAX);
      }
      connection.rollback();
      return part;
    }
  }

  /// Of what was before the model's first event: rows of tables whose deleted rows are kept, if a
  /// key tells them. What is read again takes their places; of others none can be told, so those
  /// begin with the snapshot.
  private Part carriedOver(Connection connection, Place target) throws SQLException {
    var upTo = target.compareTo(outset.lastBefore()) < 0 ? target : outset.lastBefore();
    if (place().compareTo(upTo) >= 0) {
      return new Part(target.epoch(), List.of(), 0, 0);
    }
    var part = history.next(connection, place(), upTo, outset.kept(), EVENTS_MAX, BYTES_MAX);
    part.events().removeIf(event -> !RowKey.isTold(event));
    return part;
  }

  private Place place() {
    var place = at;
    if (place == null) {
      throw new IllegalStateException("model " + model + " is not this process's");
    }
    return place;
  }

  private Step move(Part part, Place target) throws SQLException {
    return attempt(
        (connection, work) -> {
          fold(connection, part, target, work);
          return Step.MOVED;
        });
  }

  private Step last() throws SQLException {
    var step = attempt(this::last);
    if (step == Step.DONE) {
      parts.live().publish(source.tenantId(), new LiveMessage.ReadAgain());
    }
    return step;
  }

  private Step last(Connection connection, Work work) throws SQLException {
    checkpoints.hold(connection, source.partition());
    work.othersWait = true;
    if (!parts.models().isHeld(connection, model, worker)) {
      return Step.LOST;
    }
    if (!parts.models().outset(connection, model).equals(outset) || !mayBeShown(connection)) {
      // Another snapshot has begun since, and this is to be the model of that one.
      return Step.MOVED;
    }
    var mark = checkpoints.mark(connection, source.sourceId()).orElse(Mark.NONE);
    var target = new Place(mark.epoch(), mark.seq());
    for (var count = 0; ; count++) {
      var part = read(target);
      if (part.isEmpty()) {
        break;
      }
      if (count == LAST_PARTS_MAX) {
        return Step.MOVED;
      }
      fold(connection, part, target, work);
    }
    return attach(connection, mark) ? Step.DONE : Step.LOST;
  }

  private boolean mayBeShown(Connection connection) throws SQLException {
    if (rebuild == null) {
      return true;
    }
    var open = parts.rebuilds().hold(connection, rebuild);
    return open != null && open.mayBeShown();
  }

  private boolean attach(Connection connection, Mark mark) throws SQLException {
    if (rebuild == null) {
      parts.models().attach(connection, model);
      return checkpoints.fold(connection, source.sourceId(), IngestTransaction.NO_MODEL, model);
    }
    if (!parts.models().show(connection, source, model)) {
      return false;
    }
    parts.models().attach(connection, model);
    parts.rebuilds().end(connection, rebuild, Rebuilds.End.DONE, parts.clock().instant());
    return checkpoints.fold(connection, source.sourceId(), mark.model(), model);
  }

  private interface Transaction {
    Step run(Connection connection, Work work) throws SQLException;
  }

  /// What one attempt has done so far.
  private final class Work implements EventFold.Findings {
    private final Instant now = parts.clock().instant();
    private final boolean parting;
    private final Place before = place();
    private final List<Applied> applied = new ArrayList<>();
    private final FoundLater found = new FoundLater();
    private final Quarantine.Attempt quarantined = quarantine.attempt();

    private SourceRef inEpoch = source;
    private long events;
    private long refused;
    private boolean committed;
    private boolean othersWait;

    private Work(boolean parting) {
      this.parting = parting;
    }

    @Override
    public Quarantine.Attempt quarantine() {
      return quarantined;
    }

    @Override
    public void refuse(ChangeEvent event, Cause cause, @Nullable String sqlstate, String detail) {
      if (cause.quarantines()) {
        quarantined.add(event);
      }
      found.add(inEpoch, event, cause, sqlstate, detail);
    }

    @Override
    public boolean othersWait() {
      return othersWait;
    }

    @Override
    public void found() {
      refused++;
    }

    @Override
    public boolean maySearch() {
      return true;
    }

    @Override
    public void leave(List<ChangeEvent> rest) {
      throw new IllegalStateException("all may be looked for");
    }

    @Override
    public void applied(Applied one) {
      applied.add(one);
    }
  }

  /// The first attempt bets on there being nothing wrong with any event, as ingest does.
  private Step attempt(Transaction transaction) throws SQLException {
    try {
      return attempt(transaction, false);
    } catch (SQLException | RuntimeException e) {
      if (Fault.of(e) != Fault.DATA) {
        throw e;
      }
      return attempt(transaction, true);
    }
  }

  private Step attempt(Transaction transaction, boolean parting) throws SQLException {
    var work = new Work(parting);
    try (var connection = transaction()) {
      try {
        var step = transaction.run(connection, work);
        if (step == Step.LOST || step == Step.MOVED && work.events == 0) {
          return step;
        }
        var building = rebuild == null ? null : Integer.valueOf(model);
        work.found.write(connection, parts.deadLetters(), source.sourceId(), building, work.now);
        work.quarantined.write(connection, parts.deadLetters(), parts.materializer(), source);
        settleLetters(connection, work, step);
        connection.commit();
        work.committed = true;
        settle(work);
        return step;
      } finally {
        if (!work.committed) {
          work.applied.forEach(Applied::rolledBack);
          at = work.before;
          connection.rollback();
        }
      }
    }
  }

  /// A model that people see settles letters as it is folded, one that is built anew once they see
  /// it.
  private void settleLetters(Connection connection, Work work, Step step) throws SQLException {
    var settlements = parts.deadLetters().settlements();
    var mended = work.quarantined.mended();
    if (rebuild == null) {
      settlements.settle(connection, source.sourceId(), model, mended, work.now);
      return;
    }
    for (var each : work.found.seqs().entrySet()) {
      settlements.findAgain(connection, source.sourceId(), model, each.getKey(), each.getValue());
    }
    settlements.mendAgain(connection, source.sourceId(), model, mended);
    if (step == Step.DONE) {
      settlements.show(connection, source.sourceId(), model, work.now);
    }
  }

  private void settle(Work work) {
    work.applied.forEach(Applied::committed);
    work.quarantined.committed();
    recentEvents += work.events;
    recentRefused += work.refused;
    if (recentEvents > 2 * RECENT_EVENTS) {
      recentEvents /= 2;
      recentRefused /= 2;
    }
  }

  /// @param target the newest event that is stored
  private void fold(Connection connection, Part part, Place target, Work work) throws SQLException {
    var from = place();
    var to = part.last();
    if (!parts.models().advance(connection, model, worker, outset, from, to)) {
      throw new SQLException("model " + model + " was moved on by another process", "40001");
    }
    work.inEpoch = inEpoch(part.epoch());
    new EventFold(connection, parts.materializer(), parts.deadLetters(), work.inEpoch, model, work)
        .fold(part.events(), work.parting);
    if (rebuild != null) {
      var left = history.distance(connection, to, target);
      parts
          .rebuilds()
          .advance(
              connection,
              rebuild,
              new Rebuilds.Progress(part.count(), left, target.epoch(), target.seq()));
    }
    work.events += part.count();
    at = to;
  }

  private SourceRef inEpoch(int epoch) {
    return new SourceRef(
        source.tenantId(),
        source.sourceId(),
        source.agentId(),
        source.name(),
        source.partition(),
        epoch,
        source.session());
  }
}
