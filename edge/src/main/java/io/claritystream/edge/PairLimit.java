package io.claritystream.edge;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;

/// Ends a `Pair` call that sends more than a pairing can be, while it is read: anyone may call it,
/// and the limit for messages, made for batches, would let a stranger fill the memory.
final class PairLimit extends ServerStreamTracer {
  static final int BYTES_MAX = 16 * 1024;

  static final class Factory extends ServerStreamTracer.Factory {
    private static final ServerStreamTracer UNLIMITED = new ServerStreamTracer() {};

    @Override
    public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
      return method.equals(Relay.PAIR) ? new PairLimit() : UNLIMITED;
    }
  }

  private long bytes;

  @Override
  public void inboundWireSize(long more) {
    bytes += more;
    if (bytes > BYTES_MAX) {
      throw Status.RESOURCE_EXHAUSTED
          .withDescription("A request to pair is smaller than this.")
          .asRuntimeException();
    }
  }
}
