package io.claritystream.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/// How long a person waits for a page of `GET /v1/executions` among millions, whatever it is
/// narrowed to: the whole answer, four people at once.
final class ExecutionLists {
  private static final int PEOPLE = 4;
  private static final int PAGE = 50;

  private final Path home;
  private final Report report;

  ExecutionLists(Path home, Report report) {
    this.home = home;
    this.report = report;
  }

  void run(int rows, int seconds) throws SQLException, IOException, InterruptedException {
    Kept kept = Kept.of(home, "executions", rows);
    boolean again = kept.made();
    report.step("starting an installation" + (again ? " with the rows of an earlier run" : ""));
    try (Cleanup own = new Cleanup()) {
      Installation installation = Installation.start(own, home, kept.data(), false);
      Api api = new Api(installation.url());
      api.awaitReady();
      if (again) {
        JsonNode person = kept.about();
        api.signIn(person.path("email").asText(), person.path("password").asText());
      } else {
        api.register();
        UUID tenant = HookedWorkflows.widen(installation);
        report.step("making %,d executions, once".formatted(rows));
        try (Connection superuser = installation.superuser()) {
          ExecutionRows.make(superuser, tenant, rows, report);
        }
        ObjectNode person = api.credentials();
        kept.made(person);
        api.signIn();
      }
      ask(api, kinds(installation, rows), rows, seconds);
    }
  }

  /// A question of a kind, another each time.
  private interface Kind {
    String query(Random random);
  }

  private static Map<String, Kind> kinds(Installation installation, int rows) throws SQLException {
    Map<String, Kind> kinds = new LinkedHashMap<>();
    UUID[] workflows = new UUID[ExecutionRows.WORKFLOWS];
    Instant first;
    try (Connection superuser = installation.superuser()) {
      for (int i = 0; i < workflows.length; i++) {
        workflows[i] = ExecutionRows.workflow(superuser, i);
      }
      first =
          Instant.parse(
              String.valueOf(
                  Sql.text(
                      superuser,
                      """
                      SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                      FROM maestro.execution_ended ORDER BY execution_id LIMIT 1
                      """)));
    }
    kinds.put("the newest", random -> "");
    kinds.put("of a workflow", random -> "&workflow_id=" + workflows[random.nextInt(50)]);
    kinds.put("that failed", random -> "&status=failed");
    kinds.put(
        "of a workflow that failed",
        random -> "&status=failed&workflow_id=" + workflows[random.nextInt(50)]);
    kinds.put("that failed with an error", random -> "&error=http_503");
    kinds.put("that failed with an error that none has", random -> "&error=unknown");
    kinds.put("started by API", random -> "&trigger_type=api");
    kinds.put("retries, of which there are none", random -> "&trigger_type=retry");
    kinds.put("of an hour", random -> hour(first, random));
    kinds.put("that failed in an hour", random -> hour(first, random) + "&status=failed");
    kinds.put("with a name", random -> "&name=" + encoded("order " + 3 * random.nextInt(rows / 3)));
    kinds.put(
        "with the beginning of a name",
        random -> "&name=" + encoded("Order " + (10 + random.nextInt(90))));
    kinds.put(
        "with a correlation key",
        random -> "&correlation_key=K-" + random.nextInt(ExecutionRows.CORRELATION_KEYS));
    return kinds;
  }

  private static String hour(Instant first, Random random) {
    Instant from =
        first.plusSeconds(random.nextInt((int) TimeUnit.DAYS.toSeconds(ExecutionRows.DAYS - 1)));
    return "&from=" + from + "&to=" + from.plusSeconds(3_600);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private void ask(Api api, Map<String, Kind> kinds, int rows, int seconds)
      throws InterruptedException {
    report.step("reading each kind of list once, so that the disk is not measured");
    Random first = new Random(1);
    for (Kind kind : kinds.values()) {
      api.get(path(kind, first));
    }
    report.step("%d people ask for lists for %d s".formatted(PEOPLE, seconds));
    Map<String, Histogram> waits = new LinkedHashMap<>();
    kinds.keySet().forEach(name -> waits.put(name, Report.micros()));
    waits.put("second pages", Report.micros());
    long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    List<Thread> people = new ArrayList<>();
    List<RuntimeException> failures = new ArrayList<>();
    for (int i = 0; i < PEOPLE; i++) {
      Random random = new Random(i);
      people.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      while (System.nanoTime() < endNs) {
                        kinds.forEach((name, kind) -> ask(api, path(kind, random), name, waits));
                      }
                    } catch (RuntimeException e) {
                      synchronized (failures) {
                        failures.add(e);
                      }
                    }
                  }));
    }
    for (Thread person : people) {
      person.join();
    }
    if (!failures.isEmpty()) {
      throw failures.getFirst();
    }
    Histogram all = Report.micros();
    waits.values().forEach(all::add);
    report
        .figure("list_rows", rows)
        .figure("list_p50_ms", all.getValueAtPercentile(50) / 1e3)
        .figure("list_p95_ms", all.getValueAtPercentile(95) / 1e3)
        .figure("list_p99_ms", all.getValueAtPercentile(99) / 1e3);
    List<List<String>> table = new ArrayList<>();
    waits.forEach((name, wait) -> table.add(Report.spread(name, wait)));
    table.add(Report.spread("all", all));
    report.table(
        "Lists of %s executions, p95 %s ms (to reach: p95 100 ms)"
            .formatted(Report.number(rows, 0), Report.ms(all.getValueAtPercentile(95))),
        Report.spreadHeader("executions"),
        table);
  }

  private static String path(Kind kind, Random random) {
    return "/v1/executions?limit=" + PAGE + kind.query(random);
  }

  private static void ask(Api api, String path, String name, Map<String, Histogram> waits) {
    JsonNode page = timed(api, path, waits.get(name));
    JsonNode cursor = page.path("next_cursor");
    if (cursor.isTextual()) {
      timed(api, path + "&cursor=" + encoded(cursor.asText()), waits.get("second pages"));
    }
  }

  private static JsonNode timed(Api api, String path, Histogram micros) {
    long from = System.nanoTime();
    JsonNode page = api.get(path);
    long us = (System.nanoTime() - from) / 1_000;
    synchronized (micros) {
      Report.record(micros, us);
    }
    return page;
  }
}
