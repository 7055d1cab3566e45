package io.claritystream.agent.postgres;

import io.claritystream.protocol.block.BlockWriter;
import io.claritystream.protocol.block.Row;
import java.io.IOException;

/// Decodes a row of COPY's text format into the cells of an event. The row's own bytes serve as
/// room for what is escaped: a value only gets shorter.
final class CopyText {
  private CopyText() {}

  /// @param row one line, with its line feed
  /// @param columns how many cells there have to be: an empty line is one empty value, or the row
  ///   of a table without columns
  static void cells(byte[] row, int columns, BlockWriter out) throws IOException {
    var end = row.length - 1;
    if (end < 0 || row[end] != '\n') {
      throw new IOException("COPY sent a row that does not end with a line");
    }
    if (columns == 0 && end == 0) {
      return;
    }
    var start = out.size();
    var count = 0;
    var at = 0;
    while (at <= end) {
      var from = at;
      var to = at;
      var escaped = false;
      while (at < end && row[at] != '\t') {
        if (row[at] != '\\') {
          if (escaped) {
            row[to] = row[at];
          }
          to++;
          at++;
          continue;
        }
        if (at + 1 >= end) {
          throw new IOException("COPY sent a backslash at the end of a row");
        }
        escaped = true;
        row[to++] = (byte) unescaped(row[at + 1]);
        at += 2;
      }
      if (escaped && to == from + 1 && at == from + 2 && row[from + 1] == 'N') {
        out.marker(Row.NULL);
      } else if (out.size() - start + (long) (to - from) > BlockAssembler.EVENT_BYTES) {
        out.marker(Row.OMITTED);
      } else {
        out.value(row, from, to - from);
      }
      count++;
      at++;
    }
    if (count != columns) {
      throw new IOException("COPY sent a row of " + count + " columns instead of " + columns);
    }
  }

  private static int unescaped(byte letter) throws IOException {
    return switch (letter) {
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'v' -> 0x0b;
      case '\\' -> '\\';
      case 'N' -> 'N';
      default -> throw new IOException("COPY sent an escape that is unknown: \\" + (char) letter);
    };
  }
}
