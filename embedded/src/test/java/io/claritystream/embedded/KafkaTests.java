package io.claritystream.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KafkaTests {
  @TempDir Path temporary;

  @Test
  void keeps_what_it_acknowledged_over_kill_9() throws Exception {
    Path home = temporary.resolve("a home with blanks");
    Kafka first = Kafka.start(KafkaSettings.of(home));
    create(first, "kept");
    send(first, "kept", "a");
    first.child().signal("KILL");
    assertThat(first.child().endedWithin(Duration.ofSeconds(5))).isTrue();
    try (Kafka second = Kafka.start(KafkaSettings.of(home))) {
      send(second, "kept", "b");
      assertThat(read(second, "kept", 2)).containsExactly("a", "b");
    }
  }

  @Test
  void ends_in_order_within_seconds_and_starts_again() throws Exception {
    Path home = temporary.resolve("kafka");
    Kafka first = Kafka.start(KafkaSettings.of(home));
    create(first, "kept");
    send(first, "kept", "a");
    Instant before = Instant.now();
    first.close();
    assertThat(Duration.between(before, Instant.now())).isLessThan(Duration.ofSeconds(6));
    assertThat(first.child().alive()).isFalse();
    try (Kafka second = Kafka.start(KafkaSettings.of(home))) {
      assertThat(read(second, "kept", 1)).containsExactly("a");
    }
  }

  @Test
  void makes_no_topic_that_nobody_made() {
    try (Admin admin = Admin.create(TestKafka.shared().access().properties())) {
      assertThatThrownBy(
              () ->
                  admin
                      .describeTopics(List.of("never-made"))
                      .allTopicNames()
                      .get(20, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(UnknownTopicOrPartitionException.class);
    }
  }

  @Test
  void takes_nothing_from_a_user_of_the_machine_who_does_not_know_its_password() throws Exception {
    Path home = temporary.resolve("kafka");
    try (Kafka kafka = Kafka.start(KafkaSettings.of(home))) {
      Properties settings = new Properties();
      try (InputStream in = Files.newInputStream(home.resolve("server.properties"))) {
        settings.load(in);
      }
      String controller = settings.getProperty("controller.quorum.voters").replace("1@", "");
      for (Map<String, Object> listener :
          List.<Map<String, Object>>of(
              Map.of("bootstrap.servers", kafka.access().bootstrapServers()),
              Map.of("bootstrap.controllers", controller))) {
        Map<String, Object> known = new HashMap<>(kafka.access().security());
        known.putAll(listener);
        assertThat(cluster(known)).isNotBlank();

        Map<String, Object> guessed = new HashMap<>(known);
        guessed.computeIfPresent(
            "sasl.jaas.config",
            (name, login) -> ((String) login).replaceFirst("password=\"", "password=\"x"));
        assertThatThrownBy(() -> cluster(guessed))
            .hasCauseInstanceOf(SaslAuthenticationException.class);

        assertThatThrownBy(() -> cluster(listener)).hasCauseInstanceOf(TimeoutException.class);
      }
    }
  }

  @Test
  void keeps_its_password_in_files_of_its_own_user_and_off_its_command_line() throws Exception {
    Path home = temporary.resolve("kafka");
    try (Kafka kafka = Kafka.start(KafkaSettings.of(home))) {
      String password = Files.readString(home.resolve("password")).strip();
      assertThat(password).hasSize(32);
      assertThat(Files.readString(Path.of("/proc", "" + kafka.child().pid(), "cmdline")))
          .contains("server.properties")
          .doesNotContain(password);
    }
    assertThat(Files.getPosixFilePermissions(home))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    for (String file : List.of("password", "server.properties")) {
      assertThat(Files.getPosixFilePermissions(home.resolve(file)))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }
  }

  private static String cluster(Map<String, Object> access) throws Exception {
    Map<String, Object> properties = new HashMap<>(access);
    properties.put("default.api.timeout.ms", 3_000);
    properties.put("request.timeout.ms", 2_000);
    try (Admin admin = Admin.create(properties)) {
      return admin.describeCluster().clusterId().get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void says_so_when_its_directory_cannot_be_made() throws IOException {
    Path file = Files.createFile(temporary.resolve("file"));
    assertThatThrownBy(() -> Kafka.start(KafkaSettings.of(file.resolve("below"))))
        .isInstanceOf(StartFailedException.class)
        .hasMessageContaining("Kafka cannot keep its log in");
  }

  @Test
  void waits_for_a_predecessor_that_still_holds_its_log() throws Exception {
    Path home = temporary.resolve("kafka");
    Path log = Files.createDirectories(home.resolve("log"));
    AtomicInteger born = new AtomicInteger();
    try (FileChannel channel =
            FileChannel.open(
                log.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock held = channel.lock()) {
      try (Kafka kafka =
          Kafka.start(
              KafkaSettings.of(home),
              child -> {
                if (born.incrementAndGet() == 2) {
                  release(held);
                }
              })) {
        assertThat(kafka.child().alive()).isTrue();
      }
    }
    assertThat(born).hasValue(2);
  }

  private static void release(FileLock lock) {
    try {
      lock.release();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void create(Kafka kafka, String topic) throws Exception {
    try (Admin admin = Admin.create(kafka.access().properties())) {
      admin
          .createTopics(List.of(new NewTopic(topic, 1, (short) 1)))
          .all()
          .get(20, TimeUnit.SECONDS);
    }
  }

  private static void send(Kafka kafka, String topic, String value) throws Exception {
    Map<String, Object> properties = kafka.access().properties();
    properties.put("acks", "all");
    try (var producer =
        new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
      producer.send(new ProducerRecord<>(topic, value)).get(30, TimeUnit.SECONDS);
    }
  }

  private static List<String> read(Kafka kafka, String topic, int count) {
    try (var consumer =
        new KafkaConsumer<>(
            kafka.access().properties(), new StringDeserializer(), new StringDeserializer())) {
      TopicPartition partition = new TopicPartition(topic, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      List<String> values = new ArrayList<>();
      Instant deadline = Instant.now().plusSeconds(30);
      while (values.size() < count && Instant.now().isBefore(deadline)) {
        consumer.poll(Duration.ofMillis(200)).forEach(record -> values.add(record.value()));
      }
      return values;
    }
  }
}
