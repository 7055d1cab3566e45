package io.claritystream.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// The public API as a signed-in person uses it.
final class Api {
  static final ObjectMapper JSON = new ObjectMapper();
  private static final long READY_PATIENCE_MS = 60_000;
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT).build();
  private final String url;
  private String email = "";
  private String password = "";
  private volatile String token = "";

  Api(String url) {
    this.url = url;
  }

  /// Waits until the server says that it can work.
  void awaitReady() throws InterruptedException {
    for (long waited = 0; waited < READY_PATIENCE_MS; waited += 100) {
      try {
        text("/actuator/health/readiness");
        return;
      } catch (BenchFailedException e) {
        TimeUnit.MILLISECONDS.sleep(100);
      }
    }
    throw new BenchFailedException("the server did not become ready");
  }

  /// Makes a workspace of our own.
  void register() {
    email = "bench-" + UUID.randomUUID() + "@example.com";
    password = UUID.randomUUID().toString();
    ObjectNode body = JSON.createObjectNode();
    body.put("email", email).put("password", password).put("name", "Bench").put("session", "token");
    body.putObject("organization")
        .put("name", "Bench")
        .put("industry", "food-and-beverage")
        .put("region", "eu-west");
    token = post("/v1/auth/register", body).path("access_token").asText();
  }

  void signIn(String withEmail, String withPassword) {
    email = withEmail;
    password = withPassword;
    signIn();
  }

  /// Tokens are good for some minutes; a measurement may take longer.
  void signIn() {
    ObjectNode body = JSON.createObjectNode();
    body.put("email", email).put("password", password).put("session", "token");
    token = post("/v1/auth/login", body).path("access_token").asText();
  }

  JsonNode post(String path, ObjectNode body) {
    return answer(
        request(path)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
            .timeout(TIMEOUT)
            .build());
  }

  JsonNode get(String path) {
    return answer(request(path).GET().timeout(TIMEOUT).build());
  }

  /// A page that is no JSON.
  String text(String path) {
    try {
      HttpResponse<String> response =
          client.send(
              request(path).GET().timeout(TIMEOUT).build(), HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new BenchFailedException(path + " was answered " + response.statusCode());
      }
      return response.body();
    } catch (IOException e) {
      throw new BenchFailedException("the server does not answer " + path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchFailedException("interrupted", e);
    }
  }

  /// Good for some minutes.
  String token() {
    return token;
  }

  /// What signs in again later.
  ObjectNode credentials() {
    return JSON.createObjectNode().put("email", email).put("password", password);
  }

  /// The microseconds until the first byte of an answer's body had come; all of it is read.
  long firstByteUs(String path) {
    long from = System.nanoTime();
    try {
      HttpResponse<InputStream> response =
          client.send(
              request(path).GET().timeout(TIMEOUT).build(),
              HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        int first = body.read();
        long us = (System.nanoTime() - from) / 1_000;
        byte[] rest = body.readAllBytes();
        if (response.statusCode() != 200 || first < 0) {
          throw new BenchFailedException(
              "%s was answered %d: %s%s"
                  .formatted(
                      path,
                      response.statusCode(),
                      (char) first,
                      new String(rest, StandardCharsets.UTF_8)));
        }
        return us;
      }
    } catch (IOException e) {
      throw new BenchFailedException("the server does not answer " + path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchFailedException("interrupted", e);
    }
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path));
    return token.isEmpty() ? request : request.header("Authorization", "Bearer " + token);
  }

  private JsonNode answer(HttpRequest request) {
    try {
      HttpResponse<String> response =
          client.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
      if (response.statusCode() >= 300) {
        throw new BenchFailedException(
            "%s %s was answered %d: %s"
                .formatted(
                    request.method(),
                    request.uri().getPath(),
                    response.statusCode(),
                    response.body()));
      }
      return JSON.readTree(response.body());
    } catch (IOException e) {
      throw new BenchFailedException("the server does not answer " + request.uri().getPath(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchFailedException("interrupted", e);
    }
  }

  /// What the server pushes to a dashboard, on a thread of its own until it is closed.
  ///
  /// @param metrics takes the data of each `metrics` event, as soon as its last line has come
  Live live(Consumer<String> metrics) {
    try {
      HttpResponse<InputStream> response =
          client.send(
              request("/v1/live").header("Accept", "text/event-stream").GET().build(),
              HttpResponse.BodyHandlers.ofInputStream());
      if (response.statusCode() != 200) {
        throw new BenchFailedException("/v1/live was answered " + response.statusCode());
      }
      return new Live(response.body(), metrics);
    } catch (IOException e) {
      throw new BenchFailedException("the server does not answer /v1/live", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchFailedException("interrupted", e);
    }
  }

  /// A stream of server-sent events that is being read.
  static final class Live implements AutoCloseable {
    private final InputStream stream;
    private volatile boolean closed;
    private volatile boolean broken;

    private Live(InputStream stream, Consumer<String> metrics) {
      this.stream = stream;
      Thread.ofPlatform().name("reads-live").daemon().start(() -> read(metrics));
    }

    private void read(Consumer<String> metrics) {
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8), 1 << 16)) {
        String event = "";
        StringBuilder data = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (line.isEmpty()) {
            if (event.equals("metrics")) {
              metrics.accept(data.toString());
            }
            event = "";
            data.setLength(0);
          } else if (line.startsWith("event:")) {
            event = line.substring(6).strip();
          } else if (line.startsWith("data:")) {
            data.append(line, line.startsWith("data: ") ? 6 : 5, line.length());
          }
        }
        broken = !closed;
      } catch (IOException e) {
        broken = !closed;
      }
    }

    /// Whether the server ended it.
    boolean broken() {
      return broken;
    }

    @Override
    public void close() throws IOException {
      closed = true;
      stream.close();
    }
  }
}
