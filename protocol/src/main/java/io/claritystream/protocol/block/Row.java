package io.claritystream.protocol.block;

import java.nio.charset.StandardCharsets;

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

  private Row(byte[] bytes, int[] cells) {
    this.bytes = bytes;
    this.cells = cells;
  }

  static Row read(ByteSource in, int columns) {
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
    return new Row(in.bytes(), cells);
  }

  public int size() {
    return cells.length / 2;
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
