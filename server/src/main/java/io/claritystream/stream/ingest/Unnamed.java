package io.claritystream.stream.ingest;

import io.claritystream.protocol.block.ChangeEvent;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Events that are too many to have a letter each.
final class Unnamed {
  private @Nullable ChangeEvent first;
  private long lastSeq;
  private int count;

  void add(ChangeEvent event) {
    if (first == null || event.seq() < first.seq()) {
      first = event;
    }
    lastSeq = Math.max(lastSeq, event.seq());
    count++;
  }

  ChangeEvent first() {
    return Objects.requireNonNull(first);
  }

  long lastSeq() {
    return lastSeq;
  }

  int count() {
    return count;
  }
}
