package io.claritystream.stream.ingest;

import io.claritystream.base.live.LiveHub;
import io.claritystream.stream.bronze.BronzePartitions;
import io.claritystream.stream.bus.Lane;
import io.claritystream.stream.bus.PartitionConsumer;
import io.claritystream.stream.deadletter.DeadLetters;
import io.claritystream.stream.materializer.Materializer;
import io.claritystream.stream.materializer.Models;
import io.claritystream.stream.materializer.SourceTables;
import io.claritystream.stream.source.DurableMarks;
import io.claritystream.stream.source.Rebuilds;
import io.claritystream.stream.source.Sources;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ingest in this process: a [PartitionWorker] for each partition that the bus gives it.
final class Ingest {
  private static final Logger log = LoggerFactory.getLogger(Ingest.class);
  private static final Duration STOP_MAX = Duration.ofSeconds(5);

  /// What all workers use.
  record Parts(
      DataSource service,
      Sources sources,
      Rebuilds rebuilds,
      SourceTables tables,
      Models models,
      Materializer materializer,
      BronzePartitions partitions,
      DeadLetters deadLetters,
      DurableMarks marks,
      LiveHub live,
      MeterRegistry meters,
      InstantSource clock) {}

  private final Parts parts;
  private final PartitionConsumer consumer;
  private final Checkpoints checkpoints = new Checkpoints();
  private final IngestMetrics metrics;
  private final IngestTransaction transaction;
  private final Followers followers;
  private final MinutePacker packer;
  private final StoppedCopies stoppedCopies;
  private final Set<Thread> workers = ConcurrentHashMap.newKeySet();

  Ingest(Parts parts, PartitionConsumer consumer) {
    this(parts, consumer, Followers.LOOK_EVERY, MinutePacker.LOOK_EVERY);
  }

  /// Tests need not wait as long as nobody notices for models that are followed with, and pack
  /// minutes by themselves.
  Ingest(
      Parts parts,
      PartitionConsumer consumer,
      Duration followersLookEvery,
      Duration packerLookEvery) {
    this.parts = parts;
    this.consumer = consumer;
    this.metrics = new IngestMetrics(parts.meters());
    this.transaction =
        new IngestTransaction(
            parts.service(),
            parts.partitions(),
            parts.models(),
            parts.rebuilds(),
            parts.materializer(),
            parts.deadLetters(),
            checkpoints,
            metrics,
            parts.clock());
    this.followers = new Followers(parts, checkpoints, followersLookEvery);
    this.packer = new MinutePacker(parts, checkpoints, metrics, packerLookEvery);
    this.stoppedCopies = new StoppedCopies(parts.service());
  }

  void start() {
    parts.partitions().start();
    consumer.start(this::work);
    followers.start();
    packer.start();
    stoppedCopies.start();
  }

  /// Ends with every transaction either committed or rolled back.
  void stop() {
    stoppedCopies.close();
    packer.close();
    followers.close();
    consumer.close();
    parts.partitions().close();
    for (var worker : workers) {
      try {
        if (!worker.join(STOP_MAX)) {
          // Its transaction may still commit: then it counts, or the process ends: then it does
          // not.
          log.warn("worker did not end in time: thread={}", worker.getName());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void work(Lane lane) {
    var worker = new PartitionWorker(lane, this);
    workers.add(
        Thread.ofPlatform()
            .name("ingest-" + lane.partition())
            .start(
                () -> {
                  try {
                    worker.run();
                  } finally {
                    workers.remove(Thread.currentThread());
                  }
                }));
  }

  DataSource service() {
    return parts.service();
  }

  Sources sources() {
    return parts.sources();
  }

  SourceTables tables() {
    return parts.tables();
  }

  Models models() {
    return parts.models();
  }

  Materializer materializer() {
    return parts.materializer();
  }

  BronzePartitions partitions() {
    return parts.partitions();
  }

  DeadLetters deadLetters() {
    return parts.deadLetters();
  }

  DurableMarks marks() {
    return parts.marks();
  }

  LiveHub live() {
    return parts.live();
  }

  InstantSource clock() {
    return parts.clock();
  }

  Checkpoints checkpoints() {
    return checkpoints;
  }

  IngestMetrics metrics() {
    return metrics;
  }

  IngestTransaction transaction() {
    return transaction;
  }
}
