package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.ApiClient;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TestDatabase;
import io.claritystream.edge.TestEdge;
import io.claritystream.embedded.Child;
import io.claritystream.embedded.KafkaAccess;
import io.claritystream.embedded.KeptPorts;
import io.claritystream.embedded.Launch;
import io.claritystream.embedded.Machine;
import io.claritystream.protocol.identity.PairingCode;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/// Several servers in processes of their own on one PostgreSQL and one Kafka, as
/// `docs/operating.md` says it is done, and an edge that knows all of their gateways.
final class Cluster implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(120);
  private static final int LINES_SHOWN = 200;
  private static final HttpClient HTTP =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

  final TestDatabase database = TestDatabase.create();
  private final Path directory;
  private final KafkaAccess kafka;
  private final int partitions;
  private final String topic = "cdc.cluster." + UUID.randomUUID();
  private final List<Server> servers = new ArrayList<>();
  private final List<SpooledSource> sources = new ArrayList<>();
  private @Nullable TestEdge edge;
  private final List<TestAgent> agents = new ArrayList<>();
  private ApiClient.@Nullable Registered person;

  Cluster(KafkaAccess kafka, int size) {
    this(kafka, size, 4);
  }

  Cluster(KafkaAccess kafka, int size, int partitions) {
    this.kafka = kafka;
    this.partitions = partitions;
    try {
      directory = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "cluster-");
    } catch (IOException e) {
      throw new IllegalStateException("no directory", e);
    }
    for (var i = 0; i < size; i++) {
      servers.add(new Server(i));
    }
  }

  Server server(int number) {
    return servers.get(number);
  }

  /// Starts all of them, the edge, an agent and its sources.
  void start(int sourceCount, long seed) {
    // The first makes schema and keys, as the first start of an installation does.
    servers.getFirst().start();
    servers.subList(1, servers.size()).forEach(Server::start);
    var opened =
        TestEdge.start(
            servers.stream().map(server -> server.gatewayPort).toList(),
            directory.resolve("edge"),
            new Properties());
    edge = opened;
    person = servers.getFirst().client().register("owner@example.com");
    var paired = new TestAgent(opened.port());
    agents.add(paired);
    var code = person().client().post("/v1/agents/pairing-codes", Map.of()).text("code");
    paired.pair(PairingCode.parse(code).orElseThrow());
    for (var i = 0; i < sourceCount; i++) {
      var id = paired.register("plant " + i, i + "/plant").getSourceId();
      sources.add(new SpooledSource(paired, id, tenant(), Instant.now(), seed * 31 + i));
    }
  }

  /// Another tenant with an agent and a source of its own.
  SpooledSource stranger(String email, long seed) {
    var opened = Objects.requireNonNull(edge, "not started");
    var other = servers.getFirst().client().register(email);
    var paired = new TestAgent(opened.port());
    agents.add(paired);
    var code = other.client().post("/v1/agents/pairing-codes", Map.of()).text("code");
    paired.pair(PairingCode.parse(code).orElseThrow());
    var id = paired.register("plant", "8/plant").getSourceId();
    var source =
        new SpooledSource(paired, id, TenantId.of(other.organizationId()), Instant.now(), seed);
    sources.add(source);
    return source;
  }

  ApiClient.Registered person() {
    if (person == null) {
      throw new IllegalStateException("not started");
    }
    return person;
  }

  TenantId tenant() {
    return TenantId.of(person().organizationId());
  }

  List<SpooledSource> sources() {
    return sources;
  }

  /// Each source captures transactions until the condition holds.
  void captureUntil(String what, java.util.function.BooleanSupplier condition) {
    try {
      await(what)
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(30))
          .until(
              () -> {
                sources.forEach(SpooledSource::capture);
                return condition.getAsBoolean();
              });
    } catch (ConditionTimeoutException e) {
      throw new AssertionError(what + " took too long." + explanation(), e);
    }
  }

  /// How far the sources are, and what the servers said at last.
  private String explanation() {
    var words = new StringBuilder();
    for (var source : sources) {
      words.append(
          "%nsource %s: durable %d of %d"
              .formatted(source.id(), source.durable(), source.lastSeq()));
    }
    for (var server : servers) {
      var said = server.said();
      words.append("%nserver %d said:".formatted(server.number));
      said.subList(Math.max(0, said.size() - LINES_SHOWN), said.size())
          .forEach(line -> words.append("%n  %s".formatted(line)));
    }
    return words.toString();
  }

  /// While the sources capture on, what they captured first becomes durable, and their agents are
  /// told.
  void captureUntilAllIsDurable(String what) {
    sources.forEach(SpooledSource::capture);
    var now = sources.stream().map(SpooledSource::lastSeq).toList();
    captureUntil(
        what,
        () -> {
          for (var i = 0; i < sources.size(); i++) {
            if (sources.get(i).durable() < now.get(i)) {
              return false;
            }
          }
          return true;
        });
  }

  /// Everything that was captured is durable, and its agents know.
  void awaitQuiet() {
    for (var source : sources) {
      await("the last of " + source.id() + " is durable")
          .atMost(PATIENCE)
          .until(() -> source.durable() == source.lastSeq());
    }
  }

  /// Bronze has every event once, the read models hold what the sources' rows are, and nobody was
  /// told anything odd.
  void assertExact() {
    awaitQuiet();
    for (var source : sources) {
      assertThat(
              database
                  .superuser()
                  .sql(
                      "SELECT seq FROM bronze.cdc_events WHERE source_id = :source AND epoch = 1 ORDER BY seq")
                  .param("source", source.id())
                  .query(Long.class)
                  .list())
          .as("bronze of %s", source.id())
          .isEqualTo(LongStream.rangeClosed(1, source.lastSeq()).boxed().toList());
      assertThat(folded(source)).as("read models of %s", source.id()).isEqualTo(source.sums());
      assertThat(source.oddities()).isEmpty();
    }
    assertThat(count("SELECT count(*) FROM bronze.cdc_events"))
        .isEqualTo(sources.stream().mapToLong(SpooledSource::lastSeq).sum());
    assertThat(count("SELECT count(*) FROM control.dead_letter")).isZero();
  }

  long count(String sql) {
    return database.superuser().sql(sql).query(Long.class).single();
  }

  private Map<String, SpooledSource.Sum> folded(SpooledSource source) {
    var sums = new TreeMap<String, SpooledSource.Sum>();
    database
        .superuser()
        .sql(
            """
            SELECT d.key AS pump, sum(m.value_count) AS count, trim_scale(sum(m.value_sum)) AS sum
            FROM analytics.model
            JOIN analytics.devices d USING (model_id)
            JOIN analytics.series s USING (model_id, device_id)
            JOIN analytics.metric_key k USING (metric_id)
            JOIN analytics.metrics_min m USING (series_id)
            WHERE model.state = 'live' AND d.source_id = :source AND k.key LIKE '%pressure_bar%'
            GROUP BY d.key
            HAVING sum(m.value_count) > 0
            """)
        .param("source", source.id())
        .query(
            (row, _) ->
                sums.put(
                    row.getString("pump"),
                    new SpooledSource.Sum(row.getLong("count"), row.getBigDecimal("sum"))))
        .list();
    sums.replaceAll((_, sum) -> new SpooledSource.Sum(sum.count(), scaled(sum.pressures())));
    return sums;
  }

  private static BigDecimal scaled(BigDecimal value) {
    return value.setScale(3);
  }

  @Override
  public void close() {
    sources.forEach(SpooledSource::close);
    agents.forEach(TestAgent::close);
    if (edge != null) {
      edge.close();
    }
    servers.forEach(Server::end);
    database.close();
  }

  /// One of the servers: all roles, small, on ports that it keeps.
  final class Server {
    private final int number;
    private final int port = KeptPorts.next();
    private final int gatewayPort = KeptPorts.next();
    private final List<String> said = new CopyOnWriteArrayList<>();
    private final List<Consumer<String>> watchers = new CopyOnWriteArrayList<>();
    private @Nullable Child child;

    private Server(int number) {
      this.number = number;
    }

    Child child() {
      if (child == null) {
        throw new IllegalStateException("not started");
      }
      return child;
    }

    ApiClient client() {
      return ApiClient.of(URI.create("http://localhost:" + port));
    }

    URI url() {
      return URI.create("http://localhost:" + port);
    }

    /// Everything it has printed, over all of its lives.
    List<String> said() {
      return said;
    }

    boolean says(String text) {
      return said.stream().anyMatch(line -> line.contains(text));
    }

    /// Called on the thread that reads what it prints.
    void watch(Consumer<String> line) {
      watchers.add(line);
    }

    /// Starts it, and returns when it is ready.
    void start() {
      var settings = new HashMap<>(database.settings());
      settings.put("server.port", Integer.toString(port));
      settings.put("clarity.roles", "all");
      settings.put("clarity.crypto.master-key-file", directory.resolve("master.key").toString());
      settings.put("clarity.kafka.bootstrap-servers", kafka.bootstrapServers());
      kafka
          .security()
          .forEach((name, value) -> settings.put("clarity.kafka.client." + name, value));
      settings.put("clarity.kafka.topic", topic);
      settings.put("clarity.kafka.partitions", Integer.toString(partitions));
      settings.put("clarity.kafka.instance", "server-" + number);
      settings.put("clarity.gateway.port", Integer.toString(gatewayPort));
      settings.put("clarity.gateway.stall-after", "5s");
      settings.put("clarity.edge.public-url", "https://localhost:1234");
      settings.put("springdoc.api-docs.enabled", "false");
      if (number == 0) {
        settings.put(
            "clarity.gateway.edge-credentials-directory", directory.resolve("edge").toString());
      }
      var command =
          new ArrayList<>(
              List.of(
                  Machine.java().toString(),
                  "-Xmx192m",
                  "-Xss512k",
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "--enable-native-access=ALL-UNNAMED",
                  "--sun-misc-unsafe-memory-access=allow",
                  "-cp",
                  System.getProperty("java.class.path"),
                  "io.claritystream.Clarity"));
      settings.forEach((key, value) -> command.add("--" + key + "=" + value));
      var started =
          Child.start(
              Launch.of("server-" + number, directory, command)
                  .withEnvironment(
                      Map.of("LC_ALL", "C.UTF-8", "TZ", "UTC", "MALLOC_ARENA_MAX", "2")),
              line -> {
                said.add(line);
                watchers.forEach(watcher -> watcher.accept(line));
              });
      child = started;
      await("server " + number + " is ready")
          .atMost(PATIENCE)
          .until(
              () -> {
                assertThat(started.alive()).as("%s", started.lastLines()).isTrue();
                return ready();
              });
    }

    private boolean ready() throws InterruptedException {
      var request =
          HttpRequest.newBuilder(url().resolve("/actuator/health/readiness"))
              .timeout(Duration.ofSeconds(2))
              .build();
      try {
        return HTTP.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
      } catch (IOException e) {
        return false;
      }
    }

    /// Whether one of its connections has this port at its own end, as the kernel tells.
    boolean holdsPort(int local) throws IOException {
      var inodes = new HashSet<String>();
      var hex = String.format(":%04X", local);
      for (var table : List.of("tcp", "tcp6")) {
        for (var line : Files.readAllLines(Path.of("/proc/net", table))) {
          var cells = line.strip().split("\\s+");
          if (cells[1].endsWith(hex)) {
            inodes.add("socket:[" + cells[9] + "]");
          }
        }
      }
      try (var open = Files.list(Path.of("/proc", Long.toString(child().pid()), "fd"))) {
        for (var descriptor : open.toList()) {
          try {
            if (inodes.contains(Files.readSymbolicLink(descriptor).toString())) {
              return true;
            }
          } catch (java.nio.file.NoSuchFileException e) {
            // Closed meanwhile.
          }
        }
      }
      return false;
    }

    void kill() {
      child().signal("KILL");
      assertThat(child().endedWithin(PATIENCE)).isTrue();
    }

    /// As an operator ends it.
    void stop() {
      child().signal("TERM");
      assertThat(child().endedWithin(PATIENCE)).isTrue();
    }

    private void end() {
      if (child != null) {
        child.signal("CONT");
        child.stop("KILL", Duration.ofSeconds(5));
      }
    }
  }
}
