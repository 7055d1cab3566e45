package io.claritystream.base.http;

import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// A request that nobody who means well would send.
///
/// @param headers lines of them
record Attack(String route, String method, String target, List<String> headers, byte[] body) {

  @Override
  public String toString() {
    String sent = new String(body, 0, Math.min(body.length, 200), StandardCharsets.UTF_8);
    String where = target.substring(0, Math.min(target.length(), 200));
    return route + ": " + method + " " + where + " " + headers + " " + sent;
  }

  byte[] bytes(TestServer server, Registered who) {
    StringBuilder head = new StringBuilder();
    head.append(method).append(' ').append(target).append(" HTTP/1.1\r\n");
    head.append("Host: localhost:").append(server.url().getPort()).append("\r\n");
    head.append("Authorization: Bearer ").append(who.accessToken()).append("\r\n");
    headers.forEach(header -> head.append(header).append("\r\n"));
    boolean typed = headers.stream().anyMatch(header -> header.startsWith("Content-Type"));
    if (body.length > 0 && !typed) {
      head.append("Content-Type: application/json\r\n");
    }
    head.append("Content-Length: ").append(body.length).append("\r\n\r\n");
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.writeBytes(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    request.writeBytes(body);
    return request.toByteArray();
  }
}
