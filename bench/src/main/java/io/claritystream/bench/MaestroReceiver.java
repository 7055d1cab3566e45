package io.claritystream.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// What workflows call: it honours the Idempotency-Key, and misbehaves otherwise. Each key has its
/// effect once, and whoever comes again with it is told what the first was told. How it answers a
/// try follows from the seed, the key and the number of the try: late, with 500, not at all, or
/// with a connection that breaks after the effect.
final class MaestroReceiver implements AutoCloseable {
  /// Longer than the steps wait.
  private static final long NEVER_MS = 3_000;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, Effect> effects = new ConcurrentHashMap<>();
  private final Map<String, Set<String>> keys = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> tries = new ConcurrentHashMap<>();
  private final AtomicLong numbers = new AtomicLong();
  private final List<String> oddities = java.util.Collections.synchronizedList(new ArrayList<>());
  private volatile long seed;
  private volatile boolean calm;

  /// What was done for a key.
  ///
  /// @param of the execution and its step
  record Effect(String of, long number) {}

  MaestroReceiver() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1_000);
    } catch (IOException e) {
      throw new BenchFailedException("no port for the receiver", e);
    }
    server.setExecutor(threads);
    server.createContext("/effect", this::answerOrBreak);
    server.createContext("/refuse", exchange -> tell(exchange, 400, "{\"error\":\"refused\"}"));
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /// Forgets all, and misbehaves by another seed from now on.
  void begin(long newSeed) {
    seed = newSeed;
    calm = false;
    effects.clear();
    keys.clear();
    tries.clear();
    oddities.clear();
  }

  /// Answers every call from now on.
  void calm() {
    calm = true;
  }

  /// The keys under which a step of an execution had its effect.
  Map<String, Set<String>> keysOfSteps() {
    return keys;
  }

  /// What a step of an execution has done; null if nothing.
  @Nullable Effect effect(String of) {
    Set<String> under = keys.get(of);
    return under == null ? null : effects.get(under.iterator().next());
  }

  int effects() {
    return effects.size();
  }

  List<String> oddities() {
    return List.copyOf(oddities);
  }

  private void answerOrBreak(HttpExchange exchange) throws IOException {
    try {
      answer(exchange);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      exchange.close();
    }
  }

  private void answer(HttpExchange exchange) throws IOException, InterruptedException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    String key = exchange.getRequestHeaders().getFirst("Idempotency-Key");
    JsonNode asked = Api.JSON.readTree(body);
    String of = asked.path("execution").asText() + "/" + asked.path("step").asText();
    if (key == null || asked.path("execution").isMissingNode()) {
      oddities.add("a call without key or execution: " + new String(body, StandardCharsets.UTF_8));
      tell(exchange, 422, "{}");
      return;
    }
    int attempt = tries.computeIfAbsent(key, k -> new AtomicInteger()).incrementAndGet();
    int whim =
        calm ? 100 : new SplittableRandom(seed ^ key.hashCode() * 31L + attempt).nextInt(100);
    if (whim < 8) {
      tell(exchange, 500, "{\"error\":\"by chance\"}");
      return;
    }
    if (whim < 12) {
      exchange.close();
      return;
    }
    if (whim < 22) {
      TimeUnit.MILLISECONDS.sleep(20 + whim * 20L);
    }
    Effect effect =
        effects.computeIfAbsent(
            key,
            k -> {
              keys.computeIfAbsent(of, o -> ConcurrentHashMap.newKeySet()).add(k);
              return new Effect(of, numbers.incrementAndGet());
            });
    if (!effect.of().equals(of)) {
      oddities.add("key " + key + " came from " + effect.of() + " and from " + of);
    }
    if (whim >= 22 && whim < 27) {
      // It has acted, and nobody will know.
      exchange.close();
      return;
    }
    if (whim >= 27 && whim < 29) {
      TimeUnit.MILLISECONDS.sleep(NEVER_MS);
    }
    if (whim >= 29 && whim < 32) {
      tell(exchange, 503, "{\"error\":\"after the effect\"}");
      return;
    }
    tell(exchange, 200, "{\"number\":" + effect.number() + "}");
  }

  private static void tell(HttpExchange exchange, int status, String json) throws IOException {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    try (exchange) {
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
