package io.claritystream;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A client of the API over real HTTP; each `with` gives a new one.
public final class ApiClient {

  private static final HttpClient HTTP =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
  private static final JsonMapper JSON = JsonMapper.shared();

  private final URI url;
  private final Map<String, String> headers;

  /// Of a server in a process of its own.
  public static ApiClient of(URI url) {
    return new ApiClient(url);
  }

  ApiClient(URI url) {
    this(url, Map.of());
  }

  private ApiClient(URI url, Map<String, String> headers) {
    this.url = url;
    this.headers = headers;
  }

  /// An answer; `body` is a missing node where there was none or it was not JSON.
  public record Answer(HttpResponse<String> response, JsonNode body) {
    public int status() {
      return response.statusCode();
    }

    public String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }

    /// The text at a path such as `organization.name`, or the empty text.
    public String text(String path) {
      return body.at("/" + path.replace('.', '/')).asString("");
    }
  }

  /// A person who has just registered.
  public record Registered(ApiClient client, String email, String password, JsonNode session) {
    public String refreshToken() {
      return session.get("refresh_token").asString();
    }

    public String accessToken() {
      return session.get("access_token").asString();
    }

    public String organizationId() {
      return session.at("/organization/id").asString();
    }
  }

  public ApiClient with(String header, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(header, value);
    return new ApiClient(url, more);
  }

  public ApiClient bearer(String accessToken) {
    return with("Authorization", "Bearer " + accessToken);
  }

  /// A new owner of a new organization, and a client that acts as them.
  public Registered register(String email) {
    String password = "a long enough secret of " + email;
    Answer answer = post("/v1/auth/register", registration(email, password));
    if (answer.status() != 201) {
      throw new AssertionError("not registered: " + answer.response().body());
    }
    return new Registered(
        bearer(answer.body().get("access_token").asString()), email, password, answer.body());
  }

  public static Map<String, Object> registration(String email, String password) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("email", email);
    body.put("password", password);
    body.put("name", "Ada Lovelace");
    body.put(
        "organization",
        Map.of("name", "Northgate", "industry", "food-and-beverage", "region", "eu-west"));
    return body;
  }

  public Answer get(String path) {
    return send("GET", path, null);
  }

  public Answer post(String path, Object body) {
    return send("POST", path, body instanceof String text ? text : JSON.writeValueAsString(body));
  }

  public Answer send(String method, String path, String body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url.resolve(path))
            .timeout(Duration.ofSeconds(20))
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (body != null && !headers.containsKey("Content-Type")) {
      request.header("Content-Type", "application/json");
    }
    headers.forEach(request::header);
    try {
      HttpResponse<String> response = HTTP.send(request.build(), BodyHandlers.ofString());
      return new Answer(response, parse(response));
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(stopped);
    }
  }

  /// Reads a stream line by line until it ends.
  public void lines(String path, Consumer<String> line) {
    HttpRequest.Builder request = HttpRequest.newBuilder(url.resolve(path)).GET();
    headers.forEach(request::header);
    try {
      HTTP.send(request.build(), BodyHandlers.ofLines()).body().forEach(line);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(stopped);
    }
  }

  private static JsonNode parse(HttpResponse<String> response) {
    boolean json =
        response
            .headers()
            .firstValue("Content-Type")
            .filter(type -> type.contains("json"))
            .isPresent();
    return json && !response.body().isEmpty() ? JSON.readTree(response.body()) : JSON.missingNode();
  }
}
