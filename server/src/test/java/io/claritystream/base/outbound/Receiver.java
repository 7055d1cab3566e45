package io.claritystream.base.outbound;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/// A server that does, byte by byte, what a test says; and counts who came.
final class Receiver implements AutoCloseable {

  /// What is done with one connection, in a thread of its own.
  @FunctionalInterface
  interface Script {
    void serve(Socket socket, InputStream in, OutputStream out) throws Exception;
  }

  private final ServerSocket listener;
  private final Script script;
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger ended = new AtomicInteger();
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  final List<String> requests = new CopyOnWriteArrayList<>();

  private Receiver(ServerSocket listener, Script script) {
    this.listener = listener;
    this.script = script;
    Thread.ofPlatform().daemon().start(this::accept);
  }

  static Receiver at(String address, int port, Script script) throws IOException {
    ServerSocket listener = new ServerSocket();
    listener.bind(new InetSocketAddress(InetAddress.ofLiteral(address), port), 200);
    return new Receiver(listener, script);
  }

  static Receiver start(Script script) throws IOException {
    return at("127.0.0.1", 0, script);
  }

  static Receiver tls(SSLContext tls, Script script) throws IOException {
    ServerSocket listener = tls.getServerSocketFactory().createServerSocket();
    listener.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 200);
    return new Receiver(listener, script);
  }

  /// Answers every request of a connection with the same bytes.
  static Script always(String answer) {
    return always(answer.getBytes(StandardCharsets.ISO_8859_1));
  }

  static Script always(byte[] answer) {
    return (socket, in, out) -> {
      while (readRequest(in) != null) {
        out.write(answer);
        out.flush();
      }
    };
  }

  static String ok(String body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
  }

  static String moved(int status, String location) {
    return "HTTP/1.1 "
        + status
        + " Moved\r\nLocation: "
        + location
        + "\r\nContent-Length: 0\r\n\r\n";
  }

  int port() {
    return listener.getLocalPort();
  }

  int connections() {
    return connections.get();
  }

  /// Connections that the script is done with, and closed.
  int ended() {
    return ended.get();
  }

  String url(String path) {
    return "http://127.0.0.1:" + port() + path;
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        connections.incrementAndGet();
        open.add(socket);
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      script.serve(socket, new Noting(socket.getInputStream()), socket.getOutputStream());
    } catch (Exception gone) {
      // The client went: that is what many of these tests are about.
    } finally {
      ended.incrementAndGet();
    }
  }

  /// One request with its body, or null at the end of the connection.
  static @Nullable String readRequest(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    int last = 0;
    for (int at = in.read(); at >= 0; at = in.read()) {
      head.write(at);
      last = last << 8 | at;
      if (last == 0x0d0a0d0a) {
        String text = head.toString(StandardCharsets.ISO_8859_1);
        int length = 0;
        for (String line : text.split("\r\n")) {
          if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
            length = Integer.parseInt(line.substring(15).strip());
          }
        }
        String whole = text + new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
        if (in instanceof Noting noting) {
          noting.note(whole);
        }
        return whole;
      }
    }
    return null;
  }

  /// Closes a connection as a crash does, with a reset.
  static void reset(Socket socket) throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : open) {
      socket.close();
    }
  }

  private final class Noting extends java.io.FilterInputStream {
    private Noting(InputStream in) {
      super(in);
    }

    private void note(String request) {
      requests.add(request);
    }
  }
}
