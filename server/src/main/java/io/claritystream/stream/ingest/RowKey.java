package io.claritystream.stream.ingest;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.Row;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.deadletter.DeadLetters;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The text by which a row is known to the quarantine: the values of its key columns, each after
/// its length, so that no two keys read the same. A long one is replaced by its hash.
final class RowKey {
  private static final int LENGTH_MAX = 400;
  private static final Set<Integer> WITHHELD = Set.of(Row.DROPPED, Row.REDACTED, Row.OMITTED);

  private RowKey() {}

  /// The row that the event leaves behind, or took away; null if its table has no key.
  static DeadLetters.@Nullable Row of(ChangeEvent event) {
    return event.after() != null ? row(event, event.after()) : before(event);
  }

  /// Also the row that the event was about where a change of its key made another one of it; none
  /// if its table has no key.
  static List<DeadLetters.Row> all(ChangeEvent event) {
    var left = of(event);
    if (left == null || event.after() == null || event.oldKey() == null && event.before() == null) {
      return left == null ? List.of() : List.of(left);
    }
    var before = before(event);
    return before == null || before.equals(left) ? List.of(left) : List.of(left, before);
  }

  /// Whether folding the event leaves nothing in its rows of what was before it: it tells all
  /// values of one, or takes it away.
  static boolean isToldWhole(ChangeEvent event) {
    var after = event.after();
    if (after == null) {
      return event.op() == Op.DELETE;
    }
    for (var i = 0; i < after.size(); i++) {
      if (after.length(i) == Row.UNCHANGED) {
        return false;
      }
    }
    return true;
  }

  /// Whether a deletion tells all that the row was in the end, and which row that is.
  static boolean tellsItsEnd(ChangeEvent event) {
    var last = event.before();
    if (last == null || !isTold(event)) {
      return false;
    }
    for (var i = 0; i < last.size(); i++) {
      if (last.length(i) == Row.UNCHANGED) {
        return false;
      }
    }
    return true;
  }

  /// Whether the event tells which row it is of by a key: its table has one, and no masking policy
  /// withheld it. What empties a table is of all its rows, however they are told by then.
  static boolean isTold(ChangeEvent event) {
    if (event.op() == Op.TRUNCATE) {
      return true;
    }
    var row = event.after() != null ? event.after() : event.before();
    var columns = event.schema().columns();
    for (var i = 0; row != null && i < columns.size(); i++) {
      if (columns.get(i).key() && WITHHELD.contains(row.length(i))) {
        return false;
      }
    }
    return event.schema().keyColumns() > 0;
  }

  /// A whole row.
  static DeadLetters.@Nullable Row of(TableSchema schema, Row row) {
    var key = text(schema, row);
    return key == null ? null : new DeadLetters.Row(schema.qualifiedName(), key);
  }

  private static DeadLetters.@Nullable Row before(ChangeEvent event) {
    return row(event, event.oldKey() != null ? event.oldKey() : event.before());
  }

  private static DeadLetters.@Nullable Row row(ChangeEvent event, @Nullable Row row) {
    var key = row == null ? null : text(event.schema(), row);
    return key == null ? null : new DeadLetters.Row(event.schema().qualifiedName(), key);
  }

  /// @param row a whole one, or its key columns alone
  private static @Nullable String text(TableSchema schema, Row row) {
    var columns = schema.columns();
    var whole = row.size() == columns.size();
    var key = new StringBuilder();
    var at = 0;
    for (var i = 0; i < columns.size(); i++) {
      if (!columns.get(i).key()) {
        continue;
      }
      var place = whole ? i : at++;
      if (place >= row.size()) {
        return null;
      }
      var value = row.text(place);
      if (value == null) {
        key.append("-;");
      } else {
        key.append(value.length()).append(':').append(value).append(';');
      }
    }
    if (key.isEmpty()) {
      return null;
    }
    return key.length() <= LENGTH_MAX && key.indexOf("\0") < 0 ? key.toString() : hash(key);
  }

  private static String hash(CharSequence key) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      return "sha256:"
          + HexFormat.of()
              .formatHex(digest.digest(key.toString().getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
