package io.claritystream.stream.materializer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The keys of extras that one table may have: the first [#KEYS_MAX] that were ever seen,
/// because documents can make up keys without end. Which they are is remembered in the database.
final class KeySpace {
  static final int KEYS_MAX = 2_000;

  final String table;
  private final String prefix;
  private final Map<String, ExtraKey> keys = new HashMap<>();
  private final List<String> unsaved = new ArrayList<>();

  /// @param prefix what the stored names begin with: empty, or that of the table where the
  ///     extras belong to an entity of another table
  /// @param saved the names without prefix, in the order they were admitted
  KeySpace(String table, String prefix, Collection<String> saved) {
    this.table = table;
    this.prefix = prefix;
    for (var path : saved) {
      keys.put(path, new ExtraKey(Keys.shortened(prefix + path), keys.size()));
    }
  }

  /// The key of a column or of a path within it; null if the table has too many.
  @Nullable ExtraKey key(String path) {
    var key = keys.get(path);
    if (key == null && keys.size() < KEYS_MAX && !path.isEmpty()) {
      key = new ExtraKey(Keys.shortened(prefix + path), keys.size());
      keys.put(path, key);
      unsaved.add(path);
    }
    return key;
  }

  /// The paths admitted since the last call, in order.
  List<String> takeUnsaved() {
    if (unsaved.isEmpty()) {
      return List.of();
    }
    var taken = List.copyOf(unsaved);
    unsaved.clear();
    return taken;
  }

  int size() {
    return keys.size();
  }
}
