package io.claritystream.stream.gateway;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.WireFormat;
import io.claritystream.protocol.link.AgentFrame;
import io.claritystream.protocol.link.Batch;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.Hello;
import io.claritystream.protocol.link.SnapshotState;
import io.claritystream.protocol.link.SourceGap;
import io.claritystream.protocol.link.SourceStatus;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;

/// A frame of an agent, read so that a batch's payload is copied once, from the network's buffer
/// into the array that goes to Kafka. The generated reader would copy it twice more.
sealed interface Incoming {

  record Opening(Hello hello) implements Incoming {}

  /// @param receivedNs when it was read, by [System#nanoTime()]
  record Events(BatchHeader header, byte[] payload, long receivedNs) implements Incoming {}

  record Report(SourceStatus status) implements Incoming {}

  record Missing(SourceGap gap) implements Incoming {}

  record Ordered(SnapshotState state) implements Incoming {}

  /// A frame of a kind that this version does not know.
  record Unknown() implements Incoming {}

  /// Reads only: the gateway never sends this type.
  MethodDescriptor.Marshaller<Incoming> MARSHALLER =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(Incoming frame) {
          throw new UnsupportedOperationException("the gateway sends no agent's frame");
        }

        @Override
        public Incoming parse(InputStream stream) {
          try {
            return read(CodedInputStream.newInstance(stream));
          } catch (IOException e) {
            throw Status.INVALID_ARGUMENT
                .withDescription("A frame is not of the protocol.")
                .withCause(e)
                .asRuntimeException();
          }
        }
      };

  private static Incoming read(CodedInputStream in) throws IOException {
    Incoming frame = new Unknown();
    while (true) {
      int tag = in.readTag();
      if (tag == 0) {
        return frame;
      }
      if (WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        in.skipField(tag);
        continue;
      }
      switch (WireFormat.getTagFieldNumber(tag)) {
        case AgentFrame.HELLO_FIELD_NUMBER -> frame = new Opening(message(in, Hello.parser()));
        case AgentFrame.BATCH_FIELD_NUMBER -> {
          int limit = in.pushLimit(in.readRawVarint32());
          frame = batch(in);
          in.popLimit(limit);
        }
        case AgentFrame.STATUS_FIELD_NUMBER ->
            frame = new Report(message(in, SourceStatus.parser()));
        case AgentFrame.GAP_FIELD_NUMBER -> frame = new Missing(message(in, SourceGap.parser()));
        case AgentFrame.SNAPSHOT_STATE_FIELD_NUMBER ->
            frame = new Ordered(message(in, SnapshotState.parser()));
        default -> in.skipField(tag);
      }
    }
  }

  private static Events batch(CodedInputStream in) throws IOException {
    BatchHeader header = BatchHeader.getDefaultInstance();
    byte[] payload = new byte[0];
    while (true) {
      int tag = in.readTag();
      if (tag == 0) {
        return new Events(header, payload, System.nanoTime());
      }
      if (WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        in.skipField(tag);
        continue;
      }
      switch (WireFormat.getTagFieldNumber(tag)) {
        case Batch.HEADER_FIELD_NUMBER -> header = message(in, BatchHeader.parser());
        case Batch.PAYLOAD_FIELD_NUMBER -> payload = in.readByteArray();
        default -> in.skipField(tag);
      }
    }
  }

  private static <T extends com.google.protobuf.MessageLite> T message(
      CodedInputStream in, com.google.protobuf.Parser<T> parser) throws IOException {
    return in.readMessage(parser, ExtensionRegistryLite.getEmptyRegistry());
  }
}
