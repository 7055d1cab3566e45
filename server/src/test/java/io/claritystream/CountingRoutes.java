package io.claritystream;

import io.claritystream.base.http.AnyCaller;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.base.idempotency.IdempotencyClaim;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/// Routes with an effect that can be counted, by the name that the request gives. It lies where
/// nothing is scanned: a test asks for it by name.
@RestController
public class CountingRoutes {
  public static final Map<String, AtomicInteger> EFFECTS = new ConcurrentHashMap<>();

  /// What the next requests of a name fail with.
  public static final Map<String, Queue<RuntimeException>> FAILURES = new ConcurrentHashMap<>();

  /// Waited for by the requests of a name, one after the other; and told that they wait.
  public static final Map<String, Queue<Gate>> GATES = new ConcurrentHashMap<>();

  public record Gate(CountDownLatch waiting, CountDownLatch open) {
    public Gate() {
      this(new CountDownLatch(1), new CountDownLatch(1));
    }
  }

  record Counting(String name, int size) {}

  record Counted(int effects, String claimId, boolean rerun, String person, String filling) {}

  @PostMapping("/v1/test/count")
  @AnyCaller
  ResponseEntity<Counted> count(
      @RequestBody Counting counting, Caller caller, IdempotencyClaim claim)
      throws InterruptedException {
    String name = counting.name();
    Gate gate = GATES.getOrDefault(name, new ConcurrentLinkedQueue<>()).poll();
    if (gate != null) {
      gate.waiting().countDown();
      gate.open().await(20, TimeUnit.SECONDS);
    }
    RuntimeException failure = FAILURES.getOrDefault(name, new ConcurrentLinkedQueue<>()).poll();
    if (failure != null) {
      throw failure;
    }
    int effects = EFFECTS.computeIfAbsent(name, key -> new AtomicInteger()).incrementAndGet();
    return ResponseEntity.created(URI.create("/v1/test/counted/" + effects))
        .eTag("\"" + effects + "\"")
        .body(
            new Counted(
                effects,
                claim.claimId().toString(),
                claim.rerun(),
                caller.userId().toString(),
                "x".repeat(counting.size())));
  }

  @PostMapping("/v1/test/count/{name}/other")
  @AnyCaller
  void other(@PathVariable("name") String name) {
    EFFECTS.computeIfAbsent(name, key -> new AtomicInteger()).incrementAndGet();
  }

  @PostMapping("/v1/test/count/owners")
  @RequiresPermission(Permission.WORKSPACE_WRITE)
  void owners() {
    EFFECTS.computeIfAbsent("owners", key -> new AtomicInteger()).incrementAndGet();
  }

  public static RuntimeException passing() {
    return Problem.unavailable("The store is away.", Duration.ofSeconds(1));
  }

  public static int effects(String name) {
    AtomicInteger effects = EFFECTS.get(name);
    return effects == null ? 0 : effects.get();
  }
}
