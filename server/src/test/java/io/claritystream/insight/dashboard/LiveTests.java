package io.claritystream.insight.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.TestServer;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.live.LiveHub;
import io.claritystream.base.live.LiveMessage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(60)
class LiveTests {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static TestServer server;
  private static LiveHub hub;

  @BeforeAll
  static void begin() {
    server = TestServer.start();
    hub = server.bean(LiveHub.class);
  }

  @AfterAll
  static void end() {
    server.close();
  }

  /// An open stream; the event `hello` was read.
  private record Stream(HttpResponse<java.io.InputStream> response, BufferedReader lines)
      implements AutoCloseable {
    static Stream open(String header, String value) throws Exception {
      var request = HttpRequest.newBuilder(server.url().resolve("/v1/live")).header(header, value);
      var response = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      assertThat(response.statusCode()).isEqualTo(200);
      var reader =
          new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
      var stream = new Stream(response, reader);
      assertThat(stream.next("hello").get("heartbeat_s").asInt()).isEqualTo(5);
      return stream;
    }

    static Stream of(ApiClient.Registered person) throws Exception {
      return open("Authorization", "Bearer " + person.accessToken());
    }

    /// The data of the next event of that name; null at the end of the stream.
    JsonNode next(String event) throws IOException {
      String name = null;
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("event: ")) {
          name = line.substring("event: ".length());
        } else if (line.startsWith("data: ") && event.equals(name)) {
          return JsonMapper.shared().readTree(line.substring("data: ".length()));
        }
      }
      return null;
    }

    @Override
    public void close() throws IOException {
      lines.close();
    }
  }

  private static LiveMessage.Readings reading(String key, long value, String time) {
    return new LiveMessage.Readings(
        List.of(
            new LiveMessage.Reading(
                new UUID(0, 1), null, key, BigDecimal.valueOf(value), Instant.parse(time), value)));
  }

  private static TenantId tenant(ApiClient.Registered person) {
    return TenantId.of(person.organizationId());
  }

  @Test
  void readings_reach_the_streams_of_their_tenant_and_no_other() throws Exception {
    var ours = server.client().register("live-ours@example.com");
    var theirs = server.client().register("live-theirs@example.com");
    try (var our = Stream.of(ours);
        var their = Stream.of(theirs)) {
      hub.publish(tenant(theirs), reading("secret", 1, "2026-11-20T12:00:00Z"));
      hub.publish(tenant(ours), reading("flow", 2, "2026-11-20T12:00:01Z"));

      var items = our.next("metrics").get("items");
      assertThat(items).hasSize(1);
      assertThat(items.get(0).get("key").asString()).isEqualTo("flow");
      assertThat(items.get(0).get("value").isNumber()).isTrue();
      assertThat(items.get(0).get("time").asString()).isEqualTo("2026-11-20T12:00:01Z");
      assertThat(items.get(0).get("site_id").isNull()).isTrue();
      assertThat(their.next("metrics").at("/items/0/key").asString()).isEqualTo("secret");
    }
  }

  @Test
  void a_stream_opens_with_the_cookie_too() throws Exception {
    var person = server.client().register("live-cookie@example.com");
    try (var stream = Stream.open("Cookie", "clarity_access=" + person.accessToken())) {
      hub.publish(tenant(person), reading("flow", 2, "2026-11-20T12:00:01Z"));
      assertThat(stream.next("metrics")).isNotNull();
    }
  }

  @Test
  void the_state_of_a_source_is_told() throws Exception {
    var person = server.client().register("live-source@example.com");
    try (var stream = Stream.of(person)) {
      var id = UUID.randomUUID();
      hub.publish(tenant(person), new LiveMessage.Source(id, Map.of("id", id, "state", "failed")));
      assertThat(stream.next("source").get("state").asString()).isEqualTo("failed");
    }
  }

  @Test
  void a_stream_ends_with_its_session_and_beats_until_then() throws Exception {
    var person = server.client().register("live-ends@example.com");
    try (var stream = Stream.of(person)) {
      assertThat(stream.next("heartbeat")).isNotNull();
      var out =
          person.client().post("/v1/auth/logout", Map.of("refresh_token", person.refreshToken()));
      assertThat(out.status()).isEqualTo(204);
      assertThat(stream.next("metrics")).isNull();
    }
  }

  @Test
  void streams_that_open_while_the_session_ends_end_with_it() throws Exception {
    var person = server.client().register("live-raced@example.com");
    var all = new CyclicBarrier(9);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var streams = new ArrayList<Future<Integer>>();
      for (var i = 0; i < 8; i++) {
        streams.add(
            threads.submit(
                () -> {
                  all.await();
                  return person.client().get("/v1/live").status();
                }));
      }
      all.await();
      assertThat(
              person
                  .client()
                  .post("/v1/auth/logout", Map.of("refresh_token", person.refreshToken()))
                  .status())
          .isEqualTo(204);
      for (var stream : streams) {
        assertThat(stream.get(20, TimeUnit.SECONDS)).isIn(200, 401);
      }
    }
    assertThat(person.client().get("/v1/live").status()).isEqualTo(401);
  }

  @Test
  void a_person_has_at_most_twenty_streams() throws Exception {
    var person = server.client().register("live-many@example.com");
    var open = new ArrayList<Stream>();
    try {
      for (var i = 0; i < LiveFeed.STREAMS_OF_PERSON_MAX; i++) {
        open.add(Stream.of(person));
      }
      assertThat(person.client().get("/v1/live").status()).isEqualTo(429);
    } finally {
      for (var stream : open) {
        stream.close();
      }
    }
  }

  @Test
  void streams_do_not_hold_up_the_end_of_the_server() throws Exception {
    var other = TestServer.start();
    var person = other.client().register("live-stop@example.com");
    var request =
        HttpRequest.newBuilder(other.url().resolve("/v1/live"))
            .header("Authorization", "Bearer " + person.accessToken());
    var response = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    assertThat(response.statusCode()).isEqualTo(200);
    var begun = System.nanoTime();

    other.close();

    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(3));
    response.body().close();
  }
}
