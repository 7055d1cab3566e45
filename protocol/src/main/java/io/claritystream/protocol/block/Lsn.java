package io.claritystream.protocol.block;

/// A position in PostgreSQL's log: its text form, and its order, which is unsigned.
public final class Lsn {
  private Lsn() {}

  /// `16/B374D848`
  public static String text(long lsn) {
    return Long.toHexString(lsn >>> 32).toUpperCase(java.util.Locale.ROOT)
        + '/'
        + Long.toHexString(lsn & 0xffff_ffffL).toUpperCase(java.util.Locale.ROOT);
  }

  /// The later one of two.
  public static long max(long a, long b) {
    return Long.compareUnsigned(a, b) >= 0 ? a : b;
  }

  /// @throws NumberFormatException if the text is not one
  public static long parse(String text) {
    var slash = text.indexOf('/');
    if (slash < 1) {
      throw new NumberFormatException("not a log position: " + text);
    }
    return Long.parseLong(text, 0, slash, 16) << 32
        | Long.parseLong(text, slash + 1, text.length(), 16);
  }
}
