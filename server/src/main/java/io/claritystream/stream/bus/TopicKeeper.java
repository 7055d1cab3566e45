package io.claritystream.stream.bus;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes the topic what the settings say it is, and knows its id. Any number of processes may do so
/// at a time.
final class TopicKeeper implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(TopicKeeper.class);
  private static final int ANSWER_SECONDS_MAX = 15;
  private static final long SEGMENT_BYTES_MAX = 64L * 1024 * 1024;
  private static final long RECORD_OVERHEAD_BYTES = 64L * 1024;

  private final BusSettings settings;
  private final Admin admin;

  TopicKeeper(BusSettings settings) {
    this.settings = settings;
    this.admin =
        Admin.create(
            settings.clientProperties(
                Map.of(
                    CommonClientConfigs.CLIENT_ID_CONFIG,
                    "clarity-topic",
                    CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG,
                    5_000,
                    "default.api.timeout.ms",
                    ANSWER_SECONDS_MAX * 1_000)));
  }

  /// The topic, made or mended first where it is not as it should be.
  ///
  /// @throws KafkaException if the brokers cannot be reached or refuse; it may be tried again
  Topic ensure() {
    var found = describe();
    if (found == null) {
      create();
      found = describe();
    }
    if (found == null) {
      throw new UnknownTopicOrPartitionException(
          settings.topic() + " was made and is not there yet");
    }
    if (found.partitions().size() < settings.partitions()) {
      grow();
    }
    configure();
    return topic(found);
  }

  /// The topic as it stands, changing nothing; null if there is none.
  @Nullable Topic find() {
    var found = describe();
    return found == null ? null : topic(found);
  }

  @Override
  public void close() {
    admin.close(java.time.Duration.ofSeconds(1));
  }

  private Topic topic(TopicDescription found) {
    var id = found.topicId();
    return new Topic(
        settings.topic(),
        new UUID(id.getMostSignificantBits(), id.getLeastSignificantBits()),
        Math.max(found.partitions().size(), settings.partitions()));
  }

  private @Nullable TopicDescription describe() {
    try {
      return await(
          admin.describeTopics(List.of(settings.topic())).topicNameValues().get(settings.topic()));
    } catch (UnknownTopicOrPartitionException e) {
      return null;
    }
  }

  private void create() {
    var topic =
        new NewTopic(settings.topic(), settings.partitions(), settings.replicas())
            .configs(wanted());
    try {
      await(admin.createTopics(List.of(topic)).all());
      log.info("topic made: topic={} partitions={}", settings.topic(), settings.partitions());
    } catch (TopicExistsException e) {
      log.debug("topic was made by another process meanwhile: topic={}", settings.topic());
    }
    awaitLeaders();
  }

  /// A topic is described before each of its partitions has a leader that answers.
  private void awaitLeaders() {
    for (var i = 0; i < 100; i++) {
      var found = describe();
      if (found != null && found.partitions().stream().allMatch(p -> p.leader() != null)) {
        return;
      }
      try {
        TimeUnit.MILLISECONDS.sleep(50);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new org.apache.kafka.common.errors.InterruptException(e);
      }
    }
  }

  private void grow() {
    await(
        admin
            .createPartitions(
                Map.of(settings.topic(), NewPartitions.increaseTo(settings.partitions())))
            .all());
    log.info("topic grown: topic={} partitions={}", settings.topic(), settings.partitions());
  }

  private void configure() {
    var resource = new ConfigResource(ConfigResource.Type.TOPIC, settings.topic());
    Config now = await(admin.describeConfigs(List.of(resource)).values().get(resource));
    Collection<AlterConfigOp> changes = new ArrayList<>();
    wanted()
        .forEach(
            (name, value) -> {
              var entry = now.get(name);
              if (entry == null || !value.equals(entry.value())) {
                changes.add(
                    new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET));
              }
            });
    if (!changes.isEmpty()) {
      await(admin.incrementalAlterConfigs(Map.of(resource, changes)).all());
      log.info("topic configured: topic={} changes={}", settings.topic(), changes);
    }
  }

  private Map<String, String> wanted() {
    var segment = Math.min(SEGMENT_BYTES_MAX, settings.retention().toBytes() / 4);
    return Map.of(
        TopicConfig.CLEANUP_POLICY_CONFIG,
        TopicConfig.CLEANUP_POLICY_DELETE,
        TopicConfig.RETENTION_MS_CONFIG,
        "-1",
        TopicConfig.RETENTION_BYTES_CONFIG,
        Long.toString(settings.retention().toBytes()),
        TopicConfig.SEGMENT_BYTES_CONFIG,
        Long.toString(segment),
        TopicConfig.COMPRESSION_TYPE_CONFIG,
        "producer",
        TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
        Long.toString(settings.payloadMax().toBytes() + RECORD_OVERHEAD_BYTES));
  }

  private static <T> T await(KafkaFuture<T> future) {
    try {
      return future.get(ANSWER_SECONDS_MAX, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof KafkaException cause) {
        throw cause;
      }
      throw new KafkaException(e.getCause());
    } catch (TimeoutException e) {
      throw new org.apache.kafka.common.errors.TimeoutException("no answer from the brokers", e);
    } catch (InterruptedException e) {
      throw new org.apache.kafka.common.errors.InterruptException(e);
    }
  }
}
