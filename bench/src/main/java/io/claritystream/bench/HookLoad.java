package io.claritystream.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/// Calls a webhook over connections that stay open, all on one thread: what the callers cost the
/// machine is to be little beside what they ask for.
///
/// Each call's body says when it was due, in microseconds since 1970, so that whoever reads the
/// execution later can tell what it waited for.
///
/// Not safe for threads; one run at a time.
final class HookLoad implements AutoCloseable {
  private static final int BUFFER_BYTES = 16 * 1024;
  private static final int DUE_DIGITS = 16;
  private static final long DRAIN_MS = 120_000;
  /// Calls that may be late; beyond it a call is not made.
  private static final int DUE_MAX = 20_000;

  private static final String END_OF_HEAD = "\r\n\r\n";

  /// How calls follow one another.
  sealed interface Pace {
    /// A caller calls again as soon as it is answered. While `hold` says so, none calls.
    record AsAnswered(Hold hold) implements Pace {}

    /// So many a second, whoever is answered.
    record AtRate(double perS) implements Pace {}
  }

  /// Whether callers are to wait.
  interface Hold {
    boolean now();
  }

  /// What became of the calls of one run.
  ///
  /// @param accepted that were answered 202
  /// @param refused that were answered 429 or 503
  /// @param skipped that were not made, because too many were late already
  /// @param micros from when a call was due until its answer had come
  record Calls(long accepted, long refused, long skipped, Histogram micros) {}

  private final InetSocketAddress address;
  private final Selector selector;
  private final List<Caller> callers = new ArrayList<>();
  private final Deque<Caller> idle = new ArrayDeque<>();
  private final Deque<Long> due = new ArrayDeque<>();
  private byte[] request = new byte[0];
  private int dueAt;
  private Histogram micros = Report.micros();
  private long accepted;
  private long refused;
  private long skipped;
  private boolean again;

  /// @param server `http://…`
  HookLoad(String server, int connections) {
    URI uri = URI.create(server);
    address = new InetSocketAddress(uri.getHost(), uri.getPort());
    try {
      selector = Selector.open();
      for (int i = 0; i < connections; i++) {
        Caller caller = new Caller();
        callers.add(caller);
        idle.add(caller);
      }
    } catch (IOException e) {
      throw new BenchFailedException("no connections can be made", e);
    }
  }

  /// What is sent to a path each time.
  private void prepare(String path) {
    String before = "{\"order\":{\"id\":\"A-1047\",\"lines\":[{\"sku\":\"P-1\",\"amount\":12.5},";
    before += "{\"sku\":\"P-2\",\"amount\":30}]},\"due_us\":";
    String body = before + "0".repeat(DUE_DIGITS) + "}";
    String head =
        "POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: application/json\r\nContent-Length: %d%s"
            .formatted(
                path, address.getHostString(), address.getPort(), body.length(), END_OF_HEAD);
    request = (head + body).getBytes(StandardCharsets.US_ASCII);
    dueAt = head.length() + before.length();
  }

  /// Calls for so long, and returns when all calls are answered.
  Calls call(String path, Pace pace, double seconds) {
    prepare(path);
    micros = Report.micros();
    accepted = 0;
    refused = 0;
    skipped = 0;
    due.clear();
    try {
      // The server may have ended connections that were idle since the run before.
      for (Caller caller : callers) {
        caller.connect();
      }
      switch (pace) {
        case Pace.AsAnswered asAnswered -> asAnswered(asAnswered.hold(), seconds);
        case Pace.AtRate atRate -> atRate(atRate.perS(), seconds);
      }
      again = false;
      long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(DRAIN_MS);
      while (idle.size() < callers.size() || !due.isEmpty()) {
        sendDue();
        turn(100);
        if (System.nanoTime() > deadline) {
          throw new BenchFailedException(
              "%d calls of the webhook are not answered"
                  .formatted(callers.size() - idle.size() + due.size()));
        }
      }
    } catch (IOException e) {
      throw new BenchFailedException("the server's connections: " + e.getMessage(), e);
    }
    return new Calls(accepted, refused, skipped, micros);
  }

  private void asAnswered(Hold hold, double seconds) throws IOException {
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (System.nanoTime() < end) {
      again = !hold.now();
      if (again) {
        for (Caller caller = idle.poll(); caller != null; caller = idle.poll()) {
          caller.send(Clocks.nowUs());
        }
      }
      turn(20);
    }
  }

  private void atRate(double perS, double seconds) throws IOException {
    again = false;
    long beganUs = Clocks.nowUs();
    long count = (long) (perS * seconds);
    for (long n = 0; n < count; ) {
      long nowUs = Clocks.nowUs();
      while (n < count && beganUs + (long) (n * 1e6 / perS) <= nowUs) {
        if (due.size() < DUE_MAX) {
          due.add(beganUs + (long) (n * 1e6 / perS));
        } else {
          skipped++;
        }
        n++;
      }
      sendDue();
      long leftUs = beganUs + (long) (n * 1e6 / perS) - Clocks.nowUs();
      // The selector waits in whole milliseconds. Asking it again until then would take a processor
      // from what is measured, so a call goes out late instead, which counts as its waiting.
      turn(leftUs <= 0 ? 0 : Math.max(1, leftUs / 1_000));
    }
  }

  private void sendDue() throws IOException {
    while (!due.isEmpty() && !idle.isEmpty()) {
      idle.remove().send(due.remove());
    }
  }

  private void turn(long waitMs) throws IOException {
    if (waitMs == 0) {
      selector.selectNow();
    } else {
      selector.select(waitMs);
    }
    for (SelectionKey key : selector.selectedKeys()) {
      ((Caller) key.attachment()).read();
    }
    selector.selectedKeys().clear();
  }

  @Override
  public void close() throws IOException {
    for (Caller caller : callers) {
      caller.channel.close();
    }
    selector.close();
  }

  /// One connection, with at most one call on its way.
  private final class Caller {
    private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private SocketChannel channel;
    private ByteBuffer out = ByteBuffer.allocate(0);
    private long dueUs;

    private Caller() throws IOException {
      channel = SocketChannel.open();
    }

    private void connect() throws IOException {
      channel.close();
      channel = SocketChannel.open(address);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_READ, this);
    }

    private void send(long at) throws IOException {
      dueUs = at;
      if (out.capacity() != request.length) {
        out = ByteBuffer.allocateDirect(request.length);
      }
      out.clear();
      out.put(request);
      long rest = at;
      for (int i = DUE_DIGITS - 1; i >= 0; i--, rest /= 10) {
        out.put(dueAt + i, (byte) ('0' + rest % 10));
      }
      out.flip();
      while (out.hasRemaining()) {
        // It is far smaller than what the kernel takes at once.
        channel.write(out);
      }
    }

    private void read() throws IOException {
      if (channel.read(in) < 0) {
        throw new IOException("in the middle of an answer");
      }
      String text = StandardCharsets.US_ASCII.decode(in.duplicate().flip()).toString();
      int head = text.indexOf(END_OF_HEAD);
      if (head < 0) {
        return;
      }
      String headers = text.substring(0, head).toLowerCase(Locale.ROOT);
      if (text.length() < head + END_OF_HEAD.length() + contentLength(headers)) {
        return;
      }
      in.clear();
      answered(text, headers.contains("\r\nconnection: close"));
    }

    private static int contentLength(String headers) {
      String name = "\r\ncontent-length:";
      int at = headers.indexOf(name);
      if (at < 0) {
        throw new BenchFailedException("an answer does not say its length: " + headers);
      }
      int end = headers.indexOf('\r', at + name.length());
      return Integer.parseInt(
          headers.substring(at + name.length(), end < 0 ? headers.length() : end).strip());
    }

    private void answered(String text, boolean close) throws IOException {
      switch (text.substring(9, 12)) {
        case "202" -> accepted++;
        case "429", "503" -> refused++;
        default -> throw new BenchFailedException("a webhook was answered: " + text);
      }
      Report.record(micros, Clocks.nowUs() - dueUs);
      if (close) {
        connect();
      }
      if (again) {
        send(Clocks.nowUs());
      } else {
        idle.add(this);
      }
    }
  }
}
