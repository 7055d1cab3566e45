package io.claritystream.embedded.up;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The few requests the supervisor makes of the server it started. The JDK's old client is enough,
/// and a third of the memory of the new one.
final class Http {
  private static final int TIMEOUT_MS = 20_000;

  private final String base;

  Http(String base) {
    this.base = base;
  }

  record Answer(int status, String body) {
    /// A text field of the answer whose value needs no unescaping: a token, a code, a URL.
    Optional<String> field(String name) {
      Matcher matcher = Pattern.compile("\"" + name + "\"\\s*:\\s*\"([^\"\\\\]*)\"").matcher(body);
      return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
    }
  }

  /// Whether a GET is answered with 200.
  boolean ok(String path) {
    try {
      return get(path, Optional.empty()).status() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  Answer get(String path, Optional<String> bearer) throws IOException {
    return answer(connection("GET", path, bearer));
  }

  Answer post(String path, Optional<String> bearer, String json) throws IOException {
    HttpURLConnection connection = connection("POST", path, bearer);
    connection.setDoOutput(true);
    connection.setRequestProperty("Content-Type", "application/json");
    try (var out = connection.getOutputStream()) {
      out.write(json.getBytes(StandardCharsets.UTF_8));
    }
    return answer(connection);
  }

  private HttpURLConnection connection(String method, String path, Optional<String> bearer)
      throws IOException {
    var connection = (HttpURLConnection) URI.create(base + path).toURL().openConnection();
    connection.setRequestMethod(method);
    connection.setConnectTimeout(TIMEOUT_MS);
    connection.setReadTimeout(TIMEOUT_MS);
    connection.setInstanceFollowRedirects(false);
    bearer.ifPresent(token -> connection.setRequestProperty("Authorization", "Bearer " + token));
    return connection;
  }

  private static Answer answer(HttpURLConnection connection) throws IOException {
    int status = connection.getResponseCode();
    try (InputStream body =
        status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
      return new Answer(
          status, body == null ? "" : new String(body.readAllBytes(), StandardCharsets.UTF_8));
    }
  }
}
