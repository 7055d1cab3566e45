package io.claritystream.stream.gateway;

import com.google.protobuf.InvalidProtocolBufferException;
import io.claritystream.embedded.TestKafka;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.BatchKind;
import io.claritystream.stream.source.DurableMark;
import io.claritystream.stream.source.DurableMarks;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Commits checkpoints for what is on the bus, as ingest would, but when a test says so, and
/// without a look at the events. It holds to ingest's order: a barrier is committed before what
/// follows it.
final class Committer implements AutoCloseable {

  /// A record as it was found on the bus.
  record OnBus(int partition, String key, BatchHeader header, byte[] payload) {
    boolean isBarrier() {
      return header.getKind() == BatchKind.BARRIER;
    }

    long endSeq() {
      return header.getFirstSeq() + header.getCount() - 1;
    }
  }

  private static final String UPSERT =
      """
      INSERT INTO control.checkpoint_source AS c
        (source_id, tenant_id, model_id, epoch, session, bronze_seq, applied_seq, digest, position,
         position_seq, events_total, updated_at)
      VALUES (:source, :tenant, 1, :epoch, :session, :seq, :seq, :digest, :position, :seq, 0, now())
      ON CONFLICT (source_id) DO UPDATE SET
        epoch = excluded.epoch, session = excluded.session, bronze_seq = excluded.bronze_seq,
        applied_seq = excluded.applied_seq, digest = excluded.digest,
        position_seq = CASE WHEN excluded.epoch > c.epoch THEN -1
                            WHEN excluded.bronze_seq > c.bronze_seq THEN excluded.position_seq
                            ELSE c.position_seq END,
        position = CASE WHEN excluded.position = '' THEN c.position ELSE excluded.position END
      """;

  private record Mark(int epoch, long session, long seq, byte[] digest) {}

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final JdbcClient sql;
  private final DurableMarks marks;
  private final List<OnBus> seen = new CopyOnWriteArrayList<>();
  private final Map<UUID, Mark> durable = new HashMap<>();
  private final Thread thread;
  private volatile boolean holding;
  private volatile boolean silent;
  private volatile boolean holdingBarriers;
  private volatile boolean losingEpochs;
  private volatile boolean closed;

  Committer(String topic, JdbcClient sql, DurableMarks marks) {
    this.sql = sql;
    this.marks = marks;
    Map<String, Object> properties = TestKafka.shared().access().properties();
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    this.consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    consumer.assign(
        IntStream.range(0, 2).mapToObj(partition -> new TopicPartition(topic, partition)).toList());
    this.thread = Thread.ofPlatform().daemon().name("committer").start(this::run);
  }

  static void makeTopic(String topic, int partitions) {
    try (Admin admin = Admin.create(TestKafka.shared().access().properties())) {
      NewTopic wanted = new NewTopic(topic, partitions, (short) 1);
      wanted.configs(Map.of("max.message.bytes", Integer.toString(12 * 1024 * 1024)));
      admin.createTopics(List.of(wanted)).all().get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("no topic " + topic, e);
    }
  }

  /// From now on events are read from the bus but not committed; barriers are.
  void hold() {
    holding = true;
  }

  /// Events are committed again; those that were held stay uncommitted until they come again.
  void release() {
    holding = false;
  }

  /// From now on barriers are not committed either.
  void holdBarriers(boolean held) {
    holdingBarriers = held;
  }

  /// From now on barriers that open another epoch than the first get lost.
  void loseEpochs(boolean lost) {
    losingEpochs = lost;
  }

  /// What is committed is told to no one in this process, as if ingest ran in another.
  void silence(boolean wanted) {
    silent = wanted;
  }

  /// Commits what was held of a source and follows in its order. What comes meanwhile waits: it
  /// follows on the last of what was held, and would be passed over before that is committed.
  synchronized void commitHeld(UUID source) {
    for (OnBus record : batches()) {
      if (record.header().getSourceId().equals(source.toString())) {
        commit(record);
      }
    }
  }

  /// Everything that was on the bus so far.
  List<OnBus> seen() {
    return List.copyOf(seen);
  }

  List<OnBus> batches() {
    return seen.stream().filter(record -> !record.isBarrier()).toList();
  }

  List<OnBus> barriers() {
    return seen.stream().filter(OnBus::isBarrier).toList();
  }

  private void run() {
    while (!closed) {
      List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
      consumer.poll(Duration.ofMillis(20)).forEach(records::add);
      records.forEach(this::commit);
    }
    consumer.close();
  }

  private void commit(ConsumerRecord<byte[], byte[]> record) {
    BatchHeader header;
    try {
      header = BatchHeader.parseFrom(record.headers().lastHeader("h").value());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("not a header", e);
    }
    OnBus onBus =
        new OnBus(
            record.partition(),
            new String(record.key(), StandardCharsets.US_ASCII),
            header,
            record.value());
    seen.add(onBus);
    commit(onBus);
  }

  private synchronized void commit(OnBus record) {
    BatchHeader header = record.header();
    UUID source = UUID.fromString(header.getSourceId());
    Mark before = durable.getOrDefault(source, new Mark(0, 0, 0, new byte[0]));
    if (header.getEpoch() < before.epoch() || header.getSession() < before.session()) {
      return;
    }
    Mark after;
    if (record.isBarrier()) {
      if (holdingBarriers
          || losingEpochs && before.epoch() > 0 && header.getEpoch() > before.epoch()) {
        return;
      }
      after =
          header.getEpoch() > before.epoch()
              ? new Mark(header.getEpoch(), header.getSession(), 0, new byte[0])
              : new Mark(before.epoch(), header.getSession(), before.seq(), before.digest());
    } else {
      long end = record.endSeq();
      if (holding
          || header.getEpoch() > before.epoch()
          || header.getFirstSeq() > before.seq() + 1
          || end <= before.seq()) {
        return;
      }
      after = new Mark(before.epoch(), before.session(), end, header.getDigest().toByteArray());
    }
    write(source, UUID.fromString(header.getTenantId()), after);
  }

  /// Makes this the checkpoint, whatever is on the bus.
  void write(UUID source, UUID tenant, int epoch, long session, long seq, byte[] digest) {
    write(source, tenant, new Mark(epoch, session, seq, digest));
  }

  private synchronized void write(UUID source, UUID tenant, Mark mark) {
    durable.put(source, mark);
    sql.sql(UPSERT)
        .param("source", source)
        .param("tenant", tenant)
        .param("epoch", mark.epoch())
        .param("session", mark.session())
        .param("seq", mark.seq())
        .param("digest", mark.digest())
        .param("position", mark.seq() == 0 ? "" : "0/" + mark.seq())
        .update();
    if (!silent) {
      marks.committed(new DurableMark(source, mark.epoch(), mark.session(), mark.seq()));
    }
  }

  @Override
  public void close() {
    closed = true;
    try {
      thread.join(Duration.ofSeconds(10));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
