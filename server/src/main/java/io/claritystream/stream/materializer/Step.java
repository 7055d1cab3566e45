package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import io.claritystream.stream.materializer.Materializer.Failure;
import io.claritystream.stream.source.SourceRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Folds one segment of a batch and writes it.
final class Step {
  /// A table that is emptied is exact anew: none of the rows is left of which something was not
  /// told. Where deleted rows stay, what was not told of those stays so too.
  private static final String EMPTIED =
      """
      UPDATE analytics.table_state
      SET failed = 0, rows_incomplete = 0, times_replaced = 0, extras_left_out = 0,
        sessions_left_out = 0, blind = false, exact = true, emptied_seq = ?
      WHERE model_id = ? AND table_name = ?
      """;

  private final Connection connection;
  private final Dictionary dictionary;
  private final SourceModel model;
  private final SourceRef source;
  private final Segment segment;
  private final List<Failure> failures;

  /// How many rows may be keyed anew still.
  private int keyedMax;

  private final RowStates states;
  private final List<LiveUpdate> live = new ArrayList<>();
  private long readings;
  private boolean folded;
  private final List<RowLife.Failed> mended = new ArrayList<>();
  private final List<ChangeEvent> leaving = new ArrayList<>();

  /// @param keyedMax how many rows may be keyed anew
  /// @param failures are added to, if the segment is written
  Step(
      Connection connection,
      Dictionary dictionary,
      SourceModel model,
      SourceRef source,
      Segment segment,
      int keyedMax,
      List<Failure> failures) {
    this.connection = connection;
    this.dictionary = dictionary;
    this.model = model;
    this.source = source;
    this.segment = segment;
    this.keyedMax = keyedMax;
    this.failures = failures;
    model.plans.within(connection);
    states = new RowStates(connection, model.plans);
  }

  /// @param everything whether rows that are inserted are looked up first
  /// @return false, and nothing is written, if a row that was taken for new has a key that is there
  ///     already
  boolean run(boolean everything) throws SQLException {
    var plans = new ArrayList<TablePlan>(segment.events().size());
    for (var event : segment.events()) {
      plans.add(model.plans.of(source, event));
    }
    rekey(plans);
    beginReading(plans);
    var overlay = new Overlay(model.rowKeys);
    overlay.look(states, segment.events(), plans, everything);
    var inexact = leadingElsewhere(plans);
    while (rekeyImages(overlay.missed(segment.events(), plans), inexact)) {
      overlay = new Overlay(model.rowKeys);
      overlay.look(states, segment.events(), plans, everything);
    }
    var failed = new ArrayList<Failure>();
    var fold = new Fold(model, source.epoch(), overlay, failed);
    inexact.forEach(plan -> fold.batch.count(plan).blind = true);
    for (var i = 0; i < plans.size(); i++) {
      fold.add(plans.get(i), segment.events().get(i));
    }
    fold.settle();
    if (!write(fold)) {
      return false;
    }
    failures.addAll(failed);
    folded = true;
    tell(fold.batch);
    leaving.addAll(fold.leaving());
    mended.addAll(fold.mended());
    if (segment.truncates()) {
      var event = segment.events().getLast();
      var plan = plans.getLast();
      if (new Emptying(states, plan.modelTable, event).run(this::takeAway)) {
        leaving.add(event);
      } else {
        emptied(plan, event);
      }
      if (plan.modelTable.images() != null && plan.identity == TablePlan.Identity.IMAGE) {
        // No row is left that an image tells.
        plan.modelTable.keyLayout(plan.keyLayout());
      }
    }
    return true;
  }

  /// Nothing is left of the table that could have failed, be it an event of no row that is known.
  private void emptied(TablePlan plan, ChangeEvent event) throws SQLException {
    try (var update = connection.prepareStatement(EMPTIED)) {
      update.setLong(1, Ordinal.of(source.epoch(), event.seq()));
      update.setInt(2, model.id);
      update.setString(3, plan.table);
      update.executeUpdate();
    }
  }

  /// Rows that were failures and are none any more.
  List<RowLife.Failed> mended() {
    return mended;
  }

  /// The events that take rows away which stay as history, as they were.
  List<ChangeEvent> leaving() {
    return leaving;
  }

  /// By the event that empties the table, which is the last; otherwise before the first.
  private void takeAway(List<StoredRow> rows) throws SQLException {
    var events = segment.events();
    var by = folded ? events.getLast() : events.getFirst();
    var fold = new Fold(model, source.epoch(), new Overlay(model.rowKeys), new ArrayList<>());
    for (var row : rows) {
      fold.takeAway(row, by.seq());
      fold.batch.rowsGone.add(row.place());
    }
    write(fold);
    mended.addAll(fold.mended());
  }

  private boolean write(Fold fold) throws SQLException {
    number(fold);
    return new Flush(connection, fold, states).write();
  }

  /// A table whose keys are made of other columns than they were has its stored rows keyed anew. An
  /// event that tells no columns says nothing of the key, and rows that go need none.
  private void rekey(List<TablePlan> plans) throws SQLException {
    TablePlan last = null;
    for (var plan : plans) {
      if (plan != last) {
        last = plan;
        var table = plan.modelTable;
        if (table.keyLayout() != null
            && !plan.isNameAlone()
            && !plan.suits(table)
            && !onlyEmpties(plans, plan)) {
          rekey(plan, false);
        }
      }
    }
  }

  /// Whether the one event of a table takes all of its rows away.
  private boolean onlyEmpties(List<TablePlan> plans, TablePlan plan) {
    return segment.truncates() && !plan.modelTable.keep && plans.indexOf(plan) == plans.size() - 1;
  }

  private void rekey(TablePlan plan, boolean withoutRetyped) throws SQLException {
    if (keyedMax < Integer.MAX_VALUE) {
      keyedMax -= states.countThere(plan.modelTable.id, keyedMax + 1);
      if (keyedMax < 0) {
        throw new LargeTableException(model.id, plan.table);
      }
    }
    new Rekeying(connection, states, model.rowKeys, this::takeAway, withoutRetyped).run(plan);
  }

  /// Where only the images of rows tell them apart, those that were stored with another version of
  /// their table have keys that events of this one may not find: as values read that columns had
  /// under another type, or else without these columns.
  ///
  /// @param inexact is given those of which rows may be taken for others from here on
  /// @return whether any rows may have other keys now
  private boolean rekeyImages(Set<TablePlan> missed, Set<TablePlan> inexact) throws SQLException {
    for (var plan : missed) {
      var images = plan.modelTable.images();
      var byText = images == null || images.version() != plan.version;
      if (!byText) {
        inexact.add(plan);
      }
      rekey(plan, !byText);
    }
    return !missed.isEmpty();
  }

  /// Versions by whose mappings rows are something else, or refer to something else, than those
  /// that were stored before: a foreign key leads elsewhere. Until the table is read again, the
  /// rows of one table do not agree.
  private Set<TablePlan> leadingElsewhere(List<TablePlan> plans) throws SQLException {
    var elsewhere = new HashSet<TablePlan>();
    for (var plan : plans) {
      var table = plan.modelTable;
      if (plan.isNameAlone() || table.version == plan.version) {
        continue;
      }
      if (table.version != 0
          && !plan.means(model.plans.of(table.id, table.version))
          && states.hasRows(table.id)) {
        elsewhere.add(plan);
      }
      table.version = plan.version;
    }
    return elsewhere;
  }

  private void beginReading(List<TablePlan> plans) throws SQLException {
    for (var i = 0; i < plans.size(); i++) {
      var table = plans.get(i).modelTable;
      if (table.keep
          && table.readInEpoch != source.epoch()
          && segment.events().get(i).op() == Op.READ) {
        Emptying.untold(states, table, source.epoch(), this::takeAway);
        table.readInEpoch = source.epoch();
      }
    }
  }

  /// Everything that has a number of its own gets it before the batch is written.
  private void number(Fold fold) throws SQLException {
    dictionary.numberMetrics(model.tenant, model.metricsWithoutId());
    model.metricsWithoutId().clear();
    dictionary.numberSeries(model.id, fold.batch.minutes.seriesWithoutId);
    for (var keys : model.plans.keySpaces()) {
      var fresh = keys.takeUnsaved();
      if (!fresh.isEmpty()) {
        dictionary.addKeys(
            model.tenant, model.source, keys.table, keys.size() - fresh.size(), fresh);
      }
    }
  }

  long readings() {
    return readings;
  }

  /// One a series, the newest.
  List<LiveUpdate> live() {
    return live;
  }

  private void tell(Batch batch) {
    var newest = new ArrayList<Minute>();
    for (var minute : batch.minutes.all) {
      readings += minute.values();
      // Sorted by series, then minute: the last finite one of a series is its newest.
      if (minute.count > 0) {
        if (!newest.isEmpty() && newest.getLast().series == minute.series) {
          newest.removeLast();
        }
        newest.add(minute);
      }
    }
    for (var minute : newest) {
      var series = minute.series;
      var sameRow = minute.lastAtUs == series.newestAtUs && minute.lastSeq == series.newestSeq;
      if (minute.lastAtUs > series.newestAtUs
          || minute.lastAtUs == series.newestAtUs && minute.lastSeq > series.newestSeq
          || sameRow && minute.removed != null) {
        series.newestAtUs = minute.lastAtUs;
        series.newestSeq = minute.lastSeq;
        live.add(
            new LiveUpdate(
                series.device.id,
                series.device.siteId,
                series.metric.key,
                minute.last(),
                instant(minute.lastAtUs),
                Ordinal.seq(minute.lastSeq)));
      }
    }
  }

  private static Instant instant(long us) {
    return Instant.ofEpochSecond(
        Math.floorDiv(us, 1_000_000L), Math.floorMod(us, 1_000_000L) * 1_000L);
  }
}
