package io.claritystream.stream.bus;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A member of the group that divides the topic's partitions among processes. The group does
/// nothing else: where a partition is read from is the work's to say, and so is what was done with
/// it.
///
/// One thread polls and fills the lanes; a lane that is full is paused until its work has caught
/// up. Whatever goes wrong (brokers away, partition truncated, topic made anew) ends in lanes that
/// are lost and lanes that are opened again, for ever, with a pause in between.
public final class PartitionConsumer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PartitionConsumer.class);

  private static final String GROUP = "clarity-ingest";
  private static final Duration POLL_MAX = Duration.ofMillis(250);
  private static final Duration OFFSETS_MAX = Duration.ofSeconds(5);
  private static final Duration PAUSE_AFTER_FAILURE = Duration.ofSeconds(1);
  private static final Duration TOPIC_LOOK_EVERY = Duration.ofSeconds(5);
  private static final int FETCH_BYTES_PARTITION = 4 * 1024 * 1024;
  private static final int FETCH_BYTES = 16 * 1024 * 1024;
  private static final int RECORDS_A_POLL = 1_000;

  private final BusSettings settings;
  private final String group;
  private final Map<TopicPartition, Lane> lanes = new HashMap<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile @Nullable KafkaConsumer<byte[], byte[]> current;
  private volatile boolean topicChanged;
  private @Nullable Thread poller;

  public PartitionConsumer(BusSettings settings) {
    this(settings, GROUP);
  }

  /// Tests take a group of their own where the topic's partitions are not to be shared.
  public PartitionConsumer(BusSettings settings, String group) {
    this.settings = settings;
    this.group = group;
  }

  /// Joins the group and calls `work` for each partition that it is given, until closed.
  public synchronized void start(LaneWork work) {
    if (poller != null) {
      throw new IllegalStateException("started already");
    }
    poller = Thread.ofPlatform().name("bus-poll").start(() -> run(work));
  }

  /// Leaves the group; all lanes are lost.
  @Override
  public synchronized void close() {
    closing.countDown();
    wake();
    if (poller == null) {
      return;
    }
    try {
      if (!poller.join(Duration.ofSeconds(10))) {
        log.warn("poll thread did not end in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean closing() {
    return closing.getCount() == 0;
  }

  private void wake() {
    var consumer = current;
    if (consumer != null) {
      consumer.wakeup();
    }
  }

  private void run(LaneWork work) {
    while (!closing()) {
      try {
        consume(work);
      } catch (InterruptException e) {
        // Only the end of the process interrupts this thread.
        closing.countDown();
      } catch (RuntimeException e) {
        log.warn("consumer failed and begins again: group={} cause={}", group, e.toString(), e);
        pause();
      } finally {
        loseAll();
      }
    }
  }

  private void pause() {
    try {
      closing.await(PAUSE_AFTER_FAILURE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      closing.countDown();
    }
  }

  /// One life of a consumer: ends on closing, or when the topic is another one.
  private void consume(LaneWork work) {
    try (var keeper = new TopicKeeper(settings)) {
      var topic = keeper.ensure();
      topicChanged = false;
      var consumer = open();
      try {
        current = consumer;
        var assignment = new Assignment(topic, work, consumer);
        consumer.subscribe(List.of(topic.name()), assignment);
        var watch = Thread.ofVirtual().name("bus-topic").start(() -> watch(keeper, topic));
        try {
          while (!closing() && !topicChanged) {
            poll(consumer, topic, work);
            assignment.askAgainOnce();
          }
        } finally {
          watch.interrupt();
        }
      } finally {
        current = null;
        // An interrupted or woken thread must still be able to say good-bye.
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(3)));
      }
    }
  }

  private void poll(KafkaConsumer<byte[], byte[]> consumer, Topic topic, LaneWork work) {
    try {
      for (var entry : lanes.entrySet()) {
        var seek = entry.getValue().wanted();
        if (seek != null) {
          carryOut(consumer, entry.getKey(), entry.getValue(), seek);
        }
      }
      var flowing = new HashSet<TopicPartition>();
      var still = new HashSet<TopicPartition>();
      lanes.forEach((partition, lane) -> (lane.flows() ? flowing : still).add(partition));
      flowing.retainAll(consumer.paused());
      consumer.resume(flowing);
      consumer.pause(still);
      var records = consumer.poll(POLL_MAX);
      for (var partition : records.partitions()) {
        var lane = lanes.get(partition);
        if (lane != null) {
          var behind = consumer.currentLag(partition).orElse(0);
          lane.offer(
              records.records(partition).stream().map(PartitionConsumer::read).toList(), behind);
        }
      }
    } catch (WakeupException e) {
      // A lane wants something, or this closes: the loop looks.
    } catch (TimeoutException e) {
      log.warn("brokers did not answer in time, asking again: cause={}", e.toString());
    } catch (OffsetOutOfRangeException e) {
      log.warn("positions left the log: partitions={}", e.offsetOutOfRangePartitions());
      reopen(consumer, e.offsetOutOfRangePartitions().keySet(), topic, work);
    }
  }

  private static Delivery read(ConsumerRecord<byte[], byte[]> record) {
    var header = record.headers().lastHeader(EventBus.HEADER);
    var payload = record.value();
    return new Delivery(
        record.offset(),
        header == null ? null : header.value(),
        payload == null ? new byte[0] : payload);
  }

  private static void carryOut(
      KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition, Lane lane, Lane.Seek seek) {
    var asked = List.of(partition);
    var first = consumer.beginningOffsets(asked, OFFSETS_MAX).getOrDefault(partition, 0L);
    var end = consumer.endOffsets(asked, OFFSETS_MAX).getOrDefault(partition, 0L);
    var there = seek.offset() >= first && seek.offset() <= end;
    var offset = there ? seek.offset() : first;
    if (!there) {
      log.warn(
          "position is not in the log, reading from its beginning: partition={} position={} first={} end={}",
          partition.partition(),
          seek.offset(),
          first,
          end);
    }
    consumer.seek(partition, offset);
    lane.sought(seek, offset);
  }

  /// Positions are lost, so what the lanes have read ahead may be of another history.
  private void reopen(
      KafkaConsumer<byte[], byte[]> consumer,
      Set<TopicPartition> partitions,
      Topic topic,
      LaneWork work) {
    for (var partition : partitions) {
      lose(partition);
    }
    consumer.pause(partitions);
    for (var partition : partitions) {
      open(partition, topic, work);
    }
  }

  private void open(TopicPartition partition, Topic topic, LaneWork work) {
    var lane =
        new Lane(partition.partition(), topic.id(), settings.laneBuffer().toBytes(), this::wake);
    lanes.put(partition, lane);
    work.opened(lane);
  }

  private void lose(TopicPartition partition) {
    var lane = lanes.remove(partition);
    if (lane != null) {
      lane.lose();
    }
  }

  private void loseAll() {
    new ArrayList<>(lanes.keySet()).forEach(this::lose);
  }

  private void watch(TopicKeeper keeper, Topic topic) {
    try {
      while (!closing.await(TOPIC_LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
        if (changed(keeper, topic)) {
          topicChanged = true;
          wake();
          return;
        }
      }
    } catch (InterruptedException e) {
      // The life of the consumer that this watches for has ended.
    }
  }

  private static boolean changed(TopicKeeper keeper, Topic topic) {
    try {
      var now = keeper.find();
      if (topic.equals(now)) {
        return false;
      }
      log.warn("topic is another one: was={} now={}", topic, now);
      return true;
    } catch (InterruptException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (KafkaException e) {
      log.debug("topic could not be looked at: cause={}", e.toString());
      return false;
    }
  }

  private KafkaConsumer<byte[], byte[]> open() {
    var sessionMs = Math.toIntExact(settings.sessionTimeout().toMillis());
    var properties = new HashMap<String, Object>();
    properties.put(ConsumerConfig.CLIENT_ID_CONFIG, group);
    properties.put(ConsumerConfig.GROUP_ID_CONFIG, group);
    properties.put(
        ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
        CooperativeStickyAssignor.class.getName());
    properties.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, sessionMs);
    properties.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, sessionMs / 4);
    properties.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, 30_000);
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    properties.put(ConsumerConfig.FETCH_MIN_BYTES_CONFIG, 1);
    properties.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCH_BYTES_PARTITION);
    properties.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES);
    properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, RECORDS_A_POLL);
    properties.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, 10_000);
    if (settings.instance() != null) {
      properties.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, settings.instance());
    }
    return new KafkaConsumer<>(
        settings.clientProperties(properties),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }

  /// What the group decides. Called on the polling thread, within `poll`.
  private final class Assignment implements ConsumerRebalanceListener {
    private final Topic topic;
    private final LaneWork work;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private boolean joined;
    private boolean askedAgain;

    private Assignment(Topic topic, LaneWork work, KafkaConsumer<byte[], byte[]> consumer) {
      this.consumer = consumer;
      this.topic = topic;
      this.work = work;
    }

    /// A name that comes back is given what the group had for it, without another look at the
    /// topic. If that has grown meanwhile or was made anew, what it had is too little, or nothing,
    /// and nobody would ever notice. So each life has the group divide the partitions once more;
    /// those that stay where they are flow on.
    private void askAgainOnce() {
      if (joined && !askedAgain && settings.instance() != null) {
        askedAgain = true;
        consumer.enforceRebalance("the topic may be another one than when this name was last here");
      }
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      joined = true;
      if (partitions.isEmpty()) {
        return;
      }
      log.info("partitions assigned: {}", partitions);
      // A partition without a position would be looked up in the group's committed offsets, even
      // while it is paused. This one is replaced when its lane is told where to begin.
      partitions.forEach(partition -> consumer.seek(partition, 0));
      consumer.pause(partitions);
      partitions.forEach(partition -> open(partition, topic, work));
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      if (partitions.isEmpty()) {
        return;
      }
      log.info("partitions revoked: {}", partitions);
      partitions.forEach(PartitionConsumer.this::lose);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
      log.warn("partitions lost: {}", partitions);
      partitions.forEach(PartitionConsumer.this::lose);
    }
  }
}
