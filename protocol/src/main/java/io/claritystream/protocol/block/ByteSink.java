package io.claritystream.protocol.block;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Bytes that grow, to be reused: `clear` keeps the room. Not safe for several threads.
public final class ByteSink {
  /// Arrays cannot be longer; a block never comes near it.
  private static final int SIZE_MAX = Integer.MAX_VALUE - 16;

  private byte[] bytes;
  private int size;

  public ByteSink(int capacity) {
    bytes = new byte[Math.max(capacity, 16)];
  }

  public ByteSink put(int value) {
    room(1);
    bytes[size++] = (byte) value;
    return this;
  }

  public ByteSink put(byte[] source, int offset, int length) {
    room(length);
    System.arraycopy(source, offset, bytes, size, length);
    size += length;
    return this;
  }

  public ByteSink put(byte[] source) {
    return put(source, 0, source.length);
  }

  /// The characters must be ASCII.
  @SuppressWarnings("deprecation") // The one copy of Latin-1 bytes that needs no encoder.
  public ByteSink ascii(String text) {
    var length = text.length();
    room(length);
    text.getBytes(0, length, bytes, size);
    size += length;
    return this;
  }

  public ByteSink varint(long value) {
    room(10);
    var rest = value;
    while ((rest & ~0x7fL) != 0) {
      bytes[size++] = (byte) (rest & 0x7f | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
    return this;
  }

  public ByteSink zigzag(long value) {
    return varint(value << 1 ^ value >> 63);
  }

  public ByteSink int16(int value) {
    room(2);
    bytes[size++] = (byte) (value >> 8);
    bytes[size++] = (byte) value;
    return this;
  }

  public ByteSink int32(int value) {
    room(4);
    int32At(size, value);
    size += 4;
    return this;
  }

  public ByteSink int64(long value) {
    return int32((int) (value >> 32)).int32((int) value);
  }

  /// Overwrites four bytes that are there already, for a length known only afterwards.
  public ByteSink int32At(int position, int value) {
    bytes[position] = (byte) (value >> 24);
    bytes[position + 1] = (byte) (value >> 16);
    bytes[position + 2] = (byte) (value >> 8);
    bytes[position + 3] = (byte) value;
    return this;
  }

  /// Length and UTF-8 bytes.
  public ByteSink string(String text) {
    var encoded = text.getBytes(StandardCharsets.UTF_8);
    return varint(encoded.length).put(encoded);
  }

  public int size() {
    return size;
  }

  /// Forgets what was written behind `size`.
  public void truncate(int toSize) {
    if (toSize < 0 || toSize > size) {
      throw new IllegalArgumentException("cannot cut " + size + " bytes to " + toSize);
    }
    size = toSize;
  }

  public void clear() {
    size = 0;
  }

  /// The live array: valid up to [#size()] and until the next write.
  public byte[] array() {
    return bytes;
  }

  public byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }

  private void room(int more) {
    var needed = (long) size + more;
    if (needed <= bytes.length) {
      return;
    }
    if (needed > SIZE_MAX) {
      throw new IllegalStateException("more than " + SIZE_MAX + " bytes in one buffer");
    }
    bytes = Arrays.copyOf(bytes, (int) Math.min(SIZE_MAX, Math.max(needed, bytes.length * 2L)));
  }
}
