package io.claritystream.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// Calls webhooks and the API of any of the servers, and cancels at random, and keeps what it was
/// told. A request that fails is not made again: whether it was taken in is not known then.
final class MaestroLoad {
  private static final Duration TIMEOUT = Duration.ofSeconds(3);
  private static final int CANCELED_ONE_IN = 6;

  private final List<String> urls;
  private final List<MaestroWorkflow> workflows;
  private final String token;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(2))
          .build();
  private final Map<UUID, MaestroWorkflow> accepted = new ConcurrentHashMap<>();
  private final Set<UUID> canceled = ConcurrentHashMap.newKeySet();
  private final AtomicLong refused = new AtomicLong();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean over;

  MaestroLoad(
      List<String> urls,
      List<MaestroWorkflow> workflows,
      String token,
      int callers,
      Random random) {
    this.urls = urls;
    this.workflows = workflows;
    this.token = token;
    for (int i = 0; i < callers; i++) {
      long seed = random.nextLong();
      threads.add(Thread.ofVirtual().name("calls-" + i).start(() -> callAll(new Random(seed))));
    }
  }

  /// What was answered with 2xx.
  Map<UUID, MaestroWorkflow> accepted() {
    return accepted;
  }

  /// Those of which a cancel was answered with 2xx.
  Set<UUID> canceled() {
    return canceled;
  }

  long refused() {
    return refused.get();
  }

  void stop() throws InterruptedException {
    over = true;
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private void callAll(Random random) {
    while (!over) {
      String url = urls.get(random.nextInt(urls.size()));
      MaestroWorkflow workflow = workflows.get(random.nextInt(workflows.size()));
      try {
        List<UUID> ids = call(url, workflow, random);
        ids.forEach(id -> accepted.put(id, workflow));
        if (!ids.isEmpty() && random.nextInt(CANCELED_ONE_IN) == 0) {
          TimeUnit.MILLISECONDS.sleep(random.nextBoolean() ? 0 : random.nextInt(60));
          cancel(urls.get(random.nextInt(urls.size())), ids.getFirst());
        }
        TimeUnit.MILLISECONDS.sleep(random.nextInt(8));
      } catch (IOException e) {
        refused.incrementAndGet();
        pause();
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private List<UUID> call(String url, MaestroWorkflow workflow, Random random)
      throws IOException, InterruptedException {
    int n = random.nextInt(1_000);
    if (random.nextInt(3) > 0) {
      HttpResponse<String> answer = send(url + workflow.hook(), "{\"n\":" + n + "}", false);
      if (answer.statusCode() == 202) {
        return List.of(
            UUID.fromString(Api.JSON.readTree(answer.body()).path("execution_id").asText()));
      }
      // The workflow's own answer, or that there is none though the execution was taken in.
      return answer.headers().firstValue("Clarity-Execution-Id").map(UUID::fromString).stream()
          .toList();
    }
    StringBuilder inputs = new StringBuilder();
    int batch = 1 + random.nextInt(5);
    for (int i = 0; i < batch; i++) {
      inputs.append(i == 0 ? "" : ",").append("{\"body\":{\"n\":").append(n + i).append("}}");
    }
    HttpResponse<String> answer =
        send(
            url + "/v1/workflows/" + workflow.id() + "/executions",
            "{\"inputs\":[" + inputs + "]}",
            true);
    if (answer.statusCode() != 202) {
      refused.incrementAndGet();
      return List.of();
    }
    List<UUID> ids = new ArrayList<>();
    for (JsonNode id : Api.JSON.readTree(answer.body()).path("execution_ids")) {
      ids.add(UUID.fromString(id.asText()));
    }
    if (ids.size() != batch) {
      throw new BenchFailedException("of " + batch + " executions it told " + answer.body());
    }
    return ids;
  }

  private void cancel(String url, UUID execution) throws IOException, InterruptedException {
    HttpResponse<String> answer = send(url + "/v1/executions/" + execution + "/cancel", "", true);
    if (answer.statusCode() == 200) {
      canceled.add(execution);
    }
  }

  private HttpResponse<String> send(String url, String body, boolean signedIn)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url))
            .timeout(TIMEOUT)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (signedIn) {
      request.header("Authorization", "Bearer " + token);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
