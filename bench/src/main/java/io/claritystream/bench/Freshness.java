package io.claritystream.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/// How old what a dashboard shows is: from when a row was due to be committed at the customer until
/// the browser has it; then the same again while each hop is watched; then, apart, batches from the
/// gateway to Kafka.
final class Freshness {
  private static final int DEVICES = 200;
  private static final int HOPS_S = 15;
  private static final int SPARE_S = 90;
  private static final int BATCHES_A_SECOND = 50;
  private static final int ACCEPT_WARMUP_S = 5;
  private static final int ACCEPT_S = 20;
  private static final long LAST_ROW_PATIENCE_MS = 15_000;
  private static final long DURABLE_POLL_MS = 5;

  private final Options options;
  private final Path home;
  private final Cleanup cleanup;
  private final Report report;

  Freshness(Options options, Path home, Cleanup cleanup, Report report) {
    this.options = options;
    this.home = home;
    this.cleanup = cleanup;
    this.report = report;
  }

  void run() throws SQLException, IOException, InterruptedException {
    Path place = Place.make(cleanup).path();
    report.step("starting an installation");
    Installation installation = Installation.start(cleanup, home, place.resolve("data"), false);
    Api api = new Api(installation.url());
    api.register();
    report.step("starting a customer's PostgreSQL and its agent");
    Customer customer = Customer.start(cleanup, home, place, installation, api, DEVICES);
    Map<String, Integer> devices = devices(api);

    int rate = options.number("rate");
    int seconds = options.number("warmup") + options.number("seconds") + HOPS_S + SPARE_S;
    Rows rows = new Rows(rate * seconds, DEVICES);
    Shown shown = new Shown(rows, devices);
    try (Api.Live live = api.live(shown::take);
        Writer writer = new Writer(rows, rate, customer.connect())) {
      writer.start();
      latency(rows, writer, live, shown);
      hops(installation, rows, writer);
    }
    acceptance(installation, api);
  }

  /// The numbers of devices by the id that the API gives them.
  private static Map<String, Integer> devices(Api api) throws InterruptedException {
    Map<String, Integer> devices = new HashMap<>();
    for (int attempt = 0; attempt < 300 && devices.size() < DEVICES; attempt++) {
      devices.clear();
      for (JsonNode device : api.get("/v1/devices?limit=1000").path("data")) {
        String name = device.path("name").asText();
        if (name.startsWith("Pump ")) {
          devices.put(device.path("id").asText(), Integer.parseInt(name.substring(5)) - 1);
        }
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
    if (devices.size() < DEVICES) {
      throw new BenchFailedException("only " + devices.size() + " devices became known");
    }
    return devices;
  }

  /// What the browser is sent.
  private record Shown(Rows rows, Map<String, Integer> devices) {
    void take(String data) {
      long nowUs = Clocks.nowUs();
      try {
        for (JsonNode item : Api.JSON.readTree(data).path("items")) {
          if (item.path("key").asText().equals("stroke_count")) {
            Integer device = devices.get(item.path("device_id").asText());
            if (device != null) {
              rows.seen(device, item.path("value").asLong(), nowUs);
            }
          }
        }
      } catch (IOException e) {
        throw new BenchFailedException("a live message is no JSON: " + data, e);
      }
    }
  }

  private void latency(Rows rows, Writer writer, Api.Live live, Shown shown)
      throws InterruptedException {
    report.step("warming up for " + options.number("warmup") + " s");
    TimeUnit.SECONDS.sleep(options.number("warmup"));
    report.step("measuring for " + options.number("seconds") + " s");
    int from = writer.written();
    long fromNs = System.nanoTime();
    TimeUnit.SECONDS.sleep(options.number("seconds"));
    int to = writer.written();
    double rate = (to - from) / ((System.nanoTime() - fromNs) / 1e9);
    awaitSeen(rows, from, to, live);
    Histogram total = rows.total(from, to);
    Histogram fromCommit = rows.fromCommit(from, to);
    int missing = rows.missing(from, to);
    if (missing > 0) {
      // A distribution that leaves out the slowest would please and mislead.
      throw new BenchFailedException(
          "%d of %d rows were never shown on the dashboard".formatted(missing, to - from));
    }
    report
        .figure("rows_per_s", rate)
        .figure("rows", to - from)
        .figure("p50_ms", total.getValueAtPercentile(50) / 1_000.0)
        .figure("p90_ms", total.getValueAtPercentile(90) / 1_000.0)
        .figure("p99_ms", total.getValueAtPercentile(99) / 1_000.0)
        .figure("max_ms", total.getMaxValue() / 1_000.0)
        .figure("commit_p50_ms", fromCommit.getValueAtPercentile(50) / 1_000.0)
        .figure("commit_p99_ms", fromCommit.getValueAtPercentile(99) / 1_000.0);
    report.table(
        "From the customer to the dashboard: %s rows at %s a second"
            .formatted(Report.number(to - from, 0), Report.number(rate, 0)),
        Report.spreadHeader(shown.devices().size() + " devices"),
        List.of(
            Report.spread("from when a row was due", total),
            Report.spread("from when its commit was asked for", fromCommit)));
  }

  private static void awaitSeen(Rows rows, int from, int to, Api.Live live)
      throws InterruptedException {
    for (long waited = 0; waited < LAST_ROW_PATIENCE_MS; waited += 50) {
      if (rows.allSeen(from, to)) {
        return;
      }
      if (live.broken()) {
        throw new BenchFailedException("the live stream ended");
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  /// Watching costs something, so it is a phase of its own.
  private void hops(Installation installation, Rows rows, Writer writer)
      throws SQLException, InterruptedException {
    report.step("watching each hop for " + HOPS_S + " s");
    int from;
    int to;
    try (BusWatch bus = new BusWatch(installation.bus(), rows);
        Connection service = installation.database("service");
        PreparedStatement durable =
            service.prepareStatement("SELECT max(bronze_seq) FROM control.checkpoint_source")) {
      TimeUnit.SECONDS.sleep(1);
      from = writer.written();
      to = from;
      long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(HOPS_S + 1);
      long measureNs = endNs - TimeUnit.SECONDS.toNanos(1);
      int settled = from;
      while (System.nanoTime() < endNs) {
        long seq;
        try (ResultSet result = durable.executeQuery()) {
          result.next();
          seq = result.getLong(1);
        }
        rows.durable(seq, Clocks.nowUs(), settled, writer.written());
        settled = Math.max(from, writer.written() - 10 * options.number("rate"));
        if (System.nanoTime() < measureNs) {
          to = writer.written();
        }
        bus.requireSound();
        TimeUnit.MILLISECONDS.sleep(DURABLE_POLL_MS);
      }
    }
    List<List<String>> table = new ArrayList<>();
    for (Rows.Hop hop : Rows.Hop.values()) {
      Histogram histogram = rows.hop(hop, from, to);
      table.add(Report.spread(hop.label(), histogram));
      String key = "hop_" + hop.name().toLowerCase(java.util.Locale.ROOT);
      report.figure(key + "_p50_ms", histogram.getValueAtPercentile(50) / 1_000.0);
      report.figure(key + "_p99_ms", histogram.getValueAtPercentile(99) / 1_000.0);
    }
    table.add(Report.spread("all of it, while watched", rows.total(from, to)));
    report.table("Where the time goes", Report.spreadHeader("hop"), table);
  }

  /// At a rate of its own, by the load generator, in the small batches of an agent that is awake.
  private void acceptance(Installation installation, Api api)
      throws IOException, InterruptedException {
    int rate = options.number("ingest-rate");
    report.step("batches to Kafka at " + rate + " events/s for " + ACCEPT_S + " s");
    api.signIn();
    try (Link link = Link.pair(installation, api);
        SourceStream stream = SourceStream.open(link, link.register("load"))) {
      Mix mix = new Mix(1, DEVICES);
      long last = stream.send(mix::describe);
      int events = Math.max(1, rate / BATCHES_A_SECOND);
      long periodUs = 1_000_000L * events / rate;
      Acceptance before = new Acceptance(Map.of());
      long beganUs = Clocks.nowUs();
      long latestUs = 0;
      long warm = ACCEPT_WARMUP_S * 1_000_000L / periodUs;
      long all = warm + ACCEPT_S * 1_000_000L / periodUs;
      for (long batch = 0; batch < all; batch++) {
        if (batch == warm) {
          before = Acceptance.read(api.text("/actuator/prometheus"));
        }
        long dueUs = beganUs + batch * periodUs;
        Clocks.sleepUntilUs(dueUs);
        last = stream.send((block, nowUs) -> mix.events(block, events, nowUs));
        latestUs = batch > warm ? Math.max(latestUs, Clocks.nowUs() - dueUs) : 0;
      }
      stream.awaitDurable(last, LAST_ROW_PATIENCE_MS);
      Acceptance measured = Acceptance.read(api.text("/actuator/prometheus")).since(before);
      report
          .figure("ingest_p50_ms", measured.percentileMs(50))
          .figure("ingest_p99_ms", measured.percentileMs(99))
          .figure("ingest_batches", measured.batches());
      report.table(
          "Batch received until accepted by Kafka, at %s events/s (%d batches; the generator was"
                  .formatted(Report.number(rate, 0), measured.batches())
              + " at most %s ms late)".formatted(Report.ms(latestUs)),
          List.of("", "p50 ms", "p90 ms", "p99 ms"),
          List.of(
              List.of(
                  "as the gateway counts",
                  Report.number(measured.percentileMs(50), 1),
                  Report.number(measured.percentileMs(90), 1),
                  Report.number(measured.percentileMs(99), 1))));
    }
  }
}
