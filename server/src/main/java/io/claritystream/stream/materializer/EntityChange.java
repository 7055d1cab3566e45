package io.claritystream.stream.materializer;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What a batch says of one entity through its own row, or through the first row that names it.
final class EntityChange {
  final UUID id;
  final String kind;
  final String key;
  final long firstSeq;
  String table;
  long lastSeq;

  /// Whether a row of its own table is among them; otherwise it was only named by others.
  boolean described;

  /// Whether the entity had no row before this batch; known once it is written.
  boolean fresh;

  /// Of a site: what people call it.
  @Nullable String name;

  final List<ExtraWrite> extras = new ArrayList<>();

  EntityChange(UUID id, String kind, String key, String table, long firstSeq) {
    this.id = id;
    this.kind = kind;
    this.key = key;
    this.table = table;
    this.firstSeq = firstSeq;
    lastSeq = firstSeq;
  }

  void put(String extraKey, ExtraType type, String value, long seq) {
    // A row is rarely twice in a batch, and then has few extras.
    for (var write : extras) {
      if (write.key.equals(extraKey)) {
        if (write.type != type || !write.value.equals(value)) {
          write.replace(type, value, seq);
        }
        return;
      }
    }
    extras.add(new ExtraWrite(id, extraKey, type, value, seq));
  }
}
