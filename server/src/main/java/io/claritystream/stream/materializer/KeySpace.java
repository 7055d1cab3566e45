package io.claritystream.stream.materializer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The keys of extras that one table may have: the first [#KEYS_MAX] that were ever seen,
/// because documents can make up keys without end. Which they are is remembered in the database.
final class KeySpace {
  static final int KEYS_MAX = 2_000;

  final String table;

  /// What the keys of extras from readings begin with.
  final String prefix;

  private final Map<String, ExtraKey> keys = new HashMap<>();
  private final List<ExtraKey> slots = new ArrayList<>();
  private final Set<String> textPaths = new HashSet<>();
  private final Map<String, ExtraKey> byPrefixed = new HashMap<>();
  private final List<String> unsaved = new ArrayList<>();

  /// @param saved the paths in the order they were admitted
  KeySpace(String table, Collection<String> saved) {
    this.table = table;
    prefix = ExtraNames.prefix(table);
    for (var path : saved) {
      keys.put(path, key(path, keys.size()));
    }
  }

  /// The key of a path of [ExtraNames]; null if the table has too many.
  @Nullable ExtraKey key(String path) {
    var key = keys.get(path);
    if (key == null && keys.size() < KEYS_MAX && !path.isEmpty()) {
      key = key(path, keys.size());
      keys.put(path, key);
      unsaved.add(path);
    }
    return key;
  }

  private ExtraKey key(String path, int slot) {
    var key =
        new ExtraKey(path, ExtraNames.stored("", path), ExtraNames.stored(prefix, path), slot);
    slots.add(key);
    byPrefixed.put(key.prefixed(), key);
    return key;
  }

  /// The key that is stored so with devices; null if it is none of the table's.
  @Nullable ExtraKey prefixed(String stored) {
    return byPrefixed.get(stored);
  }

  /// Paths that begin so are those of texts among tall readings.
  void textsAreUnder(String path) {
    textPaths.add(path);
  }

  boolean isOfText(ExtraKey key) {
    for (var path : textPaths) {
      if (key.path().startsWith(path)) {
        return true;
      }
    }
    return false;
  }

  ExtraKey of(int slot) {
    return slots.get(slot);
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
