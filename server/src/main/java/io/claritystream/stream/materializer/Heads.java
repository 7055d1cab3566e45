package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;
import io.claritystream.stream.materializer.RowStates.Wanted;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Brings the newest readings of a batch's devices up to date, and the extras that follow from
/// them. Runs when `row_state` has the batch's rows.
final class Heads {
  private record HeadOf(UUID device, ModelTable table) {}

  /// A value, and its cell if it has one of its own.
  private record Taken(Texts.Typed value, int column) {}

  private record Found(TablePlan plan, Row row, long atUs, long born) {}

  private final Batch batch;
  private final Fold fold;
  private final SourceModel model;
  private final RowStates states;
  private final ExtrasTables extras;
  private final Map<HeadOf, Found> found = new HashMap<>();
  private final Map<UUID, StoredRow> texts = new HashMap<>();

  /// What the reading at hand says that is not known to be stored; of a key said twice the last.
  private final Map<ExtraKey, Taken> taken = new HashMap<>();

  Heads(Fold fold, RowStates states, ExtrasTables extras) {
    this.fold = fold;
    batch = fold.batch;
    model = batch.model;
    this.states = states;
    this.extras = extras;
  }

  /// Asks what is newest where that is not known. The devices were loaded.
  ///
  /// @return the devices whose stored extras must be known
  Set<UUID> find() throws SQLException {
    var wanted = new Wanted();
    var devices = new HashSet<UUID>();
    for (var head : batch.heads) {
      if (!head.known && !head.device.stored) {
        head.known = true;
      }
      if (!head.known || head.dirty) {
        wanted.add(head.table.id, head.device.id);
      }
      if (!head.known) {
        devices.add(head.device.id);
      }
    }
    states.newestOfDevices(
        wanted,
        row ->
            found.put(
                new HeadOf(row.refers(), row.plan().modelTable),
                new Found(row.plan(), row.row(), row.atUs(), row.born())));
    findTexts(devices);
    return devices;
  }

  private void findTexts(Collection<UUID> devices) throws SQLException {
    var wanted = new Wanted();
    for (var text : batch.texts.values()) {
      wanted.add(text.plan().modelTable.id, text.id());
      devices.add(text.device().id);
    }
    states.newestOfTexts(wanted, row -> texts.put(row.describes(), row));
  }

  /// Makes the extras of devices those of their newest readings.
  ///
  /// @param stored the extras of the devices that [#find] gave
  void settle(Map<UUID, Map<String, Texts.Typed>> stored) {
    for (var head : batch.heads) {
      if (!head.known || head.dirty) {
        if (!head.known) {
          remember(head, stored.getOrDefault(head.device.id, Map.of()));
        }
        become(head, found.get(new HeadOf(head.device.id, head.table)));
      } else if (head.isSurpassed() && head.freshPlan != null && head.freshRow != null) {
        become(head, new Found(head.freshPlan, head.freshRow, head.freshAtUs, head.freshBorn));
      }
      head.freshPlan = null;
      head.freshRow = null;
      head.dirty = false;
      head.known = true;
    }
    for (var text : batch.texts.values()) {
      settle(text, stored.getOrDefault(text.device().id, Map.of()));
    }
  }

  private void remember(Head head, Map<String, Texts.Typed> stored) {
    head.forgetValues();
    head.plan = null;
    stored.forEach(
        (name, value) -> {
          var key = name.startsWith(head.keys.prefix) ? head.keys.prefixed(name) : null;
          if (key != null && !head.keys.isOfText(key)) {
            var last = new LastValue(value);
            head.value(key.slot(), last);
            model.weight += last.weight();
          }
        });
  }

  private void become(Head head, @Nullable Found newest) {
    if (newest == null) {
      head.atUs = Moment.NONE;
      head.born = 0;
      head.namesSite = false;
      head.siteId = null;
      head.plan = null;
    } else {
      head.atUs = newest.atUs;
      head.born = newest.born;
      fold.subjects().nameSite(head, newest.plan, newest.row);
      var same = head.plan == newest.plan;
      head.plan = newest.plan;
      fold.extras()
          .read(
              newest.plan,
              newest.row,
              (key, column) -> same && isSame(head.value(key.slot()), newest.row, column),
              (key, value, column) -> taken.put(key, new Taken(value, column)));
      taken.forEach((key, cell) -> put(head, key, cell.value, newest.row, cell.column));
      taken.clear();
    }
    removeOthers(head);
  }

  private boolean isSame(@Nullable LastValue last, Row row, int column) {
    if (last == null || !last.hasBytesOf(row, column)) {
      return false;
    }
    last.batch = model.batch;
    return true;
  }

  private void put(Head head, ExtraKey key, Texts.Typed value, Row row, int column) {
    var last = head.value(key.slot());
    if (last == null || !last.is(value)) {
      extras.put(
          head.device.id, head.table.name, key.prefixed(), last == null ? null : last.type, value);
      model.weight -= last == null ? 0 : last.weight();
      last = new LastValue(value);
      model.weight += last.weight();
      head.value(key.slot(), last);
    }
    last.batch = model.batch;
    if (column != ExtraCells.NO_COLUMN) {
      model.weight -= last.weight();
      last.remember(row, column);
      model.weight += last.weight();
    }
  }

  /// What the newest reading does not say holds no more.
  private void removeOthers(Head head) {
    for (var slot = 0; slot < head.slots(); slot++) {
      var last = head.value(slot);
      if (last != null && last.batch != model.batch) {
        extras.removeFrom(
            head.device.id, head.table.name, head.keys.of(slot).prefixed(), last.type);
        head.value(slot, null);
        model.weight -= last.weight();
      }
    }
  }

  private void settle(Batch.TallText text, Map<String, Texts.Typed> stored) {
    var plan = text.plan();
    var key = plan.keys.key(plan.textPath + ExtraNames.escaped(text.metric().key));
    if (key == null) {
      return;
    }
    var row = texts.get(text.id());
    var value = row == null ? null : row.row().text(row.plan().value);
    Map<String, Texts.Typed> now =
        value == null
            ? Map.of()
            : Map.of(key.prefixed(), new Texts.Typed(ExtraType.TEXT, Texts.stored(value)));
    extras.replace(text.device().id, stored, key.prefixed()::equals, now, plan.table, plan.table);
  }
}
