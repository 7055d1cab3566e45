package io.claritystream.base.http;

import io.claritystream.TestServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/// Sends what no client library would, byte for byte.
final class RawHttp {

  /// The answer, up to the end of the connection. `{host}` in the request is the server's own.
  static String send(TestServer server, String request) {
    int port = server.url().getPort();
    try (Socket socket = new Socket("localhost", port)) {
      socket.setSoTimeout(10_000);
      String filled = request.replace("{host}", "localhost:" + port);
      socket.getOutputStream().write(filled.getBytes(StandardCharsets.UTF_8));
      socket.getOutputStream().flush();
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  private RawHttp() {}
}
