package io.claritystream.stream.bus;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.kafka.clients.CommonClientConfigs;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/// `clarity.kafka.*`.
///
/// @param bootstrapServers where the brokers are
/// @param client the general properties of Kafka's clients that say how to connect: `security.*`,
///     `sasl.*` and `ssl.*`, all by their names in Kafka's documentation. Nothing: no encryption
///     and no sign-in
/// @param topic the topic's name; another one than the default only in tests
/// @param partitions how many the topic has at least; it may grow, never shrink
/// @param replicas copies of each partition
/// @param retention bytes kept of each partition before the oldest are dropped
/// @param payloadMax the largest batch payload the topic takes
/// @param sendBuffer bytes of batches that may wait to be sent
/// @param deliveryTimeout after which a batch that was not acknowledged has failed
/// @param laneBuffer bytes read ahead of the work on each partition
/// @param sessionTimeout after which a consumer that died without a word loses its partitions
/// @param instance names this consumer over its restarts, so that one that was killed has its
///     partitions back at once; unique among the processes that run at a time. Absent: no name
@ConfigurationProperties(prefix = "clarity.kafka", ignoreUnknownFields = false)
@Validated
public record BusSettings(
    @NotBlank String bootstrapServers,
    @DefaultValue Map<String, String> client,
    @DefaultValue("cdc.events") @NotBlank String topic,
    @DefaultValue("4") @Min(1) @Max(10_000) int partitions,
    @DefaultValue("1") @Min(1) @Max(9) short replicas,
    @DefaultValue("1GB") DataSize retention,
    @DefaultValue("12MB") DataSize payloadMax,
    @DefaultValue("64MB") DataSize sendBuffer,
    @DefaultValue("15s") Duration deliveryTimeout,
    @DefaultValue("8MB") DataSize laneBuffer,
    @DefaultValue("6s") Duration sessionTimeout,
    @Nullable String instance) {

  private static final Pattern CONNECTING = Pattern.compile("(security|sasl|ssl)\\..+");

  public BusSettings {
    client = Map.copyOf(client);
    for (var name : client.keySet()) {
      if (!CONNECTING.matcher(name).matches()) {
        throw new IllegalArgumentException(
            "clarity.kafka.client."
                + name
                + " does not say how to connect: security.*, sasl.* and ssl.* do");
      }
    }
    if (retention.toBytes() < payloadMax.toBytes() * 8) {
      throw new IllegalArgumentException(
          "clarity.kafka.retention of "
              + retention
              + " holds fewer than 8 payloads of the largest size");
    }
  }

  /// The defaults, for a broker and a topic.
  public static BusSettings of(
      String bootstrapServers, Map<String, String> client, String topic, int partitions) {
    return new BusSettings(
        bootstrapServers,
        client,
        topic,
        partitions,
        (short) 1,
        DataSize.ofGigabytes(1),
        DataSize.ofMegabytes(12),
        DataSize.ofMegabytes(64),
        Duration.ofSeconds(15),
        DataSize.ofMegabytes(8),
        Duration.ofSeconds(6),
        null);
  }

  /// The topic beside this one that [Broadcast] uses: one small partition.
  BusSettings broadcast() {
    return new BusSettings(
        bootstrapServers,
        client,
        topic + ".broadcast",
        1,
        replicas,
        DataSize.ofMegabytes(32),
        DataSize.ofMegabytes(2),
        sendBuffer,
        deliveryTimeout,
        laneBuffer,
        sessionTimeout,
        null);
  }

  /// A topic on which others are told what happened ([Feed]): as many partitions as the bus has.
  BusSettings feed(String name) {
    return new BusSettings(
        bootstrapServers,
        client,
        name,
        partitions,
        replicas,
        DataSize.ofMegabytes(256),
        DataSize.ofMegabytes(2),
        sendBuffer,
        deliveryTimeout,
        laneBuffer,
        sessionTimeout,
        null);
  }

  /// What every client of the brokers is given, with its own properties on top.
  Map<String, Object> clientProperties(Map<String, Object> own) {
    var properties = new HashMap<String, Object>(client);
    properties.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    properties.putAll(own);
    return properties;
  }

  /// Passwords stay out of logs.
  @Override
  public String toString() {
    return "BusSettings[topic=" + topic + "]";
  }
}
