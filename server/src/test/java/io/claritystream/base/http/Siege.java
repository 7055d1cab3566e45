package io.claritystream.base.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import io.claritystream.base.http.Wire.Reply;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.http.MediaType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Sends attacks, counts what they are answered, and says which answers are none.
///
/// @param leaver whose session is not needed afterwards
record Siege(TestServer server, Registered owner, Registered stranger, Registered leaver) {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int THREADS = 4;

  /// The owner, who gets further, sends all; a stranger every fifth.
  private List<Registered> by(Attack attack) {
    if (attack.target().startsWith("/v1/auth/")) {
      return List.of(leaver);
    }
    return (attack.target().hashCode() + Arrays.hashCode(attack.body())) % 5 == 0
        ? List.of(owner, stranger)
        : List.of(owner);
  }

  /// Sends each, from several at once.
  void hold(String what, List<Attack> attacks) throws Exception {
    long begun = System.nanoTime();
    Queue<Attack> left = new ConcurrentLinkedQueue<>(attacks);
    Queue<String> broken = new ConcurrentLinkedQueue<>();
    Map<Integer, AtomicInteger> counts = new ConcurrentHashMap<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int at = 0; at < THREADS; at++) {
        all.add(
            threads.submit(
                () -> {
                  try (Wire wire = new Wire(server.url().getPort())) {
                    for (Attack attack = left.poll(); attack != null; attack = left.poll()) {
                      for (Registered who : by(attack)) {
                        String fault = fault(wire, attack, who, counts);
                        if (!fault.isEmpty()) {
                          broken.add(fault + " " + who.email() + " " + attack);
                        }
                      }
                    }
                  }
                  return null;
                }));
      }
      for (var one : all) {
        one.get();
      }
    }
    System.out.printf(
        "hostile requests, %s: %d over %d routes in %d ms, by status %s%n",
        what,
        attacks.stream().mapToInt(attack -> by(attack).size()).sum(),
        attacks.stream().map(Attack::route).distinct().count(),
        Duration.ofNanos(System.nanoTime() - begun).toMillis(),
        new TreeMap<>(counts));
    assertThat(broken.stream().limit(60).toList()).as("%d in all", broken.size()).isEmpty();
  }

  private String fault(
      Wire wire, Attack attack, Registered who, Map<Integer, AtomicInteger> counts) {
    Reply reply;
    try {
      reply = wire.send(attack.bytes(server, who));
    } catch (IOException | RuntimeException unanswered) {
      return "unanswered, " + unanswered;
    }
    counts.computeIfAbsent(reply.status(), status -> new AtomicInteger()).incrementAndGet();
    if (reply.status() < 400) {
      return "";
    }
    String at = "status " + reply.status();
    // RFC 9112 wants 501 for a transfer coding that the server does not know.
    boolean may =
        reply.status() == 503
            ? !reply.header("retry-after").isEmpty()
            : reply.status() == 501 && attack.headers().contains("Transfer-Encoding: gzip");
    if (reply.status() >= 500 && !may) {
      return at + " " + reply.body();
    }
    if (!reply.header("content-type").startsWith(MediaType.APPLICATION_PROBLEM_JSON_VALUE)) {
      return at + " is no problem but " + reply.header("content-type");
    }
    JsonNode problem = JSON.readTree(reply.body());
    return problem.path("code").asString("").isEmpty()
            || problem.path("status").asInt(0) != reply.status()
            || reply.body().contains("Exception")
        ? at + " says too little or too much: " + reply.body()
        : "";
  }
}
