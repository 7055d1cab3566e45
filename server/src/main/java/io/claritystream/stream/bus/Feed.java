package io.claritystream.stream.bus;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/// A topic on which the platform tells others what happened. Messages of one key stay in their
/// order; each arrives once or more often, since whoever sends sends again what was not
/// acknowledged.
///
/// For one thread; whatever fails may be tried again.
public final class Feed implements AutoCloseable {
  private static final Duration BLOCK_MAX = Duration.ofSeconds(2);

  private final BusSettings settings;
  private @Nullable KafkaProducer<byte[], byte[]> producer;

  /// @param events the settings of the bus
  /// @param topic the feed's
  public Feed(BusSettings events, String topic) {
    this.settings = events.feed(topic);
  }

  /// Sends a message.
  ///
  /// @return completes when it is on the topic
  /// @throws KafkaException if the brokers cannot be reached now
  public CompletableFuture<Void> send(byte[] key, byte[] message) {
    var used = producer;
    if (used == null) {
      try (var keeper = new TopicKeeper(settings)) {
        keeper.ensure();
      }
      used = open();
      producer = used;
    }
    var sent = new CompletableFuture<Void>();
    used.send(
        new ProducerRecord<>(settings.topic(), key, message),
        (place, failure) -> {
          if (failure == null) {
            sent.complete(null);
          } else {
            sent.completeExceptionally(failure);
          }
        });
    return sent;
  }

  /// After a failure: connections, and the identity of the sender, are made anew.
  public void reset() {
    var used = producer;
    producer = null;
    if (used != null) {
      used.close(Duration.ZERO);
    }
  }

  @Override
  public void close() {
    var used = producer;
    producer = null;
    if (used != null) {
      used.close(Duration.ofSeconds(2));
    }
  }

  private KafkaProducer<byte[], byte[]> open() {
    var timeoutMs = Math.toIntExact(settings.deliveryTimeout().toMillis());
    return new KafkaProducer<>(
        settings.clientProperties(
            Map.ofEntries(
                Map.entry(CommonClientConfigs.CLIENT_ID_CONFIG, "clarity-feed"),
                Map.entry(ProducerConfig.ACKS_CONFIG, "all"),
                Map.entry(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true),
                Map.entry(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4"),
                Map.entry(ProducerConfig.BATCH_SIZE_CONFIG, 128 * 1024),
                Map.entry(ProducerConfig.LINGER_MS_CONFIG, 5),
                Map.entry(ProducerConfig.MAX_BLOCK_MS_CONFIG, BLOCK_MAX.toMillis()),
                Map.entry(
                    ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                    Math.toIntExact(settings.payloadMax().toBytes())),
                Map.entry(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, Math.max(1_000, timeoutMs / 3)),
                Map.entry(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, timeoutMs))),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }
}
