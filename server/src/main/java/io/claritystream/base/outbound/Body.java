package io.claritystream.base.outbound;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import org.apache.hc.core5.http.nio.AsyncEntityProducer;
import org.apache.hc.core5.http.nio.DataStreamChannel;
import org.jspecify.annotations.Nullable;

/// A request's body, which knows whether it has been handed over to the last byte.
final class Body implements AsyncEntityProducer {
  private static final int TINY_MAX = 64;

  private final ByteBuffer bytes;
  private volatile boolean ended;

  Body(byte[] bytes) {
    this.bytes = ByteBuffer.wrap(bytes);
  }

  boolean isTiny() {
    return bytes.capacity() > 0 && bytes.capacity() <= TINY_MAX;
  }

  boolean ended() {
    return ended;
  }

  @Override
  public void produce(DataStreamChannel channel) throws IOException {
    if (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    if (!bytes.hasRemaining() && !ended) {
      ended = true;
      channel.endStream();
    }
  }

  @Override
  public int available() {
    return Math.max(1, bytes.remaining());
  }

  @Override
  public long getContentLength() {
    return bytes.capacity();
  }

  /// It is sent once.
  @Override
  public boolean isRepeatable() {
    return false;
  }

  @Override
  public boolean isChunked() {
    return false;
  }

  /// The headers of the request say it.
  @Override
  public @Nullable String getContentType() {
    return null;
  }

  @Override
  public @Nullable String getContentEncoding() {
    return null;
  }

  @Override
  public Set<String> getTrailerNames() {
    return Set.of();
  }

  @Override
  public void failed(Exception cause) {}

  @Override
  public void releaseResources() {}
}
