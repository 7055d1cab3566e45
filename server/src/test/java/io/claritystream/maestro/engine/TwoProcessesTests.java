package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Two servers of the roles `api` and `maestro` on one database: what a plan allows, whose turn it
/// is, and what a cancel does, wherever an execution runs.
class TwoProcessesTests {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private EngineRig rig;
  private TestServer other;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  @BeforeEach
  void begin() {
    rig = EngineRig.start(Map.of());
    var settings = new LinkedHashMap<>(rig.server.database().settings());
    settings.put("clarity.roles", "api,maestro");
    settings.put("clarity.outbound.allow", "127.0.0.1/32:*");
    settings.put(
        "clarity.crypto.master-key-file", rig.server.setting("clarity.crypto.master-key-file"));
    other = TestServer.start(settings);
  }

  @AfterEach
  void end() {
    threads.shutdownNow();
    other.close();
    rig.close();
  }

  private void plan(String column, int value) {
    rig.server
        .database()
        .superuser()
        .sql("UPDATE control.plan SET " + column + " = " + value)
        .update();
  }

  private static String calling(String url) {
    return """
        {"name": "Calls", "triggers": [{"id": "api", "type": "api"}],
         "steps": [{"id": "call", "type": "http_request", "timeout_ms": 60000, "config": {"method": "POST", "url": "%s"}}],
         "edges": [{"from": "api", "to": "call"}]}
        """
        .formatted(url);
  }

  private static final String PURE =
      """
      {"name": "Pure", "triggers": [{"id": "api", "type": "api"}],
       "steps": [{"id": "set", "type": "set", "config": {"values": {"a": 1}}}],
       "edges": [{"from": "api", "to": "set"}]}
      """;

  private List<UUID> start(TestServer at, Registered by, EngineRig.Workflow workflow, int count) {
    var inputs = new ArrayList<Map<String, Integer>>();
    for (var i = 0; i < count; i++) {
      inputs.add(Map.of("i", i));
    }
    var answer =
        at.client()
            .bearer(by.accessToken())
            .post("/v1/workflows/" + workflow.id() + "/executions", Map.of("inputs", inputs));
    assertThat(answer.status()).as(answer.response().body()).isEqualTo(202);
    var ids = new ArrayList<UUID>();
    answer.body().get("execution_ids").forEach(id -> ids.add(UUID.fromString(id.asString())));
    return ids;
  }

  private long count(String condition) {
    return rig.server
        .database()
        .superuser()
        .sql("SELECT count(*) FROM maestro.execution WHERE " + condition)
        .query(Long.class)
        .single();
  }

  /// Takes calls and answers none.
  private static final class Silent implements AutoCloseable {
    private final ServerSocket socket;
    private final BlockingQueue<CompletableFuture<Void>> calls = new LinkedBlockingQueue<>();

    private Silent() throws IOException {
      socket = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
      Thread.ofVirtual().start(this::take);
    }

    private void take() {
      try {
        while (true) {
          var call = socket.accept();
          Thread.ofVirtual().start(() -> read(call));
        }
      } catch (IOException e) {
        // Closed.
      }
    }

    private void read(Socket call) {
      try (call) {
        var in = call.getInputStream();
        if (in.read() < 0) {
          return;
        }
        var closed = new CompletableFuture<Void>();
        calls.add(closed);
        try {
          while (in.read() >= 0) {
            // The rest of the call.
          }
        } catch (IOException e) {
          // Reset: closed as well.
        }
        closed.complete(null);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private String url() {
      return "http://127.0.0.1:" + socket.getLocalPort() + "/";
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Test
  void a_cancel_ends_an_execution_at_once_and_its_call_within_seconds_whichever_process_runs_it()
      throws Exception {
    try (var silent = new Silent()) {
      var workflow = rig.publish(calling(silent.url()));
      for (var round = 0; round < 10; round++) {
        var cancelsAt = round % 2 == 0 ? rig.server : other;
        var execution = start(rig.server, rig.owner, workflow, 1).getFirst();
        var closed = silent.calls.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(closed).isNotNull().isNotDone();
        var beganNs = System.nanoTime();

        var answer =
            cancelsAt
                .client()
                .bearer(rig.owner.accessToken())
                .post("/v1/executions/" + execution + "/cancel", "");

        assertThat(answer.status()).as(answer.response().body()).isEqualTo(200);
        assertThat(answer.text("status")).isEqualTo("canceled");
        closed.get(5, TimeUnit.SECONDS);
        System.out.printf(
            "cancel at %s: the receiver saw the end after %d ms%n",
            cancelsAt == other ? "the other process" : "the same process",
            (System.nanoTime() - beganNs) / 1_000_000);
        var again =
            cancelsAt
                .client()
                .bearer(rig.owner.accessToken())
                .post("/v1/executions/" + execution + "/cancel", "");
        assertThat(again.status()).isEqualTo(409);
      }
    }
  }

  /// Counts how many calls it has at a time, and keeps each until it is let go or for a while.
  private final class Busy implements AutoCloseable {
    private final HttpServer server;
    private final AtomicInteger now = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private final AtomicInteger all = new AtomicInteger();
    private final CountDownLatch letGo = new CountDownLatch(1);
    private final long keptMs;

    private Busy(long keptMs) throws IOException {
      this.keptMs = keptMs;
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 2_000);
      server.setExecutor(threads);
      server.createContext("/", this::keep);
      server.start();
    }

    private void keep(HttpExchange call) throws IOException {
      call.getRequestBody().readAllBytes();
      all.incrementAndGet();
      most.accumulateAndGet(now.incrementAndGet(), Math::max);
      try {
        letGo.await(keptMs, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      now.decrementAndGet();
      try (call) {
        var body = "{}".getBytes(StandardCharsets.UTF_8);
        call.sendResponseHeaders(200, body.length);
        call.getResponseBody().write(body);
      }
    }

    private String url() {
      return "http://127.0.0.1:" + server.getAddress().getPort() + "/";
    }

    @Override
    public void close() {
      letGo.countDown();
      server.stop(0);
    }
  }

  @Test
  void both_processes_together_never_run_more_of_a_tenant_at_once_than_its_plan_allows()
      throws IOException {
    plan("executions_at_once_max", 10);
    try (var busy = new Busy(40)) {
      var workflow = rig.publish(calling(busy.url()));
      for (var round = 0; round < 4; round++) {
        start(rig.server, rig.owner, workflow, 40);
        start(other, rig.owner, workflow, 40);
      }
      await("all have ended").atMost(PATIENCE).until(() -> count("status = 'success'") == 320);
      assertThat(busy.most.get()).isBetween(6, 10);
      assertThat(busy.all.get()).isEqualTo(320);
    }
  }

  @Test
  void a_tenant_with_a_thousand_slow_executions_keeps_no_other_from_starting() throws IOException {
    var stranger = rig.server.client().register("stranger@example.com");
    try (var busy = new Busy(2_000)) {
      var slow = rig.publish(calling(busy.url()));
      var quick = rig.publish(stranger, PURE);
      start(rig.server, rig.owner, slow, 500);
      start(other, rig.owner, slow, 500);
      await("they run").atMost(PATIENCE).until(() -> busy.now.get() > 20);
      for (var i = 0; i < 40; i++) {
        start(i % 2 == 0 ? rig.server : other, stranger, quick, 1);
      }
      await("the stranger's have ended")
          .atMost(PATIENCE)
          .until(() -> count("workflow_id = '" + quick.id() + "' AND status = 'success'") == 40);
      assertThat(count("workflow_id = '" + slow.id() + "' AND NOT ended"))
          .as("the slow ones go on meanwhile")
          .isGreaterThan(100);
      var p99 =
          rig.server
              .database()
              .superuser()
              .sql(
                  """
                  SELECT percentile_disc(0.99) WITHIN GROUP (
                    ORDER BY extract(epoch FROM finished_at - created_at) * 1000)
                  FROM maestro.execution WHERE workflow_id = :workflow
                  """)
              .param("workflow", quick.id())
              .query(Double.class)
              .single();
      System.out.printf("beside 1,000 slow ones another's took p99 %.1f ms%n", p99);
      assertThat(p99).isLessThan(10_000);
    }
  }

  @Test
  void beyond_the_plans_backlog_is_429_and_what_was_taken_in_is_run() throws IOException {
    plan("executions_at_once_max", 2);
    plan("executions_backlog_max", 60);
    try (var busy = new Busy(60_000)) {
      var workflow = rig.publish(calling(busy.url()));
      start(rig.server, rig.owner, workflow, 20);
      await("the plan is known").atMost(PATIENCE).until(() -> busy.now.get() == 2);
      var accepted = 20;
      String retryAfter = null;
      for (var i = 0; i < 100 && retryAfter == null; i++) {
        var answer =
            rig.owner
                .client()
                .post(
                    "/v1/workflows/" + workflow.id() + "/executions",
                    Map.of("inputs", List.of(1, 2, 3, 4, 5)));
        if (answer.status() == 202) {
          accepted += 5;
        } else {
          assertThat(answer.status()).as(answer.response().body()).isEqualTo(429);
          retryAfter = answer.header("Retry-After");
        }
      }
      assertThat(retryAfter).isNotNull().isNotEmpty();
      assertThat(accepted).isBetween(55, 70);
      busy.letGo.countDown();
      var all = accepted;
      await("all that was taken in has ended")
          .atMost(PATIENCE)
          .until(() -> count("status = 'success'") == all);
      assertThat(count("true")).isEqualTo(all);
    }
  }
}
