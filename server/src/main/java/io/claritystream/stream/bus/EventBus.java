package io.claritystream.stream.bus;

import io.claritystream.protocol.link.BatchHeader;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The way onto the bus.
///
/// A batch is on the bus when its future completes with an [Offset], and not before; the batches of
/// one partition are put there in the order of the calls, as long as none fails. After a failure
/// later ones may still arrive, so whoever sends must begin again behind what is durable: an
/// agent's stream ends with a failed send. Nothing is given up silently: each future completes, at
/// the latest after [BusSettings#deliveryTimeout()].
public final class EventBus implements AutoCloseable {
  static final String HEADER = "h";

  private static final Logger log = LoggerFactory.getLogger(EventBus.class);

  /// A caller is held no longer than this when the buffer is full or the brokers are unknown.
  private static final Duration BLOCK_MAX = Duration.ofSeconds(2);

  private static final Duration TOPIC_AGAIN_AFTER = Duration.ofMillis(500);
  private static final long RECORD_OVERHEAD_BYTES = 64L * 1024;

  private final BusSettings settings;
  private final Timer sends;
  private final Counter failures;
  private final Object replacing = new Object();
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile KafkaProducer<byte[], byte[]> producer;
  private long openedAtNs;

  public EventBus(BusSettings settings, MeterRegistry meters) {
    this.settings = settings;
    this.sends =
        Timer.builder("clarity_bus_send_seconds")
            .description("From the call to the broker's acknowledgement")
            .publishPercentileHistogram()
            .register(meters);
    this.failures =
        Counter.builder("clarity_bus_send_failures_total")
            .description("Batches that were not acknowledged")
            .register(meters);
    this.producer = open();
  }

  /// Sees to it that the topic is there, soon, however long the brokers take to start.
  public void start() {
    Thread.ofVirtual().name("bus-topic").start(this::ensureTopic);
  }

  private void ensureTopic() {
    try {
      do {
        try (var keeper = new TopicKeeper(settings)) {
          keeper.ensure();
          return;
        } catch (KafkaException e) {
          log.info("topic cannot be looked at yet: cause={}", e.toString());
        }
      } while (!closing.await(TOPIC_AGAIN_AFTER.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Sends a batch, or a barrier with an empty payload, to the partition its source keeps. May hold
  /// the caller for up to 2 seconds when it sends faster than the brokers take.
  public CompletableFuture<Offset> send(int partition, BatchHeader header, byte[] payload) {
    var key =
        (header.getTenantId() + '|' + header.getSourceId()).getBytes(StandardCharsets.US_ASCII);
    Header carried = new RecordHeader(HEADER, header.toByteArray());
    var message =
        new ProducerRecord<>(settings.topic(), partition, null, key, payload, List.of(carried));
    var sent = new CompletableFuture<Offset>();
    var used = producer;
    var startedNs = System.nanoTime();
    try {
      used.send(
          message,
          (place, failure) -> {
            if (failure != null) {
              failed(used, sent, failure);
              return;
            }
            sends.record(Duration.ofNanos(System.nanoTime() - startedNs));
            sent.complete(new Offset(place.partition(), place.offset()));
          });
    } catch (KafkaException | IllegalStateException e) {
      failed(used, sent, e);
    }
    return sent;
  }

  /// Bytes that a partition keeps at least: what the windows of its sources may add up to.
  public long retentionBytes() {
    return settings.retention().toBytes();
  }

  @Override
  public void close() {
    synchronized (replacing) {
      closing.countDown();
      producer.close(Duration.ofSeconds(5));
    }
  }

  private void failed(
      KafkaProducer<byte[], byte[]> used, CompletableFuture<Offset> sent, Exception failure) {
    failures.increment();
    if (beyondRepair(failure)) {
      replace(used, failure);
    }
    sent.completeExceptionally(failure);
  }

  /// A full buffer and a batch that is too large say nothing about the producer. Anything else has
  /// outlived all of its own retries: a new one has a new identity and fresh connections.
  private static boolean beyondRepair(@Nullable Exception failure) {
    return !(failure instanceof BufferExhaustedException
        || failure instanceof RecordTooLargeException
        || failure instanceof SerializationException);
  }

  private void replace(KafkaProducer<byte[], byte[]> used, Exception failure) {
    synchronized (replacing) {
      // One that is young has failed for the brokers' sake: they are away, or not yet there.
      var ageNs = System.nanoTime() - openedAtNs;
      if (closing.getCount() == 0
          || producer != used
          || ageNs < settings.deliveryTimeout().toNanos()) {
        return;
      }
      log.warn("producer replaced after a failed send: cause={}", failure.toString());
      producer = open();
    }
    // It is called back by the producer's own thread, which must not wait for its own end.
    Thread.ofVirtual().name("bus-producer-close").start(() -> used.close(Duration.ZERO));
  }

  private KafkaProducer<byte[], byte[]> open() {
    openedAtNs = System.nanoTime();
    var timeoutMs = Math.toIntExact(settings.deliveryTimeout().toMillis());
    var requestMs = Math.max(1_000, timeoutMs / 3);
    return new KafkaProducer<>(
        settings.clientProperties(
            Map.ofEntries(
                Map.entry(ProducerConfig.CLIENT_ID_CONFIG, "clarity-bus"),
                Map.entry(ProducerConfig.ACKS_CONFIG, "all"),
                Map.entry(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true),
                Map.entry(ProducerConfig.COMPRESSION_TYPE_CONFIG, "none"),
                Map.entry(ProducerConfig.LINGER_MS_CONFIG, 0),
                Map.entry(ProducerConfig.BUFFER_MEMORY_CONFIG, settings.sendBuffer().toBytes()),
                Map.entry(ProducerConfig.MAX_BLOCK_MS_CONFIG, BLOCK_MAX.toMillis()),
                Map.entry(
                    ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                    Math.toIntExact(settings.payloadMax().toBytes() + RECORD_OVERHEAD_BYTES)),
                Map.entry(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, requestMs),
                Map.entry(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, timeoutMs))),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }
}
