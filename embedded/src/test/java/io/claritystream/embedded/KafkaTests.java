package io.claritystream.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
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
    try (Admin admin = admin(TestKafka.shared().bootstrapServers())) {
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

  private static Admin admin(String bootstrapServers) {
    return Admin.create(Map.of("bootstrap.servers", bootstrapServers));
  }

  private static void create(Kafka kafka, String topic) throws Exception {
    try (Admin admin = admin(kafka.bootstrapServers())) {
      admin
          .createTopics(List.of(new NewTopic(topic, 1, (short) 1)))
          .all()
          .get(20, TimeUnit.SECONDS);
    }
  }

  private static void send(Kafka kafka, String topic, String value) throws Exception {
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", kafka.bootstrapServers(), "acks", "all"),
            new StringSerializer(),
            new StringSerializer())) {
      producer.send(new ProducerRecord<>(topic, value)).get(30, TimeUnit.SECONDS);
    }
  }

  private static List<String> read(Kafka kafka, String topic, int count) {
    try (var consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", kafka.bootstrapServers()),
            new StringDeserializer(),
            new StringDeserializer())) {
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
