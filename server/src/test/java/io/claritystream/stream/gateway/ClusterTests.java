package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.ApiClient;
import io.claritystream.embedded.TestKafka;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.json.JsonMapper;

/// Several server processes share the partitions of one Kafka and one PostgreSQL. Whatever becomes
/// of any of them, nothing is lost, nothing counts twice, and open pages at each of them see all.
@Timeout(600)
class ClusterTests {
  private static final long SEED = 20_261_121;
  private final Cluster cluster = new Cluster(TestKafka.shared().access(), 2);

  @AfterEach
  void end() {
    cluster.close();
  }

  @Test
  void a_killed_a_stopped_and_a_restarted_process_lose_nothing_and_double_nothing() {
    cluster.start(6, SEED);
    var one = cluster.server(0);
    var other = cluster.server(1);
    try (var pageHere = new OpenPage(one, cluster.person());
        var pageThere = new OpenPage(other, cluster.person())) {
      cluster.captureUntil(
          "both have partitions",
          () -> one.says("partitions assigned") && other.says("partitions assigned"));
      cluster.captureUntilAllIsDurable("all is durable with two processes");
      cluster.captureUntil(
          "a page at either process sees all devices", () -> sees(pageHere, pageThere));

      other.kill();
      cluster.captureUntilAllIsDurable("the one that is left takes over");
      other.start();
      cluster.captureUntilAllIsDurable("it is back");

      stopInTheMiddleOfARebuild(one, other);

      // One after the other, as for a new version.
      one.stop();
      cluster.captureUntilAllIsDurable("one is away");
      one.start();
      cluster.captureUntilAllIsDurable("one is back");
      other.stop();
      cluster.captureUntilAllIsDurable("the other is away");
      other.start();
      pageHere.forget();
      pageThere.forget();
      cluster.captureUntil("pages see all devices again", () -> sees(pageHere, pageThere));
    }
    cluster.assertExact();
    assertThat(cluster.count("SELECT count(*) FROM analytics.model WHERE state = 'live'"))
        .isEqualTo(cluster.sources().size());
  }

  /// Whoever builds the model is stopped as it begins; the lease runs out, another goes on, and the
  /// one that wakes up finds that it is neither the builder nor the owner of its partitions.
  private void stopInTheMiddleOfARebuild(Cluster.Server one, Cluster.Server other) {
    var stopped = new AtomicReference<Cluster.Server>();
    for (var server : Set.of(one, other)) {
      server.watch(
          line -> {
            if (line.contains("rebuild begins") && stopped.compareAndSet(null, server)) {
              server.child().signal("STOP");
            }
          });
    }
    stopAsARebuildBegins(stopped);
    var endedBefore = ended();

    cluster.captureUntilAllIsDurable("the other one takes over from the one that is stopped");
    endTheLease();
    cluster.captureUntil("the rebuild ends elsewhere", () -> open() == 0);
    assertThat(ended()).isEqualTo(endedBefore + 1);

    var saidBefore = stopped.get().said().size();
    stopped.get().child().signal("CONT");
    cluster.captureUntil(
        "the one that wakes up is given partitions again",
        () ->
            stopped.get().said().stream()
                .skip(saidBefore)
                .anyMatch(line -> line.contains("partitions assigned")));
    cluster.captureUntilAllIsDurable("both work");
  }

  /// A process that was done before the signal reached it wakes up, and another rebuild is asked
  /// for.
  private void stopAsARebuildBegins(AtomicReference<Cluster.Server> stopped) {
    var path = "/v1/sources/" + cluster.sources().getFirst().id() + "/rebuilds";
    for (var attempt = 0; stopped.get() == null; attempt++) {
      assertThat(attempt).as("rebuilds that ended too soon").isLessThan(20);
      var answer = cluster.person().client().post(path, Map.of());
      assertThat(answer.status()).as(answer.response().body()).isEqualTo(202);
      cluster.captureUntil("a process is stopped as it begins", () -> stopped.get() != null);
      if (open() == 0) {
        stopped.getAndSet(null).child().signal("CONT");
      }
    }
  }

  /// The process stands between COPY and COMMIT when it is stopped, and holds its partition's
  /// fence.
  @Test
  void a_process_that_is_stopped_between_copy_and_commit_holds_nobody_up_and_commits_nothing()
      throws Exception {
    cluster.start(4, SEED + 1);
    cluster.captureUntilAllIsDurable("all is durable with two processes");
    var source = cluster.sources().getFirst();
    Cluster.Server zombie;
    try (var blocker = cluster.database.dataSource("service").getConnection();
        var statement = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      // The mark is moved last, when rows and read models are written.
      statement.execute(
          "SELECT FROM control.checkpoint_source WHERE source_id = '"
              + source.id()
              + "' FOR UPDATE");
      source.capture();
      var port =
          await("its transaction waits for the mark")
              .atMost(Cluster.PATIENCE)
              .until(this::waitingForTheMark, found -> found.isPresent())
              .orElseThrow();
      zombie = cluster.server(0).holdsPort(port) ? cluster.server(0) : cluster.server(1);
      assertThat(zombie.holdsPort(port)).isTrue();
      zombie.child().signal("STOP");
      blocker.rollback();
    }
    cluster.captureUntilAllIsDurable("the other one takes over");
    zombie.child().signal("CONT");
    cluster.captureUntilAllIsDurable("the zombie wakes up and harms nobody");
    cluster.assertExact();
  }

  /// The client's port of the connection that waits for a lock as it moves a mark.
  private Optional<Integer> waitingForTheMark() {
    return cluster
        .database
        .superuser()
        .sql(
            """
            SELECT client_port FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'
              AND query LIKE '%UPDATE control.checkpoint_source%'
            """)
        .query(Integer.class)
        .optional();
  }

  /// Now, if it has not run out meanwhile: it lasts half a minute.
  private void endTheLease() {
    cluster
        .database
        .superuser()
        .sql("UPDATE analytics.model SET worker_until = now() WHERE worker_until > now()")
        .update();
  }

  private long ended() {
    return cluster.count("SELECT count(*) FROM control.rebuild WHERE state = 'done'");
  }

  private long open() {
    return cluster.count("SELECT count(*) FROM control.rebuild WHERE ended_at IS NULL");
  }

  private boolean sees(OpenPage here, OpenPage there) {
    var all =
        new HashSet<>(
            cluster
                .database
                .superuser()
                .sql(
                    "SELECT device_id FROM analytics.devices JOIN analytics.model USING (model_id) WHERE state = 'live'")
                .query(UUID.class)
                .list());
    return here.devices().containsAll(all) && there.devices().containsAll(all);
  }

  /// A page that is open at one process, and comes back when that ends.
  private static final class OpenPage implements AutoCloseable {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final long COMES_BACK_AFTER_MS = 200;
    private final Set<UUID> devices = ConcurrentHashMap.newKeySet();
    private final Thread thread;
    private final CountDownLatch closed = new CountDownLatch(1);

    OpenPage(Cluster.Server server, ApiClient.Registered person) {
      var request =
          HttpRequest.newBuilder(server.url().resolve("/v1/live"))
              .header("Authorization", "Bearer " + person.accessToken())
              .build();
      thread = Thread.ofVirtual().name("page").start(() -> read(request));
    }

    private void read(HttpRequest request) {
      try {
        do {
          readOnce(request);
        } while (!closed.await(COMES_BACK_AFTER_MS, TimeUnit.MILLISECONDS));
      } catch (InterruptedException e) {
        // Closed.
      }
    }

    private void readOnce(HttpRequest request) throws InterruptedException {
      try {
        HTTP.send(request, HttpResponse.BodyHandlers.ofLines()).body().forEach(this::take);
      } catch (IOException | UncheckedIOException e) {
        // Its server is away.
      }
    }

    private void take(String line) {
      if (line.startsWith("data: ") && line.contains("\"items\"")) {
        JsonMapper.shared()
            .readTree(line.substring("data: ".length()))
            .get("items")
            .forEach(item -> devices.add(UUID.fromString(item.get("device_id").asString())));
      }
    }

    Set<UUID> devices() {
      return devices;
    }

    void forget() {
      devices.clear();
    }

    @Override
    public void close() {
      closed.countDown();
      thread.interrupt();
    }
  }
}
