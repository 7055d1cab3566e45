package io.claritystream.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/// How long dashboards over many minute rows wait for their first byte, with 50 people in front of
/// them; beside the same SQL without row-level security, and the plainest SQL, in the same run.
///
/// The rows are put in as they come, minute by minute, and then packed by the server that is
/// measured, as those of all hours that are over are in a plant that runs; what is asked for are
/// packed rows, but for the last hour or two.
///
/// The rows are made once, below `target/bench`, and kept for the next run; other migrations than
/// those they were made with make new ones.
final class Read {
  private static final int OVERVIEWS_A_SECOND = 4;

  private final Options options;
  private final Path home;
  private final Cleanup cleanup;
  private final Report report;

  Read(Options options, Path home, Cleanup cleanup, Report report) {
    this.options = options;
    this.home = home;
    this.cleanup = cleanup;
    this.report = report;
  }

  void run() throws Exception {
    int rows = options.number("rows");
    Kept kept = Kept.of(home, "read", rows);
    boolean again = kept.made();
    report.step("starting an installation" + (again ? " with the rows of an earlier run" : ""));
    Installation installation = Installation.start(cleanup, home, kept.data(), false);
    Api api = new Api(installation.url());
    UUID tenant = again ? signIn(api, kept) : make(installation, api, rows, kept);
    try (Connection service = installation.database("service")) {
      MinuteRows.bringUpToDate(service, tenant);
      MinuteRows.awaitPacked(service, report);
      report.step(
          "reading all of it once, so that the disk of a machine just started is not measured");
      MinuteRows.readAll(service);
      ask(installation, api, tenant, service);
    }
  }

  private UUID make(Installation installation, Api api, int rows, Kept kept)
      throws SQLException, IOException, InterruptedException {
    api.register();
    UUID tenant = tenant(installation);
    report.step("making %d minute rows, once".formatted(rows));
    try (Connection service = installation.database("service")) {
      MinuteRows.make(service, tenant, rows, report);
      MinuteRows.awaitPacked(service, report);
    }
    try (Connection owner = installation.database("migrator")) {
      for (String table :
          new String[] {"metrics_min", "series", "devices", "sites", "metric_key", "model"}) {
        Sql.run(owner, "VACUUM (ANALYZE) analytics." + table);
      }
    }
    ObjectNode person = api.credentials().put("tenant", tenant.toString());
    kept.made(person);
    return tenant;
  }

  private static UUID tenant(Installation installation) throws SQLException {
    try (Connection service = installation.database("service")) {
      String id =
          Sql.text(
              service, "SELECT tenant_id::text FROM control.dim_tenant ORDER BY created_at DESC");
      if (id == null) {
        throw new BenchFailedException("there is no workspace");
      }
      return UUID.fromString(id);
    }
  }

  private static UUID signIn(Api api, Kept kept) throws IOException {
    JsonNode person = kept.about();
    api.signIn(person.path("email").asText(), person.path("password").asText());
    return UUID.fromString(person.path("tenant").asText());
  }

  private void ask(Installation installation, Api api, UUID tenant, Connection service)
      throws SQLException, InterruptedException {
    List<MinuteRows.Line> lines = MinuteRows.lines(service, tenant);
    MinuteRows.Span span = MinuteRows.span(service);
    long all = Sql.number(service, "SELECT count(*) FROM analytics.metrics_min");
    int warmup = options.number("warmup");
    int seconds = options.number("seconds");
    People people = new People(lines, span, options.number("users"));
    report.step("%d people ask the API for %d s".formatted(options.number("users"), seconds));
    api.signIn();
    People.Waits asked = people.ask(question -> api.firstByteUs(question.path()), warmup, seconds);
    api.signIn();
    report.step("the overview");
    Histogram overview = overview(api, seconds);
    int rest = Math.max(1, seconds / 2);
    report.step("the same SQL, with and without row-level security, and the plainest");
    People.Waits policies =
        sql(installation, "tenant", tenant, SqlAnswers.How.AS_THE_API, people, rest);
    People.Waits without =
        sql(installation, "service", tenant, SqlAnswers.How.AS_THE_API, people, rest);
    People.Waits plain = sql(installation, "service", tenant, SqlAnswers.How.PLAIN, people, rest);
    report
        .figure("minute_rows", all)
        .figure("series", lines.size())
        .figure("requests_per_s", asked.requestsPerS())
        .figure("refused", asked.refused().get())
        .figure("p50_ms", percentile(asked.all(), 50))
        .figure("p99_ms", percentile(asked.all(), 99))
        .figure("day_p99_ms", percentile(asked.days(), 99))
        .figure("hour_p99_ms", percentile(asked.hours(), 99))
        .figure("overview_p50_ms", percentile(overview, 50))
        .figure("overview_p99_ms", percentile(overview, 99))
        .figure("p99_ms_with_rls", percentile(policies.all(), 99))
        .figure("p50_ms_without_rls", percentile(without.all(), 50))
        .figure("p99_ms_without_rls", percentile(without.all(), 99))
        .figure("limit_p50_ms", percentile(plain.all(), 50))
        .figure("limit_p99_ms", percentile(plain.all(), 99));
    List<List<String>> table = new ArrayList<>();
    table.add(Report.spread("the API, to the first byte", asked.all()));
    table.add(Report.spread("  one series of a day", asked.days()));
    table.add(Report.spread("  ten metrics of 20 devices, an hour", asked.hours()));
    table.add(Report.spread("the overview", overview));
    table.add(Report.spread("the same SQL, under the tenant's policies", policies.all()));
    table.add(Report.spread("the same SQL, without policies", without.all()));
    table.add(Report.spread("the plainest SQL: the physical limit", plain.all()));
    report.table(
        "%d people, %s minute rows of %d series, %s requests a second (to reach: p99 100 ms)"
            .formatted(
                options.number("users"),
                Report.number(all, 0),
                lines.size(),
                Report.number(asked.requestsPerS(), 0)),
        Report.spreadHeader("milliseconds"),
        table);
    if (asked.refused().get() > 0) {
      report.note(
          "%d requests were refused; each counts as one that took 20 s"
              .formatted(asked.refused().get()));
    }
  }

  private static double percentile(Histogram micros, double percentile) {
    return micros.getValueAtPercentile(percentile) / 1_000.0;
  }

  private People.Waits sql(
      Installation installation,
      String role,
      UUID tenant,
      SqlAnswers.How how,
      People people,
      int seconds)
      throws SQLException, InterruptedException {
    try (SqlAnswers answers = new SqlAnswers(installation, role, tenant, how)) {
      return people.ask(
          question -> {
            long from = System.nanoTime();
            answers.answer(question);
            return (System.nanoTime() - from) / 1_000;
          },
          Math.max(1, options.number("warmup") / 2),
          seconds);
    }
  }

  private static Histogram overview(Api api, int seconds) throws InterruptedException {
    Histogram micros = Report.micros();
    long beganUs = Clocks.nowUs();
    for (int n = 0; n < seconds * OVERVIEWS_A_SECOND; n++) {
      long dueUs = beganUs + n * TimeUnit.SECONDS.toMicros(1) / OVERVIEWS_A_SECOND;
      Clocks.sleepUntilUs(dueUs);
      long lateUs = Clocks.nowUs() - dueUs;
      Report.record(micros, lateUs + api.firstByteUs("/v1/overview"));
    }
    return micros;
  }
}
