package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ByteSink;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.Row;
import io.claritystream.stream.materializer.Materializer.Failure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Folds the events of one batch in memory. Inserts of rows that nothing else in the batch changes
/// go straight to what is written; for all others the overlay keeps what becomes of each row, and
/// [#settle] says in the end what it contributed before the batch and what it does after it. Asks
/// no database and no clock.
final class Fold {
  static final String ROW_UNKNOWN = "row_unknown";

  private static final String UPDATE_UNKNOWN =
      "It cannot be told which row was updated: no key, or no row that looks as it did.";
  private static final String DELETE_UNKNOWN =
      "It cannot be told which row was deleted: no key, or no row that looks as it did.";

  final Batch batch;

  private final SourceModel model;
  private final int epoch;
  private final Overlay overlay;
  private final List<Failure> failures;
  private final List<ChangeEvent> leaving = new ArrayList<>();
  private final List<RowLife.Failed> mended = new ArrayList<>();
  private final Readings readings;
  private final Subjects subjects;
  private final ExtraCells extras = new ExtraCells();

  /// Of the event that is being folded.
  private long seq;

  private @Nullable TablePlan lastPlan;
  private @Nullable TableCount lastCount;

  Fold(SourceModel model, int epoch, Overlay overlay, List<Failure> failures) {
    this.model = model;
    this.epoch = epoch;
    this.overlay = overlay;
    this.failures = failures;
    batch = new Batch(model);
    readings = new Readings(model);
    subjects = new Subjects(model, readings, extras);
  }

  /// The deletions whose rows stay as they were folded last.
  List<ChangeEvent> leaving() {
    return leaving;
  }

  /// Rows that something could be made of now, or that are gone, as they were before.
  List<RowLife.Failed> mended() {
    return mended;
  }

  Readings readings() {
    return readings;
  }

  Subjects subjects() {
    return subjects;
  }

  ExtraCells extras() {
    return extras;
  }

  void add(TablePlan plan, ChangeEvent event) {
    var born = Ordinal.of(epoch, event.seq());
    var count = count(plan);
    count.lastSeq = born;
    seq = event.seq();
    count.lastEventAtUs = Math.max(count.lastEventAtUs, Readings.committedAt(event));
    switch (event.op()) {
      case INSERT -> count.inserts++;
      case READ -> count.reads++;
      case UPDATE -> count.updates++;
      case DELETE -> count.deletes++;
      case TRUNCATE -> {
        if (ofAgent(event)) {
          count.clears++;
          count.clearedSeq = born;
        } else {
          count.truncates++;
        }
      }
    }
    if (event.op() != Op.TRUNCATE) {
      count.row();
    }
    if (plan.entity() == Entity.IGNORE) {
      return;
    }
    switch (event.op()) {
      case INSERT, READ -> insert(plan, count, event, born);
      case UPDATE -> update(plan, count, event, born);
      case DELETE -> delete(plan, count, event, born);
      case TRUNCATE -> {}
    }
  }

  /// Whether the agent empties the table, to read it again or because it is captured no more: such
  /// an event stands nowhere in the source's log.
  static boolean ofAgent(ChangeEvent truncate) {
    return truncate.position() == 0;
  }

  private TableCount count(TablePlan plan) {
    var count = lastCount;
    if (count == null || plan != lastPlan) {
      count = batch.count(plan);
      count.ofVersion(plan);
      batch.plans.add(plan);
      lastPlan = plan;
      lastCount = count;
    }
    return count;
  }

  private void fail(TableCount count, ChangeEvent event, String cause, String detail) {
    count.failed++;
    failures.add(new Failure(event, cause, detail));
  }

  // Inserts

  private void insert(TablePlan plan, TableCount count, ChangeEvent event, long born) {
    var row = event.after();
    if (row == null) {
      fail(count, event, "row_missing", "The " + event.op().label() + " has no row.");
      return;
    }
    var out = batch.rows.begin(plan.modelTable.id);
    var has = writeKey(plan, row, born, out);
    if (has && !overlay.knowsNothingOf(plan.modelTable)) {
      var start = batch.rows.keyStart();
      var slot = overlay.slot(plan.modelTable, out.array(), start, out.size() - start);
      if (slot != null) {
        var key = Arrays.copyOfRange(out.array(), start, out.size());
        batch.rows.abandon();
        insertOver(plan, count, event, row, born, slot, key);
        return;
      }
    }
    batch.rows.endKey(has, born);
    if (plan.isReading()) {
      var reading = reading(plan, event, row);
      count(
          plan,
          count,
          new RowFlaws(
              reading == null,
              false,
              reading != null && readings.timeReplaced(),
              false,
              reading == null ? 0 : leftOut(reading, row)));
      if (reading == null) {
        batch.rows.end(null, null, Moment.NONE, plan.version, row);
      } else {
        batch.add(reading, row, born);
        batch.rows.end(reading.device.id, reading.text, reading.atUs, plan.version, row);
      }
      return;
    }
    var subject = subjects.of(plan, row, born);
    if (subject == null) {
      fail(count, event, Subjects.KEY_MISSING, Subjects.keyMissing(plan, row));
      batch.rows.end(null, null, Moment.NONE, plan.version, row);
      return;
    }
    var description = subjects.describe(subject, plan, row, born, Moment.NONE);
    var unsaid = plan.isSession() && description.span == null;
    count(plan, count, new RowFlaws(false, false, false, unsaid, description.leftOut));
    batch.described.put(subject.id(), description);
    if (subject.device() != null) {
      batch.touch(subject.device());
    }
    var refers = refers(plan, row);
    if (refers != null) {
      batch.touch(refers);
    }
    batch.rows.end(refers == null ? null : refers.id, subject.id(), Moment.NONE, plan.version, row);
  }

  /// @return whether the row has a key
  private boolean writeKey(TablePlan plan, Row row, long born, ByteSink out) {
    if (plan.identity == TablePlan.Identity.KEY && model.rowKeys.write(row, plan.keyColumns, out)) {
      return true;
    }
    if (plan.schema.replicaIdentity() == 'f') {
      model.rowKeys.writePrefix(plan, row, out);
      out.int64(born);
      return true;
    }
    if (plan.modelTable.keep) {
      RowKeys.writeUntold(born, out);
      return true;
    }
    return false;
  }

  /// A row whose key is there already was deleted without anybody's telling.
  private void insertOver(
      TablePlan plan,
      TableCount count,
      ChangeEvent event,
      Row row,
      long born,
      Overlay.Slot slot,
      byte[] key) {
    if (key[0] != '~' && !slot.lives.isEmpty()) {
      plan.modelTable.repeats = true;
      if (event.op() == Op.READ) {
        // The row that is there, read again: it has not been deleted.
        end(slot.lives.removeFirst());
      } else {
        removeFirst(plan, slot, event);
      }
    }
    var life = created(born, key);
    slot.add(life);
    become(life, plan, count, event, row);
  }

  // Updates and deletes

  private void update(TablePlan plan, TableCount count, ChangeEvent event, long born) {
    var after = event.after();
    if (after == null) {
      fail(count, event, "row_missing", "The update has no row.");
      return;
    }
    var before = event.before() != null ? event.before() : after;
    var oldKey = overlay.key(plan, before, event.oldKey(), false);
    if (oldKey == null) {
      fail(count, event, ROW_UNKNOWN, UPDATE_UNKNOWN);
      return;
    }
    var slot = overlay.slot(plan, before, oldKey);
    var life = slot == null || slot.lives.isEmpty() ? null : slot.lives.getFirst();
    var row = completed(plan, event, after, life);
    var newKey = overlay.key(plan, row, null, true);
    if (life != null
        && slot != null
        && newKey != null
        && slot == overlay.slot(plan.modelTable, newKey)) {
      become(life, plan, count, event, row);
      return;
    }
    if (life != null && slot != null && newKey != null && newKey[0] == '~') {
      // Without a key it is still the same row; it is only found by another image.
      slot.lives.remove(life);
      life.key = Overlay.stored(newKey, life.born);
      var other = overlay.slot(plan.modelTable, newKey);
      if (other != null) {
        other.add(life);
      }
      become(life, plan, count, event, row);
      return;
    }
    if (life == null && oldKey[0] == '~') {
      fail(count, event, ROW_UNKNOWN, UPDATE_UNKNOWN);
    }
    if (life != null && slot != null) {
      // A change of the key is no deletion: what the row said under its old key holds no more,
      // whatever is kept of rows that are deleted.
      slot.lives.remove(life);
      end(life);
    }
    create(plan, count, event, row, born, newKey);
  }

  private void create(
      TablePlan plan,
      TableCount count,
      ChangeEvent event,
      Row row,
      long born,
      byte @Nullable [] key) {
    var slot = key == null ? null : overlay.slot(plan.modelTable, key);
    if (slot != null && key != null) {
      insertOver(plan, count, event, row, born, slot, Overlay.stored(key, born));
      return;
    }
    become(created(born, stored(plan, key, born)), plan, count, event, row);
  }

  private static byte @Nullable [] stored(TablePlan plan, byte @Nullable [] key, long born) {
    if (key != null) {
      return Overlay.stored(key, born);
    }
    return plan.modelTable.keep ? RowKeys.untold(born) : null;
  }

  private void delete(TablePlan plan, TableCount count, ChangeEvent event, long born) {
    var key = overlay.key(plan, event.before(), event.oldKey(), false);
    var slot = key == null ? null : overlay.slot(plan, event.before(), key);
    if (plan.modelTable.keep) {
      if (slot != null && slot.lives.isEmpty() && key[0] != '~' && tellsAll(event)) {
        // No event made a row of it that could be folded.
        slot.add(created(born, key));
      }
      if (!keepLast(plan, count, event, slot)) {
        leaving.add(event);
      }
    }
    if (slot != null && !slot.lives.isEmpty()) {
      removeFirst(plan, slot, event);
    } else if (key == null || key[0] == '~') {
      // A row with a key that is not there contributes nothing, as it should.
      fail(count, event, ROW_UNKNOWN, DELETE_UNKNOWN);
    }
  }

  /// A row that is kept is what its deletion tells of it, if that tells all: an event before may
  /// have been refused.
  ///
  /// @return whether what is kept is known to be what the row was in the end
  private boolean keepLast(
      TablePlan plan, TableCount count, ChangeEvent event, Overlay.@Nullable Slot slot) {
    var last = event.before();
    if (last == null || slot == null || slot.lives.isEmpty() || !tellsAll(event)) {
      return false;
    }
    var life = slot.lives.getFirst();
    var image = life.image();
    if (image == null || life.imagePlan() != plan || !image.sameImage(last)) {
      become(life, plan, count, event, last);
    }
    return true;
  }

  private RowLife created(long born, byte @Nullable [] key) {
    var life = new RowLife(born, key);
    overlay.lives.add(life);
    return life;
  }

  private static boolean tellsAll(ChangeEvent delete) {
    return delete.before() != null && !RowFlaws.isLacking(delete.before());
  }

  private void removeFirst(TablePlan plan, Overlay.Slot slot, ChangeEvent delete) {
    var life = slot.lives.removeFirst();
    if (!plan.modelTable.keep) {
      end(life);
      return;
    }
    life.key = null;
    life.released = true;
    life.releasedUs = plan.isSession() ? Readings.committedAt(delete) : Moment.NONE;
  }

  /// The row with the cells that the change did not touch as they were.
  static Row completed(TablePlan plan, ChangeEvent event, Row after, @Nullable RowLife life) {
    if (!RowFlaws.isLacking(after)) {
      return after;
    }
    var image = life == null ? null : life.image();
    var imagePlan = life == null ? null : life.imagePlan();
    var out = new ByteSink(after.imageLength() + 256);
    for (var i = 0; i < after.size(); i++) {
      if (after.length(i) != Row.UNCHANGED) {
        after.writeCell(i, out);
        continue;
      }
      var before = event.before();
      var oldKey = event.oldKey();
      var keyAt = oldKey == null ? -1 : Arrays.binarySearch(plan.keyColumns, i);
      if (before != null && before.length(i) != Row.UNCHANGED) {
        before.writeCell(i, out);
      } else if (oldKey != null && keyAt >= 0) {
        oldKey.writeCell(keyAt, out);
      } else {
        var column =
            image == null || imagePlan == null ? TablePlan.ABSENT : plan.columnIn(imagePlan, i);
        if (image != null && column != TablePlan.ABSENT) {
          image.writeCell(column, out);
        } else {
          Row.writeMarker(Row.UNCHANGED, out);
        }
      }
    }
    return Row.ofImage(out.toByteArray(), after.size());
  }

  /// What an event makes of a row.
  private void become(RowLife life, TablePlan plan, TableCount count, ChangeEvent event, Row row) {
    end(life);
    life.plan = plan;
    life.row = row;
    if (plan.isReading()) {
      var reading = reading(plan, event, row);
      has(
          life,
          count,
          new RowFlaws(
              reading == null,
              RowFlaws.isLacking(row),
              reading != null && readings.timeReplaced(),
              false,
              reading == null ? 0 : leftOut(reading, row)));
      if (reading != null) {
        life.reading = reading;
        life.refers = reading.device;
        life.describes = reading.text;
      }
      return;
    }
    var subject = subjects.of(plan, row, life.born);
    var unsaid = subject != null && plan.isSession() && subjects.span(plan, row) == null;
    var leftOut = subject == null ? 0 : extras.admit(plan, row);
    has(
        life,
        count,
        new RowFlaws(subject == null, RowFlaws.isLacking(row), false, unsaid, leftOut));
    if (subject == null) {
      failures.add(new Failure(event, Subjects.KEY_MISSING, Subjects.keyMissing(plan, row)));
      return;
    }
    life.subject = subject;
    life.describes = subject.id();
    life.refers = refers(plan, row);
  }

  private void has(RowLife life, TableCount count, RowFlaws flaws) {
    life.flaws = flaws;
    if (life.plan != null) {
      count(life.plan, count, flaws);
    }
    if (flaws.failed() && life.mended != null && life.mended.endSeq() == seq) {
      // It failed before and fails again.
      life.mended = null;
    }
  }

  private static void count(TablePlan plan, TableCount count, RowFlaws flaws) {
    count.add(flaws);
    if (flaws.valuesLeftOut() > 0) {
      plan.modelTable.leavesOut = true;
    }
  }

  /// What was counted of the row as it is does not count any more.
  private void end(RowLife life) {
    var stored = life.stored;
    if (life.changed) {
      if (life.flaws != null && life.plan != null && life.row != null) {
        batch.count(life.plan).takeBack(life.flaws);
        if (life.flaws.failed()) {
          life.mended = new RowLife.Failed(life.plan, life.row, seq);
        }
      }
    } else if (stored != null) {
      var flaws = flaws(stored);
      batch.count(stored.plan()).takeBack(flaws);
      if (flaws.failed()) {
        life.mended = new RowLife.Failed(stored.plan(), stored.row(), seq);
      }
    }
    life.flaws = null;
    life.end();
  }

  private RowFlaws flaws(StoredRow stored) {
    var plan = stored.plan();
    var row = stored.row();
    var isReading = plan.isReading();
    var failed = isReading ? stored.refers() == null : stored.describes() == null;
    return new RowFlaws(
        failed,
        RowFlaws.isLacking(row),
        isReading && !failed && readings.isTimeReplaced(stored),
        !failed && plan.isSession() && subjects.span(plan, row) == null,
        failed || !plan.modelTable.leavesOut ? 0 : leftOut(stored));
  }

  /// The same as was counted when its event came: keys of extras that were admitted stay, and where
  /// there was no room there never is.
  private int leftOut(StoredRow stored) {
    if (!stored.plan().isReading()) {
      return extras.admit(stored.plan(), stored.row());
    }
    var reading = readings.of(stored);
    return reading == null ? 0 : leftOut(reading, stored.row());
  }

  /// How many values of a reading have no place among its device's extras, or are bent there.
  private int leftOut(Reading reading, Row row) {
    var plan = reading.plan;
    var metric = reading.metric;
    var leftOut = 0;
    if (reading.text != null
        && metric != null
        && (plan.keys.key(plan.textPath + ExtraNames.escaped(metric.key)) == null
            || readings.isTextBent(plan, row))) {
      leftOut++;
    }
    return plan.extras.length == 0 ? leftOut : leftOut + extras.admit(plan, row);
  }

  private @Nullable Device refers(TablePlan plan, Row row) {
    return plan.isSession() ? readings.parent(plan, row) : null;
  }

  private @Nullable Reading reading(TablePlan plan, ChangeEvent event, Row row) {
    var reading = readings.of(plan, row, Readings.committedAt(event));
    if (reading == null) {
      failures.add(new Failure(event, readings.cause(), readings.detail()));
    }
    return reading;
  }

  // What the batch makes of rows that were there before

  /// Says what the rows of the overlay contributed, and what they do now.
  void settle() {
    for (var life : overlay.lives) {
      if (!life.changed && !life.released) {
        continue;
      }
      if (life.released && !life.changed && life.stored != null) {
        // It stays as it is, but no event can mean it.
        batch.rowsGone.add(life.stored.place());
        keep(life.stored, life.releasedUs);
        continue;
      }
      if (life.mended != null) {
        mended.add(life.mended);
      }
      if (life.isUnchanged()) {
        continue;
      }
      if (life.stored != null) {
        batch.rowsGone.add(life.stored.place());
      }
      if (life.plan != null && life.row != null) {
        batch.rows.add(
            life.plan,
            life.key,
            life.born,
            life.refers == null ? null : life.refers.id,
            life.describes,
            life.atUs(),
            life.row);
      }
      contribute(life);
    }
  }

  private void keep(StoredRow stored, long releasedUs) {
    var isSession = stored.plan().isSession();
    var subject = isSession ? subjects.of(stored.plan(), stored.row(), stored.born()) : null;
    if (subject != null) {
      // One that lasted ends with it.
      batch.changed(subject);
    }
    batch.rows.add(
        stored.plan(),
        null,
        stored.born(),
        stored.refers(),
        stored.describes(),
        isSession ? releasedUs : stored.atUs(),
        stored.row());
  }

  private void contribute(RowLife life) {
    var stored = life.stored;
    var is = life.reading;
    var row = life.row;
    var was = stored == null ? null : readings.of(stored);
    if (was != null && stored != null) {
      if (is != null && row != null) {
        batch.minutes.replace(was, stored.row(), is, row, life.born);
      } else {
        batch.minutes.remove(was, stored.row(), life.born);
      }
      batch.touchChanged(was);
    } else if (is != null && row != null) {
      batch.minutes.add(is, row, life.born);
    }
    if (is != null) {
      batch.touchChanged(is);
    }
    if (life.refers != null) {
      batch.touch(life.refers);
    }
    if (stored != null) {
      leave(stored, life.refers == null ? null : life.refers.id);
    }
    if (life.subject != null) {
      batch.changed(life.subject);
    }
  }

  /// Takes a stored row's contribution away for good.
  ///
  /// @param endSeq the event by which it goes
  void takeAway(StoredRow stored, long endSeq) {
    var flaws = flaws(stored);
    if (!flaws.isNone()) {
      batch.count(stored.plan()).takeBack(flaws);
    }
    if (flaws.failed() && stored.plan().modelTable.keep) {
      // Of a table that keeps nothing all goes at once.
      mended.add(new RowLife.Failed(stored.plan(), stored.row(), endSeq));
    }
    var was = readings.of(stored);
    if (was != null) {
      batch.minutes.remove(was, stored.row(), stored.born());
      batch.touchChanged(was);
    }
    leave(stored, null);
  }

  /// What a stored row referred to may be referred to no more, and what it described is described
  /// otherwise.
  private void leave(StoredRow stored, @Nullable UUID refersNow) {
    if (stored.refers() != null && !stored.refers().equals(refersNow)) {
      var device = readings.parentOf(stored);
      if (device != null) {
        batch.touch(device);
        batch.lost.add(device);
      }
    }
    if (!stored.plan().isReading() && stored.describes() != null) {
      var subject = subjects.of(stored.plan(), stored.row(), stored.born());
      if (subject != null) {
        batch.changed(subject);
      }
    }
  }
}
