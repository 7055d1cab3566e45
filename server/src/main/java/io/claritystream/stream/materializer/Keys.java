package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.UUID;

/// Makes keys and ids. Used by one thread.
///
/// The key of several columns joins their texts by `/`; a `/` or `\` within one follows a `\`.
/// Trailing blanks are not part of a key: `char(n)` pads with them.
final class Keys {
  /// Longer keys than this are no keys.
  static final int KEY_BYTES_MAX = 1_000;

  static final int NAME_CHARS_MAX = 200;

  private final MessageDigest sha256;
  private final byte[] joined = new byte[KEY_BYTES_MAX + 2];

  /// The key last read: `bytes` from `offset`, `length` bytes.
  byte[] bytes = joined;

  int offset;
  int length;

  Keys() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /// Reads the key that these columns of a row make into [#bytes], [#offset] and [#length].
  /// False if one of them is null, withheld or empty, or the key is too long.
  boolean read(Row row, int[] columns) {
    if (columns.length == 1) {
      var column = columns[0];
      bytes = row.bytes();
      offset = row.offset(column);
      length = trimmed(bytes, offset, row.length(column));
      return length > 0 && length <= KEY_BYTES_MAX;
    }
    bytes = joined;
    offset = 0;
    length = 0;
    for (var i = 0; i < columns.length; i++) {
      var column = columns[i];
      var size = trimmed(row.bytes(), row.offset(column), row.length(column));
      if (size <= 0) {
        return false;
      }
      if (i > 0 && !append((byte) '/')) {
        return false;
      }
      for (var at = row.offset(column); at < row.offset(column) + size; at++) {
        var b = row.bytes()[at];
        if ((b == '/' || b == '\\') && !append((byte) '\\') || !append(b)) {
          return false;
        }
      }
    }
    return columns.length > 0;
  }

  /// Whether one of the columns is null, withheld or empty, so that [#read] finds no key in them.
  static boolean hasEmpty(Row row, int[] columns) {
    for (var column : columns) {
      if (trimmed(row.bytes(), row.offset(column), row.length(column)) <= 0) {
        return true;
      }
    }
    return false;
  }

  private boolean append(byte b) {
    if (length >= KEY_BYTES_MAX) {
      return false;
    }
    joined[length++] = b;
    return true;
  }

  private static int trimmed(byte[] bytes, int offset, int length) {
    var end = length;
    while (end > 0 && bytes[offset + end - 1] == ' ') {
      end--;
    }
    return end;
  }

  byte[] copy() {
    return Arrays.copyOfRange(bytes, offset, offset + length);
  }

  /// The id of an entity: a UUIDv8 of a hash over whose it is, what it is, and its key.
  ///
  /// @param scope `site:`, `device:` or `row:` and the kind, see [#scope]
  UUID id(byte[] scope, byte[] key, int keyOffset, int keyLength) {
    sha256.update(scope);
    sha256.update(key, keyOffset, keyLength);
    var digest = ByteBuffer.wrap(sha256.digest());
    var high = digest.getLong() & 0xffff_ffff_ffff_0fffL | 0x8000L;
    var low = digest.getLong() & 0x3fff_ffff_ffff_ffffL | 0x8000_0000_0000_0000L;
    return new UUID(high, low);
  }

  UUID id(byte[] scope, byte[] key) {
    return id(scope, key, 0, key.length);
  }

  /// What every id of one kind of one source begins with.
  static byte[] scope(UUID tenant, UUID source, String entity, String kind) {
    var names = (entity + ":" + kind + "\0").getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(4 * Long.BYTES + names.length)
        .putLong(tenant.getMostSignificantBits())
        .putLong(tenant.getLeastSignificantBits())
        .putLong(source.getMostSignificantBits())
        .putLong(source.getLeastSignificantBits())
        .put(names)
        .array();
  }

  /// A name as the dictionaries keep it: without control characters, at most 200 characters. One
  /// that is cut ends with `…`.
  static String shortened(String name) {
    if (name.length() <= NAME_CHARS_MAX) {
      return clean(name);
    }
    var kept = NAME_CHARS_MAX - 1;
    return clean(
            name.substring(0, Character.isHighSurrogate(name.charAt(kept - 1)) ? kept - 1 : kept))
        + "…";
  }

  /// A text without control characters.
  static String clean(String text) {
    var clean = new StringBuilder(text.length());
    for (var i = 0; i < text.length(); ) {
      var c = text.codePointAt(i);
      i += Character.charCount(c);
      var lone = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
      clean.appendCodePoint(Character.isISOControl(c) || lone ? '�' : c);
    }
    return clean.toString();
  }
}
