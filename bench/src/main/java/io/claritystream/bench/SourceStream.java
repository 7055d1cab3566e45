package io.claritystream.bench;

import com.github.luben.zstd.Zstd;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.claritystream.protocol.block.BatchDigest;
import io.claritystream.protocol.block.BlockWriter;
import io.claritystream.protocol.link.AgentFrame;
import io.claritystream.protocol.link.AgentLinkGrpc;
import io.claritystream.protocol.link.Batch;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.Codec;
import io.claritystream.protocol.link.Hello;
import io.claritystream.protocol.link.PlatformFrame;
import io.claritystream.protocol.link.Welcome;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// The stream of one source: blocks go out as long as the window and the connection take them, and
/// what becomes durable comes back. One thread sends.
final class SourceStream implements AutoCloseable {
  private static final int LEVEL = 1;
  private static final long WELCOME_S = 60;

  /// The gateway's window is in bytes and very wide for small events; what waits in it only takes
  /// longer to drain.
  private static final long EVENTS_OUTSTANDING_MAX = 40_000;

  private record Sent(long endSeq, int bytes) {}

  private final String sourceId;
  private final CompletableFuture<Welcome> welcome = new CompletableFuture<>();
  private final Object lock = new Object();
  private final Deque<Sent> outstanding = new ArrayDeque<>();
  private final BlockWriter block = new BlockWriter(1 << 20);
  private @Nullable ClientCallStreamObserver<AgentFrame> toPlatform;
  private byte[] digest = new byte[0];
  private long nextSeq = 1;
  private long durableSeq;
  private long outstandingBytes;
  private @Nullable String failure;

  private SourceStream(String sourceId) {
    this.sourceId = sourceId;
  }

  static SourceStream open(Link link, String sourceId) {
    SourceStream stream = new SourceStream(sourceId);
    AgentLinkGrpc.newStub(link.channel()).stream(stream.new Receiver());
    stream.hello();
    return stream;
  }

  private void hello() {
    observer()
        .onNext(
            AgentFrame.newBuilder()
                .setHello(
                    Hello.newBuilder()
                        .setProtocolVersion(1)
                        .setSourceId(sourceId)
                        .setFirstSeq(1)
                        .setAgentVersion("bench"))
                .build());
    try {
      welcome.get(WELCOME_S, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new BenchFailedException("the gateway did not welcome a source", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchFailedException("interrupted", e);
    }
  }

  private ClientCallStreamObserver<AgentFrame> observer() {
    ClientCallStreamObserver<AgentFrame> observer = toPlatform;
    if (observer == null) {
      throw new IllegalStateException("the call has not begun");
    }
    return observer;
  }

  /// Writes the events of a batch.
  interface Filling {
    void fill(BlockWriter block, long nowUs);
  }

  /// Sends a batch, once there is room for it.
  ///
  /// @return its last number
  long send(Filling filling) throws InterruptedException {
    awaitRoom();
    long nowUs = Clocks.nowUs();
    block.reset();
    filling.fill(block, nowUs);
    byte[] payload = compressed();
    Welcome opened = welcome.join();
    digest = BatchDigest.next(digest, payload, 0, payload.length);
    BatchHeader header =
        BatchHeader.newBuilder()
            .setSourceId(sourceId)
            .setEpoch(opened.getEpoch())
            .setFirstSeq(nextSeq)
            .setCount(block.events())
            .setCodec(Codec.ZSTD_BLOCK_V1)
            .setCrc32C(BatchDigest.crc32c(payload, 0, payload.length))
            .setDigest(ByteString.copyFrom(digest))
            .setUncompressedBytes(block.size())
            .setFirstCapturedAtUs(block.firstCapturedAtUs())
            .setLastCapturedAtUs(block.lastCapturedAtUs())
            .setPolicyVersion(opened.getPolicyVersion())
            .setCells(block.cells())
            .build();
    long endSeq = nextSeq + block.events() - 1;
    synchronized (lock) {
      nextSeq = endSeq + 1;
      outstanding.add(new Sent(endSeq, payload.length));
      outstandingBytes += payload.length;
    }
    observer()
        .onNext(
            AgentFrame.newBuilder()
                .setBatch(
                    Batch.newBuilder()
                        .setHeader(header)
                        .setPayload(UnsafeByteOperations.unsafeWrap(payload)))
                .build());
    return endSeq;
  }

  private byte[] compressed() {
    byte[] room = new byte[(int) Zstd.compressBound(block.size())];
    long size = Zstd.compressByteArray(room, 0, room.length, block.array(), 0, block.size(), LEVEL);
    if (Zstd.isError(size)) {
      throw new BenchFailedException("a block could not be compressed: " + Zstd.getErrorName(size));
    }
    return java.util.Arrays.copyOf(room, (int) size);
  }

  private void awaitRoom() throws InterruptedException {
    long window = welcome.join().getWindowBytes();
    synchronized (lock) {
      while (failure == null && full(window)) {
        lock.wait(1_000);
      }
      requireSound();
    }
  }

  private boolean full(long window) {
    return outstandingBytes >= window
        || nextSeq - 1 - durableSeq >= EVENTS_OUTSTANDING_MAX
        || !observer().isReady();
  }

  /// Waits until all up to a number is durable.
  void awaitDurable(long seq, long patienceMs) throws InterruptedException {
    long deadline = System.nanoTime() + patienceMs * 1_000_000;
    synchronized (lock) {
      while (failure == null && durableSeq < seq) {
        long leftMs = (deadline - System.nanoTime()) / 1_000_000;
        if (leftMs <= 0) {
          throw new BenchFailedException(
              "event %d was not durable after %d ms; %d were"
                  .formatted(seq, patienceMs, durableSeq));
        }
        lock.wait(leftMs);
      }
      requireSound();
    }
  }

  private void requireSound() {
    if (failure != null) {
      throw new BenchFailedException("a source's stream ended: " + failure);
    }
  }

  long durableSeq() {
    synchronized (lock) {
      return durableSeq;
    }
  }

  private void fail(String why) {
    synchronized (lock) {
      failure = failure == null ? why : failure;
      lock.notifyAll();
    }
    welcome.completeExceptionally(new BenchFailedException(why));
  }

  @Override
  public void close() {
    fail("closed");
    observer().cancel("the measurement is over", null);
  }

  private final class Receiver implements ClientResponseObserver<AgentFrame, PlatformFrame> {
    @Override
    public void beforeStart(ClientCallStreamObserver<AgentFrame> observer) {
      toPlatform = observer;
      observer.setOnReadyHandler(
          () -> {
            synchronized (lock) {
              lock.notifyAll();
            }
          });
    }

    @Override
    public void onNext(PlatformFrame frame) {
      switch (frame.getFrameCase()) {
        case WELCOME -> welcome.complete(frame.getWelcome());
        case DURABLE -> {
          synchronized (lock) {
            durableSeq = Math.max(durableSeq, frame.getDurable().getSeq());
            while (!outstanding.isEmpty() && outstanding.getFirst().endSeq() <= durableSeq) {
              outstandingBytes -= outstanding.removeFirst().bytes();
            }
            lock.notifyAll();
          }
        }
        case REFUSED -> fail(frame.getRefused().getCode() + ": " + frame.getRefused().getMessage());
        case REWIND -> fail("asked to go back to " + frame.getRewind().getFromSeq());
        case FRAME_NOT_SET -> {}
      }
    }

    @Override
    public void onError(Throwable failed) {
      fail(String.valueOf(failed.getMessage()));
    }

    @Override
    public void onCompleted() {
      fail("the gateway ended it");
    }
  }
}
