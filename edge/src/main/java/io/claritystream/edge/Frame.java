package io.claritystream.edge;

import io.grpc.Codec;
import io.grpc.DecompressorRegistry;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/// A message as the bytes it came as. They are copied once when read and once when written, never
/// parsed.
final class Frame extends ByteArrayInputStream implements Drainable, KnownLength {

  static final MethodDescriptor.Marshaller<byte[]> AS_BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] message) {
          return new Frame(message);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return read(stream);
          } catch (IOException e) {
            throw Status.INTERNAL
                .withDescription("a message could not be read")
                .withCause(e)
                .asRuntimeException();
          }
        }
      };

  /// What the edge relays is compressed by its makers; a compressed frame would have to be opened.
  static final DecompressorRegistry UNCOMPRESSED =
      DecompressorRegistry.emptyInstance().with(Codec.Identity.NONE, true);

  private Frame(byte[] message) {
    super(message);
  }

  /// Without this gRPC would copy through a small buffer of its own.
  @Override
  public synchronized int drainTo(OutputStream target) throws IOException {
    int length = count - pos;
    target.write(buf, pos, length);
    pos = count;
    return length;
  }

  private static byte[] read(InputStream stream) throws IOException {
    if (!(stream instanceof KnownLength)) {
      return stream.readAllBytes();
    }
    byte[] message = new byte[stream.available()];
    if (stream.readNBytes(message, 0, message.length) != message.length) {
      throw new EOFException("a message ended early");
    }
    return message;
  }
}
