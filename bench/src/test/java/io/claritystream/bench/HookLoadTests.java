package io.claritystream.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HookLoadTests {
  private static final int CONNECTIONS = 4;

  private final Queue<String> bodies = new ConcurrentLinkedQueue<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private HttpServer server;
  private volatile int status = 202;
  private volatile boolean ends;

  @BeforeEach
  void listens() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/hooks/",
        exchange -> {
          bodies.add(new String(exchange.getRequestBody().readAllBytes()));
          byte[] answer = "{\"execution_id\":\"x\"}".getBytes();
          if (ends) {
            exchange.getResponseHeaders().add("Connection", "close");
          }
          exchange.sendResponseHeaders(status, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void ends() {
    server.stop(0);
    threads.close();
  }

  private HookLoad.Calls call(HookLoad.Pace pace, double seconds) throws IOException {
    try (HookLoad load =
        new HookLoad("http://127.0.0.1:" + server.getAddress().getPort(), CONNECTIONS)) {
      return load.call("/hooks/token", pace, seconds);
    }
  }

  @Test
  void each_call_counts_once_and_says_when_it_was_due() throws Exception {
    long before = Clocks.nowUs();
    HookLoad.Calls calls = call(new HookLoad.Pace.AsAnswered(() -> false), 0.3);
    assertThat(calls.accepted()).isEqualTo(bodies.size()).isGreaterThan(CONNECTIONS);
    assertThat(calls.micros().getTotalCount()).isEqualTo(calls.accepted());
    for (String body : List.copyOf(bodies)) {
      assertThat(Api.JSON.readTree(body).path("due_us").asLong()).isBetween(before, Clocks.nowUs());
    }
  }

  @Test
  void nobody_calls_while_callers_are_held() throws Exception {
    assertThat(call(new HookLoad.Pace.AsAnswered(() -> true), 0.2).accepted()).isZero();
    assertThat(bodies).isEmpty();
  }

  @Test
  void at_a_rate_as_many_are_called_as_the_time_asks_for() throws Exception {
    HookLoad.Calls calls = call(new HookLoad.Pace.AtRate(200), 0.5);
    assertThat(calls.accepted()).isEqualTo(100).isEqualTo(bodies.size());
    assertThat(calls.skipped()).isZero();
  }

  @Test
  void a_connection_that_an_answer_ends_is_made_again() throws Exception {
    ends = true;
    assertThat(call(new HookLoad.Pace.AtRate(200), 0.2).accepted()).isEqualTo(40);
  }

  @Test
  void what_is_refused_is_not_accepted() throws Exception {
    status = 429;
    HookLoad.Calls calls = call(new HookLoad.Pace.AtRate(100), 0.1);
    assertThat(calls.refused()).isEqualTo(10);
    assertThat(calls.accepted()).isZero();
  }
}
