package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TestDatabase;
import io.claritystream.base.live.LiveHub;
import io.claritystream.embedded.TestKafka;
import io.claritystream.stream.bronze.BronzePartitions;
import io.claritystream.stream.bus.BusSettings;
import io.claritystream.stream.bus.EventBus;
import io.claritystream.stream.bus.PartitionConsumer;
import io.claritystream.stream.deadletter.DeadLetters;
import io.claritystream.stream.materializer.Materializer;
import io.claritystream.stream.materializer.SourceTables;
import io.claritystream.stream.materializer.TestMaterializer;
import io.claritystream.stream.source.DurableMarks;
import io.claritystream.stream.source.Rebuilds;
import io.claritystream.stream.source.TestSources;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Ingest as in production, over a real database and a topic of its own.
final class IngestRig implements AutoCloseable {
  static final Duration SOON = Duration.ofSeconds(15);

  /// Where readings are folded to.
  static final String MINUTES = "analytics.metrics_min";

  private static final Duration FOLLOWERS_LOOK_EVERY = Duration.ofMillis(50);

  /// Never, as far as tests go.
  private static final Duration PACKER_LOOKS_EVERY = Duration.ofDays(1);

  private static final AtomicInteger TOPICS = new AtomicInteger();

  final TestDatabase database = TestDatabase.create();
  final LiveHub live = new LiveHub();
  final DurableMarks marks = new DurableMarks();
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final BusSettings settings;
  final EventBus bus;

  private final JdbcClient superuser = database.superuser();
  private final List<Ingest> running = new ArrayList<>();
  private long end;
  private Clock clock = Clock.systemUTC();

  IngestRig(int partitions) {
    settings =
        BusSettings.of(
            TestKafka.shared().access().bootstrapServers(),
            TestKafka.shared().access().security(),
            "ingest-" + ProcessHandle.current().pid() + "-" + TOPICS.incrementAndGet(),
            partitions);
    bus = new EventBus(settings, meters);
  }

  IngestRig clock(Clock other) {
    clock = other;
    return this;
  }

  /// Starts a process's ingest; `group` tells apart those that shall not know of one another.
  Ingest start(String group) {
    return start(group, memory());
  }

  /// What a process remembers of sources from one time that it has their partition to the next.
  record Memory(SourceTables tables, Materializer materializer) {}

  Memory memory() {
    var tables = TestMaterializer.tables(database);
    return new Memory(tables, TestMaterializer.of(database, tables));
  }

  /// What a process works with that remembers nothing yet.
  Ingest.Parts parts() {
    return parts(memory());
  }

  private Ingest.Parts parts(Memory memory) {
    return parts(memory, database.dataSource("service"));
  }

  /// The same, over connections that may fail it.
  Ingest.Parts parts(Memory memory, DataSource service) {
    return new Ingest.Parts(
        service,
        TestSources.of(database),
        new Rebuilds(),
        memory.tables(),
        TestMaterializer.models(database),
        memory.materializer(),
        new BronzePartitions(database.as("service"), clock),
        new DeadLetters(),
        marks,
        live,
        meters,
        clock);
  }

  Ingest start(String group, Memory memory) {
    return start(group, parts(memory));
  }

  Ingest start(String group, Ingest.Parts parts) {
    var consumer = new PartitionConsumer(settings, settings.topic() + "-" + group);
    var ingest = new Ingest(parts, consumer, FOLLOWERS_LOOK_EVERY, PACKER_LOOKS_EVERY);
    ingest.start();
    running.add(ingest);
    return ingest;
  }

  Ingest start() {
    return start("a");
  }

  void stop(Ingest ingest) {
    running.remove(ingest);
    ingest.stop();
  }

  void stopAll() {
    List.copyOf(running).forEach(this::stop);
  }

  TenantId tenant(String name) {
    return database.tenant(name);
  }

  SimulatedSource source(TenantId tenant, int partition) {
    var id = UUID.randomUUID();
    TestSources.register(database, tenant, id, partition);
    return new SimulatedSource(tenant, id, partition, clock.instant());
  }

  /// The offset behind the last record that was sent.
  long end() {
    return end;
  }

  /// How far the one partition was read.
  long taken() {
    return superuser
        .sql("SELECT coalesce(max(next_offset), 0) FROM control.checkpoint_partition")
        .query(Long.class)
        .single();
  }

  void send(SimulatedSource source, SimulatedSource.Batch... batches) {
    for (var batch : batches) {
      // A topic that was just made is not known everywhere yet; then nothing was sent.
      end =
          await()
              .atMost(SOON)
              .pollDelay(Duration.ZERO)
              .ignoreExceptions()
              .until(() -> sent(source, batch), at -> true);
    }
  }

  private long sent(SimulatedSource source, SimulatedSource.Batch batch) throws Exception {
    return bus.send(source.partition(), batch.header(), batch.payload())
            .get(20, TimeUnit.SECONDS)
            .value()
        + 1;
  }

  /// A person asks for what is shown of the source to be built anew.
  UUID requestRebuild(SimulatedSource source) {
    var id = UUID.randomUUID();
    superuser
        .sql(
            """
            INSERT INTO control.rebuild (rebuild_id, tenant_id, source_id, state, requested_at)
            VALUES (:id, :tenant, :source, 'waiting', now())
            """)
        .param("id", id)
        .param("tenant", source.tenant().value())
        .param("source", source.id())
        .update();
    return id;
  }

  /// So many transactions wait for locks of others.
  void awaitWaiting(int count) {
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(10))
        .until(
            () ->
                superuser
                        .sql(
                            """
                            SELECT count(*) FROM pg_stat_activity
                            WHERE datname = current_database() AND wait_event_type = 'Lock'
                            """)
                        .query(Integer.class)
                        .single()
                    >= count);
  }

  /// Builds what is shown of the source anew.
  void rebuild(SimulatedSource source) {
    var rebuild = requestRebuild(source);
    await().atMost(Duration.ofMinutes(1)).until(() -> rebuildState(rebuild).equals("done"));
  }

  String rebuildState(UUID rebuild) {
    return superuser
        .sql("SELECT state FROM control.rebuild WHERE rebuild_id = :id")
        .param("id", rebuild)
        .query(String.class)
        .single();
  }

  /// Whether events are folded into what is shown as they come.
  boolean attached(SimulatedSource source) {
    return superuser
        .sql(
            """
            SELECT detached_at IS NULL AND c.model_id = m.model_id
            FROM analytics.model m JOIN control.checkpoint_source c USING (source_id)
            WHERE source_id = :source AND state = 'live'
            """)
        .param("source", source.id())
        .query(Boolean.class)
        .single();
  }

  /// Whether what is shown fell behind once: only a model that is folded from bronze is ever moved
  /// on.
  boolean followed(SimulatedSource source) {
    return superuser
        .sql(
            """
            SELECT count(*) > 0 FROM analytics.model
            WHERE source_id = :source AND state = 'live'
              AND (detached_at IS NOT NULL OR applied_seq > 0)
            """)
        .param("source", source.id())
        .query(Boolean.class)
        .single();
  }

  /// Number and cause of each letter that is not settled.
  List<String> openLetters() {
    return superuser
        .sql(
            """
            SELECT seq || ' ' || cause FROM control.dead_letter
            WHERE settled_at IS NULL ORDER BY epoch, seq
            """)
        .query(String.class)
        .list();
  }

  /// The model that is shown of the source.
  int live(SimulatedSource source) {
    return superuser
        .sql("SELECT model_id FROM analytics.model WHERE source_id = :source AND state = 'live'")
        .param("source", source.id())
        .query(Integer.class)
        .single();
  }

  /// What a person has chosen for rows that the source deletes: `keep` or `retract`.
  void choose(SimulatedSource source, String table, String onDelete) {
    superuser
        .sql(
            """
            INSERT INTO control.source_table_option (source_id, table_name, tenant_id, on_delete)
            VALUES (:source, :table, :tenant, :on_delete)
            ON CONFLICT (source_id, table_name) DO UPDATE SET on_delete = excluded.on_delete
            """)
        .param("source", source.id())
        .param("table", table)
        .param("tenant", source.tenant().value())
        .param("on_delete", onDelete)
        .update();
  }

  /// The devices that people of the source's tenant see, each with the sum of its pressures.
  List<String> pressuresSeen(SimulatedSource source) {
    return database
        .tenantTransactions()
        .read(
            source.tenant(),
            sql ->
                sql.sql(
                        """
                        SELECT d.key || ' ' || sum(m.value_sum)
                        FROM analytics.devices d
                        JOIN analytics.series s USING (model_id, device_id)
                        JOIN analytics.metric_key k USING (metric_id)
                        JOIN analytics.metrics_min m USING (series_id)
                        WHERE k.key LIKE '%pressure_bar%'
                        GROUP BY d.key ORDER BY d.key
                        """)
                    .query(String.class)
                    .list());
  }

  /// The database takes any reading but one of 666.
  void refuse666() {
    refuse(MINUTES, "NEW.value_max = 666", "22003");
  }

  /// From now on the database refuses rows of a table, with this SQLSTATE.
  ///
  /// @param those which, as a condition on `NEW`
  void refuse(String table, String those, String sqlstate) {
    superuser
        .sql(
            """
            CREATE OR REPLACE FUNCTION public.{function}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF {those} THEN
                RAISE EXCEPTION 'refused for this test' USING ERRCODE = '{sqlstate}';
              END IF;
              RETURN NEW;
            END $$;
            CREATE OR REPLACE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table}
            FOR EACH ROW EXECUTE FUNCTION public.{function}();
            GRANT EXECUTE ON FUNCTION public.{function}() TO clarity_service;
            GRANT USAGE ON SCHEMA public TO clarity_service;
            """
                .replace("{function}", "refuse_" + table.replace('.', '_'))
                .replace("{those}", those)
                .replace("{sqlstate}", sqlstate)
                .replace("{table}", table))
        .update();
  }

  /// The database takes every row of the table again.
  void refuseNone(String table) {
    superuser.sql("DROP TRIGGER IF EXISTS refuse ON " + table).update();
  }

  /// The last number of the source that is durable.
  long durable(SimulatedSource source) {
    return superuser
        .sql("SELECT bronze_seq FROM control.checkpoint_source WHERE source_id = :source")
        .param("source", source.id())
        .query(Long.class)
        .optional()
        .orElse(0L);
  }

  void awaitDurable(SimulatedSource source, long seq) {
    await().atMost(SOON).pollInterval(Duration.ofMillis(10)).until(() -> durable(source) >= seq);
    assertThat(durable(source)).isEqualTo(seq);
  }

  void awaitCount(String meter, String reason, double count) {
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> count(meter, reason) >= count);
  }

  double count(String meter, String reason) {
    var found = meters.find(meter).tag("reason", reason).counter();
    return found == null ? 0 : found.count();
  }

  double count(String meter) {
    var found = meters.find(meter).counter();
    return found == null ? 0 : found.count();
  }

  /// The values that the read models hold of a source: how many, and their sum.
  record Values(long count, java.math.BigDecimal sum) {}

  Values values(SimulatedSource source, String metric) {
    return superuser
        .sql(
            """
            SELECT coalesce(sum(m.value_count), 0) AS count, coalesce(sum(m.value_sum), 0) AS sum
            FROM analytics.devices d
            JOIN analytics.series s USING (model_id, device_id)
            JOIN analytics.metric_key k USING (metric_id)
            JOIN analytics.metrics_min m USING (series_id)
            JOIN analytics.model USING (model_id)
            WHERE model.state = 'live' AND d.source_id = :source AND k.key LIKE '%' || :metric || '%'
            """)
        .param("source", source.id())
        .param("metric", metric)
        .query(Values.class)
        .single();
  }

  /// The read models hold the plain readings 1 to `last`, each once.
  void assertFolded(SimulatedSource source, long last) {
    var pressures = java.math.BigDecimal.ZERO;
    for (var seq = 1L; seq <= last; seq++) {
      pressures = pressures.add(new java.math.BigDecimal("4." + seq % 1_000));
    }
    var pressure = values(source, "pressure_bar");
    assertThat(pressure.count()).isEqualTo(last);
    assertThat(pressure.sum()).isEqualByComparingTo(pressures);
    var flow = values(source, "flow_m3_h");
    assertThat(flow.count()).isEqualTo(last);
    assertThat(flow.sum())
        .isEqualByComparingTo(
            new java.math.BigDecimal("12.5").multiply(new java.math.BigDecimal(last)));
  }

  /// All that the live model of a source holds, but for the numbers given to its rows.
  List<String> models(SimulatedSource source) {
    return superuser
        .sql(
            """
            WITH live AS (
              SELECT model_id FROM analytics.model WHERE source_id = :source AND state = 'live'
            )
            SELECT 'device ' || (d.key, d.name, d.kind, d.described)::text
            FROM live JOIN analytics.devices d USING (model_id)
            UNION ALL
            SELECT 'minute ' || (d.key, k.key, m.bucket, m.value_count, m.nan_count, m.inf_count,
              m.value_sum, m.value_min, m.value_max, m.value_last, m.last_at, m.last_seq)::text
            FROM live JOIN analytics.devices d USING (model_id)
            JOIN analytics.series s USING (model_id, device_id)
            JOIN analytics.metric_key k USING (metric_id)
            JOIN analytics.metrics_min m USING (series_id)
            UNION ALL
            SELECT 'extra ' || (d.key, e.key, e.value)::text
            FROM live JOIN analytics.devices d USING (model_id)
            JOIN analytics.extras_text e ON (e.model_id, e.entity_id) = (d.model_id, d.device_id)
            UNION ALL
            SELECT 'table ' || (t.table_name, t.reads, t.inserts, t.failed, t.exact)::text
            FROM live JOIN analytics.table_state t USING (model_id)
            ORDER BY 1
            """)
        .param("source", source.id())
        .query(String.class)
        .list();
  }

  /// The numbers that bronze holds of a source's epoch, in order, with repetitions if there are
  /// any.
  List<Long> bronze(SimulatedSource source, int epoch) {
    return superuser
        .sql(
            """
            SELECT seq FROM bronze.cdc_events WHERE source_id = :source AND epoch = :epoch ORDER BY seq
            """)
        .param("source", source.id())
        .param("epoch", epoch)
        .query(Long.class)
        .list();
  }

  record Letter(
      long seq,
      long seqEnd,
      String cause,
      String sqlstate,
      String rowKey,
      String sample,
      UUID tenant) {}

  List<Letter> letters(SimulatedSource source) {
    return superuser
        .sql(
            """
            SELECT seq, seq_end, cause, sqlstate, row_key, sample, tenant_id AS tenant
            FROM control.dead_letter WHERE source_id = :source ORDER BY seq
            """)
        .param("source", source.id())
        .query(Letter.class)
        .list();
  }

  /// A connection of the ingest's own role.
  Connection connect() throws SQLException {
    return database.dataSource("service").getConnection();
  }

  JdbcClient superuser() {
    return superuser;
  }

  static List<Long> upTo(long last) {
    return java.util.stream.LongStream.rangeClosed(1, last).boxed().toList();
  }

  @Override
  public void close() {
    stopAll();
    bus.close();
    database.close();
  }
}
