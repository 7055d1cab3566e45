package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// A table of a source as it is now, which tells of its changes what its replica identity makes a
/// PostgreSQL tell.
final class SourceRows {
  /// A row, when it was created and when it was last written.
  static final class Line {
    final @Nullable Object[] cells;
    final long born;
    final Instant written;

    /// When the source told that it is no more.
    @Nullable Instant deleted;

    Line(@Nullable Object[] cells, long born, Instant written) {
      this.cells = cells;
      this.born = born;
      this.written = written;
    }

    @Nullable String text(int column) {
      var cell = cells[column];
      return cell == null ? null : cell.toString();
    }
  }

  final TableSchema schema;

  /// Whether deleted rows stay as history.
  final boolean keep;

  final List<Line> lines = new ArrayList<>();

  /// Rows that were deleted, where those are kept.
  final List<Line> history = new ArrayList<>();

  private final int[] key;

  /// The column whose values are stored apart: an update that leaves one does not tell it.
  private final int large;

  private final IntFunction<@Nullable Object> cell;

  SourceRows(TableSchema schema, boolean keep, int large, IntFunction<@Nullable Object> cell) {
    this.schema = schema;
    this.keep = keep;
    this.large = large;
    this.cell = cell;
    key =
        java.util.stream.IntStream.range(0, schema.columns().size())
            .filter(i -> schema.columns().get(i).key())
            .toArray();
  }

  /// What the read models follow from.
  List<Line> all() {
    var all = new ArrayList<>(lines);
    all.addAll(history);
    all.sort(Comparator.comparingLong(line -> line.born));
    return all;
  }

  private boolean full() {
    return schema.replicaIdentity() == 'f';
  }

  private boolean changeable() {
    return key.length > 0 && schema.replicaIdentity() != 'n' || full();
  }

  /// Something happens, at random.
  void change(Capture capture, Random random, Instant at) {
    var what = random.nextInt(100);
    if (lines.isEmpty() || !changeable() && what < 98 || what < 45) {
      insert(capture, random, at);
    } else if (what >= 98) {
      truncate(capture, at);
    } else if (what < 75) {
      update(capture, random, at);
    } else {
      delete(capture, lines.get(random.nextInt(lines.size())), at);
    }
  }

  private @Nullable Object[] fresh() {
    var cells = new @Nullable Object[schema.columns().size()];
    for (var i = 0; i < cells.length; i++) {
      cells[i] = cell.apply(i);
    }
    return cells;
  }

  private @Nullable Line ofKey(@Nullable Object[] cells) {
    return key.length == 0
        ? null
        : lines.stream()
            .filter(line -> Arrays.stream(key).allMatch(i -> line.cells[i].equals(cells[i])))
            .findFirst()
            .orElse(null);
  }

  private void insert(Capture capture, Random random, Instant at) {
    var cells = fresh();
    var there = ofKey(cells);
    if (there != null) {
      if (random.nextInt(4) > 0) {
        return;
      }
    }
    var op = random.nextInt(3) == 0 ? Op.READ : Op.INSERT;
    if (there != null && op == Op.READ) {
      // It was read again.
      lines.remove(there);
    } else if (there != null) {
      // It was deleted and nobody told, so it is known from now on.
      gone(there, at);
    }
    lines.add(new Line(cells, born(capture), at));
    capture.insertAt(op, at, schema, cells);
  }

  private static long born(Capture capture) {
    return Ordinal.of(1, capture.nextSeq());
  }

  private void gone(Line line, @Nullable Instant at) {
    line.deleted = at;
    lines.remove(line);
    if (keep) {
      history.add(line);
    }
  }

  private void update(Capture capture, Random random, Instant at) {
    var line = lines.get(random.nextInt(lines.size()));
    var cells = fresh();
    var keyChange = key.length == 0 || random.nextInt(5) == 0;
    if (!keyChange) {
      for (var i : key) {
        cells[i] = line.cells[i];
      }
    } else if (key.length > 0 && ofKey(cells) != null) {
      return;
    }
    for (var i = 0; i < cells.length; i++) {
      if (random.nextInt(3) == 0 && Arrays.binarySearch(key, i) < 0) {
        cells[i] = line.cells[i];
      }
    }
    var after = cells.clone();
    if (large >= 0 && random.nextInt(2) == 0) {
      cells[large] = line.cells[large];
    }
    if (large >= 0 && cells[large] != null && Objects.equals(cells[large], line.cells[large])) {
      after[large] = new Capture.Unchanged();
    } else if (large >= 0) {
      after[large] = cells[large];
    }
    var same = key.length == 0;
    var was = same ? eldestLike(line) : line;
    var keyDiffers = Arrays.stream(key).anyMatch(i -> !cells[i].equals(was.cells[i]));
    capture.event(
        Op.UPDATE,
        schema,
        at,
        keyDiffers && !full() ? key(was) : null,
        full() ? was.cells : null,
        after);
    lines.remove(was);
    var seq = Ordinal.of(1, capture.nextSeq() - 1);
    lines.add(new Line(cells, keyDiffers ? seq : was.born, at));
  }

  /// Of equal rows nobody can tell which one it was, so it is the eldest.
  private Line eldestLike(Line line) {
    return lines.stream()
        .filter(other -> Arrays.equals(texts(other), texts(line)))
        .min(Comparator.comparingLong(other -> other.born))
        .orElseThrow();
  }

  private static @Nullable String[] texts(Line line) {
    var texts = new @Nullable String[line.cells.length];
    for (var i = 0; i < texts.length; i++) {
      texts[i] = line.text(i);
    }
    return texts;
  }

  private @Nullable Object[] key(Line line) {
    return Arrays.stream(key).mapToObj(i -> line.cells[i]).toArray();
  }

  private void delete(Capture capture, Line line, Instant at) {
    var was = key.length == 0 ? eldestLike(line) : line;
    capture.event(Op.DELETE, schema, at, full() ? null : key(was), full() ? was.cells : null, null);
    gone(was, at);
  }

  private void truncate(Capture capture, Instant at) {
    capture.event(Op.TRUNCATE, schema, at, null, null, null);
    List.copyOf(lines).forEach(line -> gone(line, null));
  }
}
