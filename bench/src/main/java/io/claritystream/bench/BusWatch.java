package io.claritystream.bench;

import com.google.protobuf.InvalidProtocolBufferException;
import io.claritystream.protocol.block.BlockReader;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Row;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.BatchKind;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// Reads batches from the bus beside ingest, for the times that they carry.
final class BusWatch implements AutoCloseable {
  private static final String TOPIC = "cdc.events";

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final BlockReader blocks = new BlockReader();
  private final Rows rows;
  private final Thread thread;
  private volatile String failure = "";

  /// @param access how a client reaches the brokers and is let in
  BusWatch(Map<String, Object> access, Rows rows) {
    this.rows = rows;
    Map<String, Object> properties = new HashMap<>(access);
    properties.put("enable.auto.commit", "false");
    consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    List<TopicPartition> partitions =
        consumer.partitionsFor(TOPIC).stream()
            .map(info -> new TopicPartition(TOPIC, info.partition()))
            .toList();
    consumer.assign(partitions);
    consumer.seekToEnd(partitions);
    partitions.forEach(consumer::position);
    thread = Thread.ofPlatform().name("watches-bus").daemon().start(this::watch);
  }

  void requireSound() {
    if (!failure.isEmpty()) {
      throw new BenchFailedException("the bus could not be watched: " + failure);
    }
  }

  private void watch() {
    try (consumer) {
      while (true) {
        for (ConsumerRecord<byte[], byte[]> batch : consumer.poll(Duration.ofMillis(200))) {
          read(batch);
        }
      }
    } catch (WakeupException | InterruptException e) {
      return;
    } catch (InvalidProtocolBufferException | RuntimeException e) {
      failure = e.toString();
    }
  }

  private void read(ConsumerRecord<byte[], byte[]> batch) throws InvalidProtocolBufferException {
    Header header = batch.headers().lastHeader("h");
    if (header == null) {
      return;
    }
    BatchHeader of = BatchHeader.parseFrom(header.value());
    if (of.getKind() != BatchKind.EVENTS || of.getCount() == 0) {
      return;
    }
    for (ChangeEvent event : blocks.read(of, batch.value()).events()) {
      Row after = event.after();
      if (after != null && event.schema().qualifiedName().equals(Customer.TABLE)) {
        String row = after.text(after.size() - 1);
        if (row != null) {
          rows.carried(
              Long.parseLong(row),
              event.seq(),
              event.committedAtUs(),
              event.capturedAtUs(),
              of.getAcceptedAtUs());
        }
      }
    }
  }

  @Override
  public void close() {
    consumer.wakeup();
    Clocks.awaitEnd(thread);
  }
}
