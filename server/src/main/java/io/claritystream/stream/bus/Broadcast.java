package io.claritystream.stream.bus;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What every process of the platform hears at once, the sender among them: a small topic beside
/// the one of the events, read from its end. Nothing on it is needed for anything to be right, so
/// nothing is kept for who was away, and what cannot be sent in time is lost; the sender is told
/// so.
public final class Broadcast implements AutoCloseable {
  /// Larger messages are refused by the topic.
  public static final int MESSAGE_BYTES_MAX = 1024 * 1024;

  private static final Logger log = LoggerFactory.getLogger(Broadcast.class);
  private static final int WAITING_MAX = 2_000;
  private static final Duration POLL_MAX = Duration.ofMillis(250);
  private static final Duration PAUSE_AFTER_FAILURE = Duration.ofSeconds(1);
  private static final Duration TOPIC_LOOK_EVERY = Duration.ofSeconds(5);
  private static final Duration BLOCK_MAX = Duration.ofSeconds(2);

  /// Told on one thread.
  public interface Listener {
    void heard(byte[] message);

    /// From now on everything is heard; before this, messages may have been missed.
    void listening();
  }

  /// @param lost run by any thread if it does not reach the brokers; it must not wait
  private record Outgoing(byte[] message, Runnable lost) {}

  private final BusSettings settings;
  private final Counter dropped;
  private final Supplier<KafkaProducer<byte[], byte[]>> producers;
  private final BlockingQueue<Outgoing> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile @Nullable KafkaConsumer<byte[], byte[]> current;
  private @Nullable Thread sender;
  private @Nullable Thread listener;

  public Broadcast(BusSettings events, MeterRegistry meters) {
    this(events, meters, () -> producer(events.broadcast()));
  }

  Broadcast(
      BusSettings events, MeterRegistry meters, Supplier<KafkaProducer<byte[], byte[]>> producers) {
    settings = events.broadcast();
    this.producers = producers;
    dropped =
        Counter.builder("clarity_broadcast_dropped_total")
            .description("Messages to other processes that could not be sent in time")
            .register(meters);
  }

  public synchronized void start(Listener told) {
    if (listener != null) {
      throw new IllegalStateException("started already");
    }
    sender = Thread.ofPlatform().daemon().name("broadcast-send").start(this::sendAll);
    listener = Thread.ofPlatform().daemon().name("broadcast-hear").start(() -> hearAll(told));
  }

  /// Never waits.
  ///
  /// @param lost run, now or later and by any thread, if the message does not reach the brokers,
  ///     which is counted; it must not wait
  public void send(byte[] message, Runnable lost) {
    var outgoing = new Outgoing(message, lost);
    if (message.length > MESSAGE_BYTES_MAX || !waiting.offer(outgoing)) {
      lose(outgoing);
    }
  }

  private void lose(Outgoing outgoing) {
    dropped.increment();
    outgoing.lost().run();
  }

  @Override
  public synchronized void close() {
    closing.countDown();
    var consumer = current;
    if (consumer != null) {
      consumer.wakeup();
    }
    end(sender);
    end(listener);
  }

  private static void end(@Nullable Thread thread) {
    if (thread == null) {
      return;
    }
    try {
      if (!thread.join(Duration.ofSeconds(3))) {
        thread.interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean closing() {
    return closing.getCount() == 0;
  }

  private void sendAll() {
    while (!closing()) {
      try (var producer = producers.get()) {
        while (!closing()) {
          var outgoing = waiting.poll(POLL_MAX.toMillis(), TimeUnit.MILLISECONDS);
          if (outgoing != null) {
            send(producer, outgoing);
          }
        }
      } catch (InterruptedException | InterruptException e) {
        // Only the end of the process interrupts.
        return;
      } catch (RuntimeException e) {
        // As while no name of a broker can be resolved.
        log.warn(
            "other processes cannot be told anything yet, trying again cause={}", e.toString());
        pause();
      }
    }
  }

  private void send(KafkaProducer<byte[], byte[]> producer, Outgoing outgoing) {
    try {
      producer.send(
          new ProducerRecord<>(settings.topic(), 0, null, outgoing.message()),
          (_, failure) -> {
            if (failure != null) {
              lose(outgoing);
            }
          });
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      lose(outgoing);
    }
  }

  private void hearAll(Listener told) {
    while (!closing()) {
      try (var keeper = new TopicKeeper(settings)) {
        hear(keeper, keeper.ensure(), told);
      } catch (InterruptException e) {
        return;
      } catch (RuntimeException e) {
        log.debug("other processes cannot be heard yet: cause={}", e.toString());
        pause();
      }
    }
  }

  /// Until closing, or until the topic is another one.
  private void hear(TopicKeeper keeper, Topic topic, Listener told) {
    var consumer = consumer();
    current = consumer;
    try {
      var all = List.of(new TopicPartition(topic.name(), 0));
      consumer.assign(all);
      consumer.seekToEnd(all);
      consumer.position(all.getFirst());
      told.listening();
      var lookedNs = System.nanoTime();
      while (!closing()) {
        for (var message : consumer.poll(POLL_MAX)) {
          told.heard(message.value());
        }
        if (System.nanoTime() - lookedNs > TOPIC_LOOK_EVERY.toNanos()) {
          if (!topic.equals(keeper.find())) {
            return;
          }
          lookedNs = System.nanoTime();
        }
      }
    } catch (WakeupException e) {
      // This closes.
    } finally {
      current = null;
      consumer.close(CloseOptions.timeout(Duration.ofSeconds(1)));
    }
  }

  private void pause() {
    try {
      closing.await(PAUSE_AFTER_FAILURE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      closing.countDown();
    }
  }

  private static KafkaProducer<byte[], byte[]> producer(BusSettings settings) {
    return new KafkaProducer<>(
        settings.clientProperties(
            Map.of(
                CommonClientConfigs.CLIENT_ID_CONFIG,
                "clarity-broadcast",
                ProducerConfig.ACKS_CONFIG,
                "1",
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                false,
                ProducerConfig.COMPRESSION_TYPE_CONFIG,
                "lz4",
                ProducerConfig.LINGER_MS_CONFIG,
                0,
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                BLOCK_MAX.toMillis(),
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                2 * MESSAGE_BYTES_MAX,
                ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                2_000,
                ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                5_000)),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }

  private KafkaConsumer<byte[], byte[]> consumer() {
    return new KafkaConsumer<>(
        settings.clientProperties(
            Map.of(
                CommonClientConfigs.CLIENT_ID_CONFIG,
                "clarity-broadcast",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                false,
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "latest",
                ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
                false,
                ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                10_000)),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }
}
