package io.claritystream.stream.ingest;

import io.claritystream.protocol.block.ChangeEvent;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Events that are too many to have a letter each.
final class Unnamed {
  private @Nullable ChangeEvent first;
  private @Nullable String table;
  private long lastSeq;
  private int count;

  void add(ChangeEvent event) {
    var of = event.schema().qualifiedName();
    table = count == 0 || of.equals(table) ? of : null;
    if (first == null || event.seq() < first.seq()) {
      first = event;
    }
    lastSeq = Math.max(lastSeq, event.seq());
    count++;
  }

  ChangeEvent first() {
    return Objects.requireNonNull(first);
  }

  /// Null if they are of several.
  @Nullable String table() {
    return table;
  }

  long lastSeq() {
    return lastSeq;
  }

  int count() {
    return count;
  }
}
