package io.claritystream.agent.spool;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import io.claritystream.protocol.link.BatchHeader;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// A record as it lies in a segment: how it is written, and how a whole one is told from another.
final class Records {
  /// Its length and its checksum.
  static final int PREFIX = 8;

  /// More than any block of ours: what a damaged length is told apart by.
  private static final int BODY_BYTES_MAX = 72 * 1024 * 1024;

  private static final int HEADER_BYTES_MAX = 4 * 1024;

  private Records() {}

  /// All of a record that stands before its payload.
  static ByteBuffer front(BatchHeader header, SourceMark mark, byte[] payload, int length) {
    var headerBytes = header.toByteArray();
    var bodyLength = Integer.BYTES + headerBytes.length + SourceMark.BYTES + length;
    var front = ByteBuffer.allocate(PREFIX + bodyLength - length);
    front.putInt(bodyLength).putInt(0).putInt(headerBytes.length).put(headerBytes);
    mark.write(front);
    var crc = new CRC32C();
    crc.update(front.array(), 0, Integer.BYTES);
    crc.update(front.array(), PREFIX, front.capacity() - PREFIX);
    crc.update(payload, 0, length);
    return front.putInt(4, (int) crc.getValue()).flip();
  }

  /// Whether a body may be so long.
  static boolean possible(int length) {
    return length >= Integer.BYTES + SourceMark.BYTES && length <= BODY_BYTES_MAX;
  }

  /// @return where the record ends, or -1 if it is not whole
  static int end(ByteBuffer map, int offset, int size) {
    if (size - offset < PREFIX) {
      return -1;
    }
    var length = map.getInt(offset);
    if (!possible(length) || length > size - offset - PREFIX) {
      return -1;
    }
    var headerLength = map.getInt(offset + PREFIX);
    if (headerLength < 1 || headerLength > HEADER_BYTES_MAX) {
      return -1;
    }
    var body = map.slice(offset + PREFIX, length);
    return checksum(length, body) == map.getInt(offset + 4) ? offset + PREFIX + length : -1;
  }

  /// Whether behind a broken record stands a whole one: then it is no torn end. The broken one's
  /// length cannot be believed, so every later byte is tried: appends are forced one by one, and a
  /// whole record behind a torn one does not come from a crash.
  static boolean wholeBehind(ByteBuffer map, int offset, int size) {
    for (var at = offset + 1; at <= size - PREFIX; at++) {
      if (end(map, at, size) > 0) {
        return true;
      }
    }
    return false;
  }

  static int checksum(int length, ByteBuffer body) {
    var crc = new CRC32C();
    crc.update(length >>> 24);
    crc.update(length >>> 16);
    crc.update(length >>> 8);
    crc.update(length);
    crc.update(body.duplicate());
    return (int) crc.getValue();
  }

  static SpoolEntry decode(ByteBuffer body) throws SpoolDamagedException {
    return decode(body, true);
  }

  static SpoolEntry decodeWithoutPayload(ByteBuffer body) throws SpoolDamagedException {
    return decode(body, false);
  }

  private static SpoolEntry decode(ByteBuffer body, boolean withPayload)
      throws SpoolDamagedException {
    try {
      var in = body.duplicate();
      var headerLength = in.getInt();
      if (headerLength < 0 || headerLength > in.remaining() - SourceMark.BYTES) {
        throw new SpoolDamagedException("a batch header of " + headerLength + " bytes");
      }
      var header = BatchHeader.parseFrom(in.slice(in.position(), headerLength));
      in.position(in.position() + headerLength);
      var mark = SourceMark.read(in);
      return new SpoolEntry(
          header,
          mark,
          withPayload ? UnsafeByteOperations.unsafeWrap(in.slice()) : ByteString.EMPTY);
    } catch (InvalidProtocolBufferException e) {
      throw new SpoolDamagedException("a batch header that cannot be read: " + e.getMessage());
    }
  }
}
