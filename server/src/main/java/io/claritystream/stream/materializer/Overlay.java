package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ByteSink;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.Row;
import io.claritystream.stream.materializer.TablePlan.Identity;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The rows that a batch changes: those that were stored, looked up once before its first event,
/// and over them what its events make of them. A table of which the batch has only inserts is not
/// in here, unless its keys have come twice before.
final class Overlay {
  /// Of a whole row without key.
  private static final int PREFIX = RowKeys.PREFIX_LENGTH;

  /// The rows of a key; of equal rows without key, the eldest first.
  static final class Slot {
    final List<RowLife> lives = new ArrayList<>(1);

    /// How many rows there are while the batch is gone through before it is folded.
    private int left;

    /// How many events mean a row by this image.
    private int meant;

    void add(RowLife life) {
      lives.add(life);
      lives.sort(Comparator.comparingLong(each -> each.born));
    }
  }

  /// How many events of a table mean a row by its image, and how many of these find a stored one by
  /// that very image, whatever the others do.
  private static final class Images {
    private int events;
    private int found;
  }

  final List<RowLife> lives = new ArrayList<>();

  private final RowKeys keys;
  private final Map<ModelTable, ByteMap<Slot>> slots = new HashMap<>();
  private final Map<ModelTable, Images> meant = new HashMap<>();
  private final ByteSink sink = new ByteSink(256);

  Overlay(RowKeys keys) {
    this.keys = keys;
  }

  /// Looks up the rows that these events change.
  ///
  /// @param everything whether rows that are inserted may be there already
  void look(RowStates states, List<ChangeEvent> events, List<TablePlan> plans, boolean everything)
      throws SQLException {
    var wanted = new RowStates.Wanted();
    var wantedImages = new RowStates.Wanted();
    var changesOfImage = 0;
    var repeating = everything ? null : repeating(plans);
    for (var i = 0; i < plans.size(); i++) {
      var plan = plans.get(i);
      var event = events.get(i);
      if (plan.entity() == Entity.IGNORE) {
        continue;
      }
      var change = event.op() == Op.UPDATE || event.op() == Op.DELETE;
      if (change && want(plan, before(event), event.oldKey(), wanted, wantedImages)) {
        changesOfImage++;
      }
      if (repeating == null || repeating.contains(plan.modelTable)) {
        want(plan, event.after(), null, wanted, null);
      }
    }
    states.ofKeys(wanted, this::put);
    states.ofPrefixes(wantedImages, Math.max(1, changesOfImage), this::put);
  }

  /// Those whose inserts are looked up too, because keys of theirs came twice.
  private static Set<ModelTable> repeating(List<TablePlan> plans) {
    var repeating = new HashSet<ModelTable>();
    TablePlan last = null;
    for (var plan : plans) {
      if (plan != last) {
        last = plan;
        if (plan.modelTable.repeats) {
          repeating.add(plan.modelTable);
        }
      }
    }
    return repeating;
  }

  private static @Nullable Row before(ChangeEvent event) {
    return event.before() != null ? event.before() : event.after();
  }

  /// @return whether an image is wanted
  private boolean want(
      TablePlan plan,
      @Nullable Row row,
      @Nullable Row oldKey,
      RowStates.Wanted wanted,
      RowStates.@Nullable Wanted images) {
    var key = key(plan, row, oldKey, false);
    if (key == null) {
      return false;
    }
    var isImage = key[0] == '~';
    var question = isImage ? images : wanted;
    if (question == null) {
      return false;
    }
    var slot = want(plan, key, question);
    if (isImage && row != null) {
      slot.meant++;
      meant.computeIfAbsent(plan.modelTable, table -> new Images()).events++;
      for (var lacks : lacking(plan)) {
        want(plan, lackingKey(plan, row, lacks), question);
      }
    }
    return isImage;
  }

  private Slot want(TablePlan plan, byte[] key, RowStates.Wanted question) {
    var ofTable = slots.computeIfAbsent(plan.modelTable, table -> new ByteMap<>());
    var known = ofTable.get(key, 0, key.length);
    if (known != null) {
      return known;
    }
    var slot = new Slot();
    ofTable.add(key, slot);
    question.add(plan.modelTable.id, key, 0, key.length);
    return slot;
  }

  /// What some rows of the table are known without, as events of this version see it.
  private static List<Lacks> lacking(TablePlan plan) {
    var images = plan.modelTable.images();
    return images == null || images.version() != plan.version ? List.of() : images.lacking();
  }

  private byte[] lackingKey(TablePlan plan, Row row, Lacks lacks) {
    sink.clear();
    keys.writePrefix(plan, row, lacks, sink);
    return sink.toByteArray();
  }

  /// The versions of which an event means a row by an image that none has, be it stored or made by
  /// an event before it, though rows that were stored with other versions may have other keys than
  /// it looks for. For that all images are hashed once more, so only of tables of which there are
  /// fewer stored rows than their events mean.
  Set<TablePlan> missed(List<ChangeEvent> events, List<TablePlan> plans) {
    var missed = new LinkedHashSet<TablePlan>();
    for (var i = 0; i < plans.size(); i++) {
      var plan = plans.get(i);
      if (mayMiss(plan) && !missed.contains(plan) && !finds(plan, events.get(i))) {
        missed.add(plan);
      }
    }
    return missed;
  }

  private boolean mayMiss(TablePlan plan) {
    var layout = plan.modelTable.images();
    return layout != null
        && plan.identity == Identity.IMAGE
        && (layout.version() != plan.version || layout.retyped())
        && hasFewerThanMeant(plan.modelTable);
  }

  private boolean hasFewerThanMeant(ModelTable table) {
    var ofTable = meant.get(table);
    return ofTable != null && ofTable.found < ofTable.events;
  }

  /// Takes the row that an event means from those that are left, and adds what it makes of it.
  private boolean finds(TablePlan plan, ChangeEvent event) {
    var change = event.op() == Op.UPDATE || event.op() == Op.DELETE;
    var before = before(event);
    var after = event.after();
    if (change && before != null) {
      var key = key(plan, before, null, false);
      var slot = key == null ? null : slot(plan, before, key, each -> each.left > 0);
      if (slot == null || slot.left == 0) {
        return false;
      }
      slot.left--;
    }
    if (after != null) {
      var row = event.op() == Op.UPDATE ? Fold.completed(plan, event, after, null) : after;
      var key = key(plan, row, null, true);
      var slot = key == null ? null : slot(plan.modelTable, key);
      if (slot != null) {
        slot.left++;
      }
    }
    return true;
  }

  /// The rows that an event may mean, by its key. Where images tell rows apart and none says all
  /// that the event tells, those that are known without some columns and say all else, first those
  /// that lack least.
  @Nullable Slot slot(TablePlan plan, @Nullable Row row, byte[] key) {
    return slot(plan, row, key, slot -> !slot.lives.isEmpty());
  }

  private @Nullable Slot slot(
      TablePlan plan, @Nullable Row row, byte[] key, Predicate<Slot> hasRows) {
    var slot = slot(plan.modelTable, key);
    if (key[0] != '~' || row == null || slot != null && hasRows.test(slot)) {
      return slot;
    }
    for (var lacks : lacking(plan)) {
      var other = slot(plan.modelTable, lackingKey(plan, row, lacks));
      if (other != null && hasRows.test(other)) {
        return other;
      }
    }
    return slot;
  }

  /// The bytes that the row of an event is found by; null if none do.
  ///
  /// @param row the whole of it, perhaps without what the change did not touch
  /// @param after whether it is the row after the change
  byte @Nullable [] key(TablePlan plan, @Nullable Row row, @Nullable Row oldKey, boolean after) {
    sink.clear();
    if (plan.identity == Identity.KEY) {
      if (oldKey != null && !after && keys.write(oldKey, plan.oldKeyColumns, sink)) {
        return sink.toByteArray();
      }
      if (row != null && (oldKey == null || after) && keys.write(row, plan.keyColumns, sink)) {
        return sink.toByteArray();
      }
    }
    if (plan.schema.replicaIdentity() == 'f' && row != null) {
      keys.writePrefix(plan, row, sink);
      return sink.toByteArray();
    }
    return null;
  }

  private void put(StoredRow stored) {
    var key = stored.key();
    var ofTable = slots.get(stored.plan().modelTable);
    if (key == null || ofTable == null) {
      return;
    }
    var slot = ofTable.get(key, 0, key[0] == '~' ? PREFIX : key.length);
    if (slot != null) {
      var life = new RowLife(stored);
      lives.add(life);
      slot.add(life);
      if (slot.left < slot.meant) {
        meant.get(stored.plan().modelTable).found++;
      }
      slot.left++;
    }
  }

  /// Whether nothing of the table was looked up.
  boolean knowsNothingOf(ModelTable table) {
    return slots.isEmpty() || !slots.containsKey(table);
  }

  /// The rows of a key, or of the image that a longer key begins with; null if no event of the
  /// batch changes one of them.
  @Nullable Slot slot(ModelTable table, byte[] bytes, int offset, int length) {
    var ofTable = slots.get(table);
    return ofTable == null
        ? null
        : ofTable.get(bytes, offset, length > PREFIX && bytes[offset] == '~' ? PREFIX : length);
  }

  @Nullable Slot slot(ModelTable table, byte[] key) {
    return slot(table, key, 0, key.length);
  }

  /// What a key is stored as: that of a row without key ends with its birth.
  static byte[] stored(byte[] key, long born) {
    if (key[0] != '~') {
      return key;
    }
    var whole = Arrays.copyOf(key, PREFIX + Long.BYTES);
    for (var i = 0; i < Long.BYTES; i++) {
      whole[PREFIX + i] = (byte) (born >>> 8 * (Long.BYTES - 1 - i));
    }
    return whole;
  }
}
