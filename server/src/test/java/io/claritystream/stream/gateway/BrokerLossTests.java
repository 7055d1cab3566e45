package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.embedded.Kafka;
import io.claritystream.embedded.KafkaSettings;
import io.claritystream.embedded.KeptPorts;
import io.claritystream.embedded.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A broker alone on its machine forces nothing to its disk: when it dies it may come back with
/// less than it acknowledged, or with nothing. Agents still have whatever is not durable, and
/// bronze has the rest.
@Timeout(400)
class BrokerLossTests {
  private static final long SEED = 4_711;

  @TempDir Path directory;
  private Path home;
  private int port;
  private Kafka kafka;
  private Cluster cluster;

  @BeforeEach
  void start() {
    home = directory.resolve("kafka");
    port = KeptPorts.next();
    startKafka();
    cluster = new Cluster(kafka.access(), 1);
    cluster.start(3, SEED);
    cluster.captureUntilAllIsDurable("it begins");
  }

  @AfterEach
  void end() {
    cluster.close();
    kafka.child().stop("KILL", Duration.ofSeconds(5));
  }

  private void startKafka() {
    kafka = Kafka.start(KafkaSettings.of(home).withPort(port));
  }

  /// Ends it without a word while batches are on their way.
  private void killKafka() {
    var sent = cluster.sources().getFirst().lastSeq();
    cluster.captureUntil(
        "events are under way", () -> cluster.sources().getFirst().lastSeq() > sent + 200);
    kafka.child().signal("KILL");
    assertThat(kafka.child().endedWithin(Cluster.PATIENCE)).isTrue();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (var file : all.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }

  @Test
  void a_broker_that_comes_back_empty_loses_nothing_and_doubles_nothing() throws Exception {
    var topics = cluster.count("SELECT count(DISTINCT topic_id) FROM control.checkpoint_partition");
    assertThat(topics).isEqualTo(1);
    killKafka();
    Trees.delete(home.resolve("log"));
    startKafka();

    cluster.captureUntilAllIsDurable("agents fill up what is missing");
    cluster.assertExact();
    assertThat(cluster.count("SELECT count(DISTINCT topic_id) FROM control.checkpoint_partition"))
        .as("topics that were read")
        .isEqualTo(2);
  }

  @Test
  void a_broker_that_forgot_its_newest_records_loses_nothing_and_doubles_nothing()
      throws Exception {
    // What it has on its disk now is all that it will remember, and ingest has read all of that.
    cluster.awaitQuiet();
    var remembered = positions();
    kafka.close();
    copy(home.resolve("log"), home.resolve("remembered"));
    startKafka();
    cluster.captureUntilAllIsDurable("more is acknowledged than it will remember");
    killKafka();
    assertThat(positions()).as("what was read").isGreaterThan(remembered);
    Trees.delete(home.resolve("log"));
    Files.move(home.resolve("remembered"), home.resolve("log"));
    startKafka();

    cluster.captureUntilAllIsDurable("agents fill up what is missing");
    cluster.assertExact();
    assertThat(cluster.count("SELECT count(DISTINCT topic_id) FROM control.checkpoint_partition"))
        .as("it is the same topic")
        .isEqualTo(1);
  }

  private long positions() {
    return cluster.count("SELECT sum(next_offset) FROM control.checkpoint_partition");
  }
}
