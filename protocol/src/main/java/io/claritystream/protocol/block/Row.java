package io.claritystream.protocol.block;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// One image of a row: a view into its block's bytes, so reading a value copies nothing. Cells are
/// in the order of the schema's columns (for an old key: of its key columns).
public final class Row {
  /// The markers of a cell that carries no text, as [#length(int)] gives them.
  public static final int NULL = -1;

  /// The source did not send the value because the change did not touch it (PostgreSQL: TOAST).
  public static final int UNCHANGED = -2;

  /// Taken out by a masking policy.
  public static final int DROPPED = -3;

  /// Replaced by nothing, by a masking policy.
  public static final int REDACTED = -4;

  /// Larger than an event may be.
  public static final int OMITTED = -5;

  static final int TEXT = 5;

  private final byte[] bytes;

  /// Two numbers a cell: where it begins, and its length × 2 + hashed, or a negative marker.
  private final int[] cells;

  /// Where its cells begin in the bytes, and where they end.
  private final int start;

  private final int end;

  private Row(byte[] bytes, int[] cells, int start, int end) {
    this.bytes = bytes;
    this.cells = cells;
    this.start = start;
    this.end = end;
  }

  /// Reads an image that [#writeImage] or [#writeCell] wrote.
  ///
  /// @throws CorruptBlockException if it is none of so many columns
  public static Row ofImage(byte[] image, int columns) {
    var in = new ByteSource(image, 0, image.length);
    var row = read(in, columns);
    if (in.hasMore()) {
      throw new CorruptBlockException("an image of " + columns + " columns has more bytes");
    }
    return row;
  }

  static Row read(ByteSource in, int columns) {
    var start = in.position();
    var cells = new int[columns * 2];
    for (var i = 0; i < cells.length; i += 2) {
      var tag = in.varint();
      if (tag >= 0 && tag < TEXT) {
        cells[i + 1] = -1 - (int) tag;
        continue;
      }
      var packed = tag - TEXT;
      cells[i] = in.skip(packed >>> 1);
      cells[i + 1] = (int) packed;
    }
    return new Row(in.bytes(), cells, start, in.position());
  }

  public int size() {
    return cells.length / 2;
  }

  /// Appends all cells as the block has them.
  public void writeImage(ByteSink out) {
    out.put(bytes, start, end - start);
  }

  /// How many bytes [#writeImage] appends.
  public int imageLength() {
    return end - start;
  }

  /// Appends one cell as a block has it.
  public void writeCell(int column, ByteSink out) {
    var packed = cells[column * 2 + 1];
    if (packed < 0) {
      writeMarker(packed, out);
    } else {
      out.varint(TEXT + (long) packed).put(bytes, offset(column), packed >>> 1);
    }
  }

  /// Appends a cell without text.
  public static void writeMarker(int marker, ByteSink out) {
    out.put(-1 - marker);
  }

  /// Whether both images have the same bytes.
  public boolean sameImage(Row other) {
    return Arrays.equals(bytes, start, end, other.bytes, other.start, other.end);
  }

  /// Whether a cell says the same as one of another row.
  public boolean sameCell(int column, Row other, int otherColumn) {
    var packed = cells[column * 2 + 1];
    if (packed != other.cells[otherColumn * 2 + 1]) {
      return false;
    }
    return packed < 0
        || Arrays.equals(
            bytes,
            offset(column),
            offset(column) + (packed >>> 1),
            other.bytes,
            other.offset(otherColumn),
            other.offset(otherColumn) + (packed >>> 1));
  }

  /// The length of the cell's text in bytes, or one of the markers.
  public int length(int column) {
    var packed = cells[column * 2 + 1];
    return packed < 0 ? packed : packed >>> 1;
  }

  /// Where the text begins in [#bytes()]; meaningless for a marker.
  public int offset(int column) {
    return cells[column * 2];
  }

  /// The block's bytes, not to be changed.
  public byte[] bytes() {
    return bytes;
  }

  /// Whether the text is a keyed hash of the value instead of the value.
  public boolean hashed(int column) {
    var packed = cells[column * 2 + 1];
    return packed >= 0 && (packed & 1) != 0;
  }

  public boolean hasText(int column) {
    return cells[column * 2 + 1] >= 0;
  }

  public boolean isNull(int column) {
    return cells[column * 2 + 1] == NULL;
  }

  /// The text, or null for any cell without one.
  public @org.jspecify.annotations.Nullable String text(int column) {
    return hasText(column)
        ? new String(bytes, offset(column), length(column), StandardCharsets.UTF_8)
        : null;
  }
}
