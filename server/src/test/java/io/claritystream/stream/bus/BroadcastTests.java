package io.claritystream.stream.bus;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.embedded.TestKafka;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/// What becomes of a message that cannot be sent, or not yet.
class BroadcastTests {
  private static final int SOON_S = 30;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  private record Heard(BlockingQueue<String> messages, CountDownLatch begun)
      implements Broadcast.Listener {
    Heard() {
      this(new LinkedBlockingQueue<>(), new CountDownLatch(1));
    }

    @Override
    public void heard(byte[] message) {
      messages.add(new String(message, StandardCharsets.UTF_8));
    }

    @Override
    public void listening() {
      begun.countDown();
    }
  }

  private static BusSettings settings(String topic) {
    return BusSettings.of(
        TestKafka.shared().access().bootstrapServers(),
        TestKafka.shared().access().security(),
        topic + "-" + ProcessHandle.current().pid(),
        1);
  }

  @Test
  void a_producer_that_cannot_be_made_at_first_is_made_later() throws Exception {
    var settings = settings("later");
    var attempts = new AtomicInteger();
    var heard = new Heard();
    try (var broadcast =
        new Broadcast(
            settings,
            meters,
            () -> {
              if (attempts.incrementAndGet() < 3) {
                throw new KafkaException("no resolvable bootstrap urls");
              }
              return new KafkaProducer<>(
                  settings.clientProperties(Map.of()),
                  new ByteArraySerializer(),
                  new ByteArraySerializer());
            })) {
      broadcast.start(heard);
      assertThat(heard.begun().await(SOON_S, TimeUnit.SECONDS)).isTrue();
      broadcast.send("told".getBytes(StandardCharsets.UTF_8), () -> {});
      assertThat(heard.messages().poll(SOON_S, TimeUnit.SECONDS)).isEqualTo("told");
    }
  }

  @Test
  void the_sender_is_told_of_a_message_that_was_taken_and_not_delivered() throws Exception {
    var lost = new CountDownLatch(1);
    var nobody = BusSettings.of("127.0.0.1:1", Map.of(), "nobody", 1);
    try (var broadcast = new Broadcast(nobody, meters)) {
      broadcast.start(new Heard());
      broadcast.send(new byte[10], lost::countDown);
      assertThat(lost.await(SOON_S, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(meters.counter("clarity_broadcast_dropped_total").count()).isEqualTo(1);
  }

  @Test
  void the_sender_is_told_at_once_of_a_message_that_is_too_large() {
    var lost = new AtomicInteger();
    try (var broadcast = new Broadcast(settings("large"), meters)) {
      broadcast.send(new byte[Broadcast.MESSAGE_BYTES_MAX + 1], lost::incrementAndGet);
    }
    assertThat(lost).hasValue(1);
  }
}
