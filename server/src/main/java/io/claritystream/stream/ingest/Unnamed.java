package io.claritystream.stream.ingest;

import io.claritystream.protocol.block.ChangeEvent;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Events that are too many to have a letter each.
final class Unnamed {
  private @Nullable ChangeEvent first;
  private @Nullable String table;
  private long lastSeq;
  private final Set<ChangeEvent> events = Collections.newSetFromMap(new IdentityHashMap<>());

  void add(ChangeEvent event) {
    var of = event.schema().qualifiedName();
    table = events.isEmpty() || of.equals(table) ? of : null;
    if (first == null || event.seq() < first.seq()) {
      first = event;
    }
    lastSeq = Math.max(lastSeq, event.seq());
    events.add(event);
  }

  ChangeEvent first() {
    return Objects.requireNonNull(first);
  }

  boolean has(ChangeEvent event) {
    return events.contains(event);
  }

  /// Null if they are of several.
  @Nullable String table() {
    return table;
  }

  long lastSeq() {
    return lastSeq;
  }

  int count() {
    return events.size();
  }
}
