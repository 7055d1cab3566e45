package io.claritystream.stream.materializer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A hash map from byte strings that is asked with a slice, so that looking up costs no
/// allocation.
final class ByteMap<V> {
  private byte[] @Nullable [] keys = new byte[64][];
  private @Nullable Object[] values = new Object[64];
  private int size;

  int size() {
    return size;
  }

  @SuppressWarnings("unchecked")
  @Nullable V get(byte[] bytes, int offset, int length) {
    var mask = keys.length - 1;
    for (var at = hash(bytes, offset, length) & mask; ; at = at + 1 & mask) {
      var key = keys[at];
      if (key == null) {
        return null;
      }
      if (key.length == length && Arrays.equals(key, 0, length, bytes, offset, offset + length)) {
        return (V) values[at];
      }
    }
  }

  /// The key must not be in the map.
  void add(byte[] key, V value) {
    if (size * 2 >= keys.length) {
      grow();
    }
    place(key, value);
    size++;
  }

  private void place(byte[] key, @Nullable Object value) {
    var mask = keys.length - 1;
    var at = hash(key, 0, key.length) & mask;
    while (keys[at] != null) {
      at = at + 1 & mask;
    }
    keys[at] = key;
    values[at] = value;
  }

  private void grow() {
    var oldKeys = keys;
    var oldValues = values;
    keys = new byte[oldKeys.length * 2][];
    values = new Object[oldKeys.length * 2];
    for (var i = 0; i < oldKeys.length; i++) {
      var key = oldKeys[i];
      if (key != null) {
        place(key, oldValues[i]);
      }
    }
  }

  private static int hash(byte[] bytes, int offset, int length) {
    var hash = 0x811c9dc5;
    for (var i = offset; i < offset + length; i++) {
      hash = (hash ^ bytes[i]) * 0x01000193;
    }
    return hash ^ hash >>> 15;
  }
}
