package io.claritystream.agent.uplink;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// An HTTP proxy as companies have them: asked to CONNECT, it passes bytes on, and may want a user
/// and a password first. Whatever host it is asked for, it leads to one port of this machine.
final class ConnectProxy implements AutoCloseable {
  private final ServerSocket listener;
  private final int target;
  private final @Nullable String credentials;
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  /// @param credentials `user:password`, or null if it lets everybody through
  ConnectProxy(int target, @Nullable String credentials) throws IOException {
    this.target = target;
    this.credentials = credentials;
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  /// What it was asked to connect to, each time.
  List<String> asked() {
    return List.copyOf(asked);
  }

  private void accept() {
    try {
      while (true) {
        var client = listener.accept();
        open.add(client);
        Thread.ofVirtual().start(() -> serve(client));
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private void serve(Socket client) {
    try (client) {
      // A client sends nothing behind its request before it has the answer.
      var in =
          new BufferedReader(
              new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
      var request = in.readLine().split(" ");
      String authorization = null;
      for (var line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
        if (line.regionMatches(true, 0, "proxy-authorization:", 0, 20)) {
          authorization = line.substring(20).strip();
        }
      }
      asked.add(request[1]);
      if (!request[0].equals("CONNECT")) {
        answer(client, "405 Method Not Allowed");
      } else if (request[1].startsWith("forbidden.")) {
        answer(client, "403 Forbidden");
      } else if (credentials != null && !basic(credentials).equals(authorization)) {
        answer(
            client, "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"");
      } else {
        pass(client);
      }
    } catch (IOException e) {
      // One of the two ends is gone, and the other goes with it.
    } finally {
      open.remove(client);
    }
  }

  private void pass(Socket client) throws IOException {
    try (var server = new Socket(InetAddress.getLoopbackAddress(), target)) {
      open.add(server);
      answer(client, "200 Connection established");
      Thread.ofVirtual()
          .start(
              () -> {
                try (client) {
                  server.getInputStream().transferTo(client.getOutputStream());
                } catch (IOException e) {
                  // As above.
                }
              });
      client.getInputStream().transferTo(server.getOutputStream());
      open.remove(server);
    }
  }

  private static void answer(Socket client, String status) throws IOException {
    client
        .getOutputStream()
        .write(("HTTP/1.1 " + status + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
  }

  private static String basic(String credentials) {
    return "Basic "
        + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (var socket : open) {
      socket.close();
    }
  }
}
