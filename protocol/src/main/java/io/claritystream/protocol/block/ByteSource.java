package io.claritystream.protocol.block;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// Reads what [ByteSink] wrote. Anything that does not fit is a [CorruptBlockException]: a
/// length is believed only if its bytes are there.
final class ByteSource {
  private final byte[] bytes;
  private final int end;
  private int position;

  ByteSource(byte[] bytes, int offset, int length) {
    this.bytes = bytes;
    position = offset;
    end = offset + length;
  }

  boolean hasMore() {
    return position < end;
  }

  int position() {
    return position;
  }

  byte[] bytes() {
    return bytes;
  }

  int next() {
    if (position >= end) {
      throw new CorruptBlockException("ends in the middle of an entry at byte " + position);
    }
    return bytes[position++] & 0xff;
  }

  long varint() {
    var first = next();
    if (first < 0x80) {
      return first;
    }
    var value = (long) first & 0x7f;
    for (var shift = 7; shift < 64; shift += 7) {
      var part = next();
      value |= (long) (part & 0x7f) << shift;
      if (part < 0x80) {
        return value;
      }
    }
    throw new CorruptBlockException("a number has more than 64 bits at byte " + position);
  }

  long zigzag() {
    var value = varint();
    return value >>> 1 ^ -(value & 1);
  }

  int varintWithin(int max) {
    var value = varint();
    if (value < 0 || value > max) {
      throw new CorruptBlockException(
          "number " + value + " is above its limit of " + max + " at byte " + position);
    }
    return (int) value;
  }

  long int64() {
    var value = 0L;
    for (var i = 0; i < Long.BYTES; i++) {
      value = value << 8 | next();
    }
    return value;
  }

  /// Skips `length` bytes and returns where they began.
  int skip(long length) {
    if (length < 0 || length > end - position) {
      throw new CorruptBlockException(
          length + " bytes announced and " + (end - position) + " there at byte " + position);
    }
    var start = position;
    position += (int) length;
    return start;
  }

  /// Text of at most `bytesMax` bytes that every database can store: UTF-8, without a NUL.
  String string(int bytesMax) {
    var length = varintWithin(bytesMax);
    var start = skip(length);
    for (var i = start; i < start + length; i++) {
      if (bytes[i] == 0) {
        throw new CorruptBlockException("a text has a NUL at byte " + i);
      }
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, start, length))
          .toString();
    } catch (CharacterCodingException e) {
      throw new CorruptBlockException("a text is not UTF-8 at byte " + start, e);
    }
  }
}
