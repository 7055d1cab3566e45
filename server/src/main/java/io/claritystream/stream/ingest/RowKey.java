package io.claritystream.stream.ingest;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.stream.deadletter.DeadLetters;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// The text by which a row is known to the quarantine: the values of its key columns, each after
/// its length, so that no two keys read the same. A long one is replaced by its hash.
final class RowKey {
  private static final int LENGTH_MAX = 400;

  private RowKey() {}

  /// The row that the event is about; null if its table has no key.
  static DeadLetters.@Nullable Row of(ChangeEvent event) {
    var key = text(event);
    return key == null ? null : new DeadLetters.Row(event.schema().qualifiedName(), key);
  }

  private static @Nullable String text(ChangeEvent event) {
    var row = event.after() != null ? event.after() : event.before();
    var columns = event.schema().columns();
    if (row == null || row.size() != columns.size()) {
      return null;
    }
    var key = new StringBuilder();
    for (var i = 0; i < columns.size(); i++) {
      if (!columns.get(i).key()) {
        continue;
      }
      var value = row.text(i);
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
