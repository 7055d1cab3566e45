package io.claritystream.stream.ingest;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TestDatabase;
import io.claritystream.protocol.block.BlockReader;
import io.claritystream.stream.bronze.BronzePartitions;
import io.claritystream.stream.bronze.CaptureWindow;
import io.claritystream.stream.deadletter.DeadLetters;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import io.claritystream.stream.materializer.Materializer;
import io.claritystream.stream.materializer.SourceTables;
import io.claritystream.stream.materializer.TestMaterializer;
import io.claritystream.stream.source.Rebuilds;
import io.claritystream.stream.source.SourceRef;
import io.claritystream.stream.source.TestSources;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// Where an event's microseconds go, to be run by hand, with a profiler if wanted:
/// `IngestProfile copy|all [seconds]`. `copy` decodes and copies into bronze, `all` runs whole
/// ingest transactions. One thread, no bus: CPU time of this thread and of its database process for
/// each event, which other work on the machine does not change much.
public final class IngestProfile {
  private static final int DEVICES = 1_000;
  private static final int EVENTS_A_BATCH = 500;
  private static final int BATCHES_A_DRAFT = 20;

  private final TestDatabase database = TestDatabase.create();
  private final UUID topic = UUID.randomUUID();
  private final Checkpoints checkpoints = new Checkpoints();
  private final SourceTables tables = TestMaterializer.tables(database);
  private final Materializer materializer = TestMaterializer.of(database, tables);
  private final BronzePartitions partitions =
      new BronzePartitions(database.as("service"), Clock.systemUTC());
  private final IngestTransaction transaction =
      new IngestTransaction(
          database.dataSource("service"),
          partitions,
          TestMaterializer.models(database),
          new Rebuilds(),
          materializer,
          new DeadLetters(),
          checkpoints,
          new IngestMetrics(new SimpleMeterRegistry()),
          Clock.systemUTC());
  private final BlockReader reader = new BlockReader();
  private final Draft draft = new Draft();
  private long decodeNs;
  private long commitNs;
  private long events;

  public static void main(String[] arguments) throws Exception {
    var all = arguments.length > 0 && arguments[0].equals("all");
    var seconds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 20;
    new IngestProfile().run(all, seconds);
    System.exit(0);
  }

  private void run(boolean all, int seconds) throws SQLException, IOException {
    var tenant = database.tenant("profile");
    var source = source(tenant);
    var ref = new SourceRef(tenant, source.id(), source.id(), "profile", 0, 1, 1);
    var model = TestMaterializer.models(database).live(ref, java.time.Instant.now());
    var line =
        new SourceLine(
            ref,
            false,
            Mark.NONE.folding(model),
            Quarantine.none(model),
            new LetterCounts(new DeadLetters.Counts(Map.of(), 0), Instant.now()));
    try (var connection = database.dataSource("service").getConnection()) {
      checkpoints.position(connection, topic, 0, Instant.now());
    }
    var end = System.nanoTime() + seconds * 1_000_000_000L;
    var warmUntil = System.nanoTime() + seconds * 300_000_000L;
    var backendsBefore = 0L;
    var offset = 0L;
    var warm = false;
    while (System.nanoTime() < end) {
      if (!warm && System.nanoTime() > warmUntil) {
        warm = true;
        decodeNs = 0;
        commitNs = 0;
        events = 0;
        backendsBefore = backendsMs();
      }
      var batches = batches(source);
      draft.begin(offset);
      var decodeFrom = cpuNs();
      for (var batch : batches) {
        take(line, batch);
        draft.dealtWith(offset++);
      }
      var commitFrom = cpuNs();
      decodeNs += commitFrom - decodeFrom;
      if (all) {
        transaction.run(topic, 0, draft);
      } else {
        copy();
      }
      commitNs += cpuNs() - commitFrom;
      events += draft.events();
    }
    var databaseUs = (backendsMs() - backendsBefore) * 1_000.0 / events;
    System.out.printf(
        "%s: %d events; CPU µs an event: decode and rows %.2f, transaction (client) %.2f, "
            + "database %.2f, together %.2f → %.0f events/s of one core%n",
        all ? "whole transactions" : "decode and COPY",
        events,
        decodeNs / 1e3 / events,
        commitNs / 1e3 / events,
        databaseUs,
        (decodeNs + commitNs) / 1e3 / events + databaseUs,
        1e6 / ((decodeNs + commitNs) / 1e3 / events + databaseUs));
  }

  private void copy() throws SQLException {
    partitions.ensure(draft.bronze().days());
    try (var connection = database.dataSource("service").getConnection()) {
      draft.bronze().copy(connection);
    }
  }

  private void take(SourceLine line, SimulatedSource.Batch batch) throws SQLException {
    var now = Instant.now();
    var block = reader.read(batch.header(), batch.payload());
    var source = line.source();
    for (var event : block.events()) {
      var version =
          tables
              .versions(
                  source,
                  1,
                  List.of(
                      new SourceTables.First(
                          event.schema(), event.schemaFingerprint(), event.seq())))
              .getFirst();
      draft.add(line, event, version, CaptureWindow.heldMs(event.capturedAtUs(), now), now);
    }
    draft.move(
        line,
        line.mark()
            .taken(
                batch.lastSeq(),
                batch.header().getDigest().toByteArray(),
                block.events().size(),
                0,
                batch.header().getLastCapturedAtUs()));
  }

  private List<SimulatedSource.Batch> batches(SimulatedSource source) {
    var batches = new ArrayList<SimulatedSource.Batch>();
    source.capturedAt(Instant.now());
    for (var i = 0; i < BATCHES_A_DRAFT; i++) {
      var rows = new Event[EVENTS_A_BATCH];
      for (var k = 0; k < rows.length; k++) {
        var device = (i * EVENTS_A_BATCH + k) % DEVICES;
        rows[k] = Event.reading(device, source.capturedAt(), "4." + (100 + device + i) % 1_000);
      }
      batches.add(source.batch(rows));
    }
    return batches;
  }

  private SimulatedSource source(TenantId tenant) {
    var id = UUID.randomUUID();
    TestSources.register(database, tenant, id, 0);
    return new SimulatedSource(tenant, id, 0, Instant.now());
  }

  private static long cpuNs() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  /// CPU time of the database's processes that work for us, in milliseconds.
  private long backendsMs() throws IOException {
    var pids =
        database
            .superuser()
            .sql(
                """
                SELECT pid FROM pg_stat_activity
                WHERE datname = current_database() AND usename = 'clarity_service'
                   OR backend_type IN ('walwriter', 'checkpointer', 'background writer')
                """)
            .query(Integer.class)
            .list();
    var ticks = 0L;
    for (var pid : pids) {
      var fields = Files.readString(Path.of("/proc/" + pid + "/stat")).split("\\) ")[1].split(" ");
      ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }
    return ticks * 10;
  }
}
