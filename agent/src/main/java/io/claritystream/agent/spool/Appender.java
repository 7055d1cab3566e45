package io.claritystream.agent.spool;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.Codec;
import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The thread that compresses blocks and appends them to the spool, while the next one is being
/// filled. Two drafts go round: a thread that captures finds none free when the disk or the
/// platform is slower than the source, and waits. Commits are grouped by that alone: as long as one
/// block is being forced to disk, what comes meanwhile gathers in the next.
public final class Appender implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Appender.class);
  private static final int DRAFTS = 2;
  private static final int COMPRESSION_LEVEL = 1;

  /// Blocks below this gain nothing from being compressed.
  private static final int COMPRESS_FROM_BYTES = 256;

  private static final long RETRY_MS = 2_000;

  private final Spool spool;
  private final String sourceId;
  private final Consumer<String> trouble;
  private final ArrayBlockingQueue<Draft> free = new ArrayBlockingQueue<>(DRAFTS);
  private final ArrayBlockingQueue<Draft> full = new ArrayBlockingQueue<>(DRAFTS);
  private final Thread thread;
  private volatile boolean stopped;
  private volatile @Nullable Throwable failure;

  /// @param trouble told in words when the spool has to wait, and with an empty text when it goes
  ///   on
  public Appender(Spool spool, String sourceId, Consumer<String> trouble) {
    this.spool = spool;
    this.sourceId = sourceId;
    this.trouble = trouble;
    for (var i = 0; i < DRAFTS; i++) {
      free.add(new Draft());
    }
    thread = Thread.ofPlatform().name("spool").daemon().unstarted(this::run);
  }

  public Appender start() {
    thread.start();
    return this;
  }

  /// A draft to fill, or null if none became free in time.
  ///
  /// @throws IOException if the spool cannot be written any more
  public @Nullable Draft take(long timeout, TimeUnit unit)
      throws IOException, InterruptedException {
    check();
    var draft = free.poll(timeout, unit);
    check();
    return draft;
  }

  /// Hands over a filled draft, which its giver must not touch again.
  public void append(Draft draft) {
    full.add(draft);
  }

  /// Whether nothing is under way: what is handed over now is forced to disk at once.
  public boolean idle() {
    return free.size() >= DRAFTS - 1 && full.isEmpty();
  }

  /// @throws IOException if the spool cannot be written any more
  public void check() throws IOException {
    var cause = failure;
    if (cause != null) {
      var why = cause instanceof IOException ? cause.getMessage() : cause.toString();
      throw new IOException("the spool cannot be written: " + why, cause);
    }
  }

  private void run() {
    try (var context = new ZstdCompressCtx()) {
      context.setLevel(COMPRESSION_LEVEL);
      var compressed = new byte[(int) Zstd.compressBound(2 * 1024 * 1024)];
      while (!stopped) {
        var draft = full.poll(100, TimeUnit.MILLISECONDS);
        if (draft == null) {
          continue;
        }
        compressed = append(draft, context, compressed);
        free.add(draft);
      }
    } catch (IOException e) {
      failure = e;
      LOG.error("the spool cannot be written, capture stops: {}", e.getMessage());
    } catch (Throwable e) {
      // Whatever ended this thread: nobody else would append, and capture would wait for ever.
      failure = e;
      LOG.error("the spool cannot be written, capture stops", e);
    }
  }

  private byte[] append(Draft draft, ZstdCompressCtx context, byte[] room)
      throws IOException, InterruptedException {
    awaitRoom();
    var block = draft.block();
    var header =
        BatchHeader.newBuilder()
            .setSourceId(sourceId)
            .setCount(block.events())
            .setCells(block.cells())
            .setUncompressedBytes(block.size())
            .setFirstCapturedAtUs(block.firstCapturedAtUs())
            .setLastCapturedAtUs(block.lastCapturedAtUs())
            .setSnapshotBegins(block.snapshotBegins())
            .setSnapshotEnds(block.snapshotEnds());
    var buffer = room;
    var payload = block.array();
    var length = block.size();
    header.setCodec(Codec.PLAIN_BLOCK_V1);
    if (length >= COMPRESS_FROM_BYTES) {
      var bound = (int) Zstd.compressBound(length);
      if (bound > buffer.length) {
        buffer = new byte[bound];
      }
      var size = context.compressByteArray(buffer, 0, buffer.length, payload, 0, length);
      if (size < length) {
        header.setCodec(Codec.ZSTD_BLOCK_V1);
        payload = buffer;
        length = size;
      }
    }
    while (!stopped) {
      try {
        spool.append(header, draft.firstSeq(), draft.mark(), payload, length);
        trouble.accept("");
        break;
      } catch (IOException e) {
        if (!fullDisk(e)) {
          throw e;
        }
        trouble.accept("the disk that holds the agent's data is full; free some space");
        pause();
      }
    }
    // A row of many megabytes must not keep its room for ever.
    return buffer.length > 16 * 1024 * 1024 ? new byte[room.length] : buffer;
  }

  private void awaitRoom() throws InterruptedException {
    if (spool.hasRoom()) {
      return;
    }
    trouble.accept(
        "the spool is full ("
            + (spool.bytesMax() >> 20)
            + " MiB) and the platform takes nothing; capture waits");
    while (!stopped && !spool.awaitRoom(RETRY_MS, TimeUnit.MILLISECONDS)) {
      LOG.debug("the spool is still full");
    }
  }

  private void pause() throws InterruptedException {
    for (var waited = 0L; waited < RETRY_MS && !stopped; waited += 100) {
      Thread.sleep(100);
    }
  }

  private static boolean fullDisk(IOException e) {
    var message = e.getMessage();
    return message != null
        && (message.contains("No space left") || message.contains("Disk quota exceeded"));
  }

  /// Stops after the block under way. What was not appended is not lost: it is captured again.
  @Override
  public void close() {
    stopped = true;
    try {
      thread.join(10_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
