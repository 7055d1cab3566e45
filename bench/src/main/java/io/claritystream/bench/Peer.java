package io.claritystream.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.claritystream.embedded.Child;
import io.claritystream.embedded.Kafka;
import io.claritystream.embedded.KafkaSettings;
import io.claritystream.embedded.Launch;
import io.claritystream.embedded.Machine;
import io.claritystream.embedded.Postgres;
import io.claritystream.embedded.PostgresSettings;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/// The same rows the way others do it: Debezium, Kafka and Debezium's JDBC sink in one worker of
/// Kafka Connect, tuned as well as we know how: rows are unwrapped at the source, and the sink
/// writes batches of 5,000 by UNNEST. What `bench/peer/pom.xml` names is what runs.
final class Peer {
  private static final String TOPIC = "peer.public.pump_reading";
  private static final String SOURCE = "peer-source";
  private static final String SINK = "peer-sink";
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  private final Options options;
  private final Path home;
  private final Cleanup cleanup;
  private final Report report;
  private final HttpClient http = HttpClient.newHttpClient();
  private final String url = "http://127.0.0.1:" + Machine.freePort();

  Peer(Options options, Path home, Cleanup cleanup, Report report) {
    this.options = options;
    this.home = home;
    this.cleanup = cleanup;
    this.report = report;
  }

  Drain run(Path place) throws SQLException, IOException, InterruptedException {
    report.step("starting the peer: PostgreSQL, Kafka, Kafka Connect, PostgreSQL");
    Postgres from = postgres(place.resolve("peer-customer"), PostgresSettings.Purpose.CUSTOMER);
    Postgres to = postgres(place.resolve("peer-sink"), PostgresSettings.Purpose.PLATFORM);
    PlantTable table = PlantTable.create(from);
    try (Connection admin = DriverManager.getConnection(to.jdbcUrl("postgres"), to.superuser())) {
      Sql.run(admin, PlantTable.SHAPE);
    }
    Kafka kafka = cleanup.add(Kafka.start(KafkaSettings.of(place.resolve("peer-kafka"))));
    makeTopic(kafka);
    Child worker = worker(place, kafka);
    create(SINK, sink(to));
    create(SOURCE, source(from));
    try (Connection customer = table.connect();
        Connection sink = DriverManager.getConnection(to.jdbcUrl("postgres"), to.superuser())) {
      // Both are warm, and the slot is where it begins, once a row has come through.
      PlantTable.writeNow(customer, 0, 1);
      await("a first row", worker, () -> Sql.number(sink, "SELECT count(*) FROM pump_reading") > 0);
      send("PUT", "/connectors/" + SOURCE + "/stop", "");
      await("the source to stop", worker, () -> !PlantTable.followed(customer));
      report.step("writing the backlog: %d rows".formatted(options.number("rows")));
      long changes =
          table.write(options.number("rows"), options.number("updates"), options.number("deletes"));
      report.step("draining it");
      Drain drain =
          Drain.watch(
              changes,
              () -> send("PUT", "/connectors/" + SOURCE + "/resume", ""),
              () -> PlantTable.followed(customer),
              () -> {
                requireSound(worker);
                return PlantTable.hasLast(sink);
              },
              () -> {
                Map<String, Long> pids = new LinkedHashMap<>();
                pids.put("customer postgres", from.child().pid());
                pids.put("kafka connect", worker.pid());
                pids.put("kafka", kafka.child().pid());
                pids.put("sink postgres", to.child().pid());
                return pids;
              });
      verify(customer, sink);
      drain.print(report, "peer_", "The peer: Debezium, Kafka and JDBC sink");
      return drain;
    }
  }

  private Postgres postgres(Path place, PostgresSettings.Purpose purpose) {
    return cleanup.add(Postgres.start(PostgresSettings.of(place, purpose)));
  }

  private static void makeTopic(Kafka kafka) throws InterruptedException {
    try (Admin admin = Admin.create(kafka.access().properties())) {
      admin
          .createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1)))
          .all()
          .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | java.util.concurrent.TimeoutException e) {
      throw new BenchFailedException("the peer's topic could not be made", e);
    }
  }

  private Child worker(Path place, Kafka kafka) throws IOException, InterruptedException {
    Path libraries = home.resolve("target/peer/lib");
    if (!Files.isDirectory(libraries)) {
      throw new BenchFailedException("the peer's libraries are not in " + libraries);
    }
    List<String> lines = new ArrayList<>();
    lines.add("listeners=" + url);
    lines.add("offset.storage.file.filename=" + place.resolve("peer-offsets"));
    lines.add("offset.flush.interval.ms=5000");
    lines.add("plugin.discovery=service_load");
    for (String side : List.of("key", "value")) {
      lines.add(side + ".converter=org.apache.kafka.connect.json.JsonConverter");
      lines.add(side + ".converter.schemas.enable=true");
    }
    for (String prefix : List.of("", "producer.", "consumer.", "admin.")) {
      kafka.access().properties().forEach((name, value) -> lines.add(prefix + name + "=" + value));
    }
    lines.add("producer.linger.ms=5");
    lines.add("producer.batch.size=262144");
    lines.add("producer.compression.type=lz4");
    lines.add("consumer.max.poll.records=5000");
    lines.add("consumer.fetch.min.bytes=524288");
    lines.add("consumer.fetch.max.wait.ms=100");
    lines.add("consumer.max.partition.fetch.bytes=8388608");
    Path settings = place.resolve("peer-worker.properties");
    Files.write(settings, lines);
    // The heap that Kafka's own script gives a worker.
    List<String> command =
        List.of(
            Machine.java().toString(),
            "-Xms256m",
            "-Xmx2g",
            "-XX:+UseG1GC",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            libraries + "/*",
            "org.apache.kafka.connect.cli.ConnectStandalone",
            settings.toString());
    Child worker =
        Child.start(
            Launch.of("connect", place, command).withEnvironment(new HashMap<>(System.getenv())),
            line -> {});
    cleanup.add(() -> worker.stop("TERM", Duration.ofSeconds(10)));
    cleanup.explainBy(() -> "Kafka Connect said:\n  " + String.join("\n  ", worker.lastLines()));
    await(
        "Kafka Connect",
        worker,
        () -> {
          try {
            return get("/connectors").isArray();
          } catch (BenchFailedException e) {
            return false;
          }
        });
    return worker;
  }

  private ObjectNode source(Postgres from) {
    ObjectNode config = Api.JSON.createObjectNode();
    config
        .put("connector.class", "io.debezium.connector.postgresql.PostgresConnector")
        .put("tasks.max", "1")
        .put("database.hostname", "127.0.0.1")
        .put("database.port", Integer.toString(from.port()))
        .put("database.user", Postgres.SUPERUSER)
        .put("database.password", from.password())
        .put("database.dbname", PlantTable.DATABASE)
        .put("topic.prefix", "peer")
        .put("plugin.name", "pgoutput")
        .put("slot.name", "peer")
        .put("publication.autocreate.mode", "filtered")
        .put("table.include.list", "public.pump_reading")
        .put("snapshot.mode", "initial")
        .put("tombstones.on.delete", "true")
        .put("max.batch.size", "8192")
        .put("max.queue.size", "32768")
        .put("poll.interval.ms", "10")
        .put("transforms", "unwrap")
        .put("transforms.unwrap.type", "io.debezium.transforms.ExtractNewRecordState")
        .put("transforms.unwrap.delete.tombstone.handling.mode", "tombstone");
    return config;
  }

  private ObjectNode sink(Postgres to) {
    ObjectNode config = Api.JSON.createObjectNode();
    config
        .put("connector.class", "io.debezium.connector.jdbc.JdbcSinkConnector")
        .put("tasks.max", "1")
        .put("topics", TOPIC)
        .put("connection.url", to.jdbcUrl("postgres"))
        .put("connection.username", Postgres.SUPERUSER)
        .put("connection.password", to.password())
        .put("insert.mode", "upsert")
        .put("delete.enabled", "true")
        .put("primary.key.mode", "record_key")
        .put("schema.evolution", "none")
        .put("collection.name.format", PlantTable.TABLE)
        .put("batch.size", "5000")
        .put("use.reduction.buffer", "true")
        .put("dialect.postgres.unnest.insert.enabled", "true");
    return config;
  }

  private void create(String name, ObjectNode config) {
    ObjectNode body = Api.JSON.createObjectNode().put("name", name);
    body.set("config", config);
    send("POST", "/connectors", body.toString());
  }

  /// Its rows have to be the same as ours, or its rate says nothing.
  private static void verify(Connection customer, Connection sink)
      throws SQLException, InterruptedException {
    String expected = PlantTable.digest(customer);
    String got = PlantTable.digest(sink);
    for (int attempt = 0; attempt < 50 && !got.equals(expected); attempt++) {
      // The last row is visible before its batch's deletes may be.
      TimeUnit.MILLISECONDS.sleep(100);
      got = PlantTable.digest(sink);
    }
    if (!got.equals(expected)) {
      throw new BenchFailedException("the customer has %s, the sink %s".formatted(expected, got));
    }
  }

  private void await(String what, Child worker, Drain.Look look) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try {
      while (!look.yes()) {
        requireSound(worker);
        if (System.nanoTime() > deadline) {
          throw new BenchFailedException(
              "the peer: %s did not come. Its connectors say: %s".formatted(what, states()));
        }
        TimeUnit.MILLISECONDS.sleep(100);
      }
    } catch (SQLException e) {
      throw new BenchFailedException("the peer: waiting for " + what, e);
    }
  }

  private static void requireSound(Child worker) {
    if (!worker.alive()) {
      throw new BenchFailedException("Kafka Connect ended");
    }
  }

  private String states() {
    return get("/connectors/" + SINK + "/status") + " " + get("/connectors/" + SOURCE + "/status");
  }

  private JsonNode get(String path) {
    return send("GET", path, "");
  }

  private JsonNode send(String method, String path, String body) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url + path))
            .timeout(PATIENCE)
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() >= 300) {
        throw new BenchFailedException(
            "Kafka Connect answered %d to %s %s: %s"
                .formatted(response.statusCode(), method, path, response.body()));
      }
      return response.body().isEmpty()
          ? Api.JSON.missingNode()
          : Api.JSON.readTree(response.body());
    } catch (IOException e) {
      throw new BenchFailedException("Kafka Connect does not answer: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchFailedException("interrupted", e);
    }
  }
}
