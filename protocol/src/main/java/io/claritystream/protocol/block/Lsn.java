package io.claritystream.protocol.block;

/// PostgreSQL's text form of a position in its log.
public final class Lsn {
  private Lsn() {}

  /// `16/B374D848`
  public static String text(long lsn) {
    return Long.toHexString(lsn >>> 32).toUpperCase(java.util.Locale.ROOT)
        + '/'
        + Long.toHexString(lsn & 0xffff_ffffL).toUpperCase(java.util.Locale.ROOT);
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
