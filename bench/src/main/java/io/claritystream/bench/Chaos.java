package io.claritystream.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Rounds of random tables and random changes while every process of the path is killed at random:
/// agent, edge, server, Kafka, the platform's PostgreSQL, the customer's PostgreSQL. After each
/// round bronze and read models are held against the source ({@link Oracle}).
///
/// A round follows from its seed as far as chance goes: tables, changes, and when what is killed.
/// What the machine does in between is its own.
final class Chaos implements AutoCloseable {
  private static final List<String> VICTIMS =
      List.of("agent", "server", "edge", "kafka", "postgres", "customer");
  private static final int WRITERS = 3;
  private static final long PROGRESS_PATIENCE_S = 120;

  private final Cleanup cleanup = new Cleanup();
  private final Installation installation;
  private final Api api;
  private final ChaosSource source;
  private final PairedAgent agent;
  private @Nullable Ended last;

  private record Ended(
      String name, UUID sourceId, List<ChaosTable> tables, Map<String, Long> snapshot) {}

  /// Starts all that is to be killed.
  Chaos(Path home) throws SQLException {
    Path place = Place.make(cleanup).path();
    installation = Installation.start(cleanup, home, place.resolve("data"), false);
    installation.liftQuota();
    api = new Api(installation.url());
    api.register();
    source = cleanup.add(new ChaosSource(place));
    agent = PairedAgent.pair(cleanup, home, place, installation, api);
    agent.run();
  }

  /// What a round came to.
  ///
  /// @param ahead whether the customer's log could have been forgotten too early
  record Round(
      long seed, int kills, long samples, Oracle.Findings findings, @Nullable String ahead) {
    boolean sound() {
      return findings.sound() && ahead == null;
    }

    List<String> details() {
      List<String> all = new ArrayList<>(findings.details());
      if (ahead != null) {
        all.add(ahead);
      }
      return all;
    }
  }

  /// @param kills how many processes are killed while changes are made
  /// @param seconds for how long changes are made
  Round round(int number, long seed, int kills, int seconds)
      throws SQLException, InterruptedException {
    Random random = new Random(seed);
    String name = "round_" + number;
    List<ChaosTable> tables = ChaosTable.some(random);
    source.prepare(name, tables);
    Map<String, Long> snapshot = snapshotRows(tables);
    long snapshotRows = snapshot.values().stream().mapToLong(Long::longValue).sum();
    reviveAgent();
    api.signIn();
    agent.addSource(name, source.postgres(), name, ChaosTable.SCHEMA + ".*");
    if (random.nextInt(3) == 0) {
      // In the middle of its snapshot, or before it.
      TimeUnit.MILLISECONDS.sleep(random.nextInt(1_500));
      agent.kill();
      agent.run();
    }
    agent.awaitStreaming(api, name);
    UUID sourceId = sourceId(name);

    ChaosWriter.Committed committed = new ChaosWriter.Committed();
    SlotWatch watch = new SlotWatch(source, name, installation, sourceId, snapshotRows, committed);
    List<ChaosWriter> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      writers.add(new ChaosWriter(source, name, tables, committed, random.nextLong()));
    }
    int killed = kill(random, kills, seconds);
    for (ChaosWriter writer : writers) {
      writer.stop();
    }
    reviveAgent();
    awaitAll(name, sourceId);
    String ahead = watch.stop();
    last = new Ended(name, sourceId, tables, snapshot);
    Oracle.Findings findings = compareAgain();
    agent.removeSource(name);
    return new Round(seed, killed, watch.samples(), findings, ahead);
  }

  /// What the last round's bronze and read models look like now.
  Oracle.Findings compareAgain() throws SQLException {
    Ended round = last;
    if (round == null) {
      throw new IllegalStateException("there was no round");
    }
    try (Connection customer = source.connect(round.name());
        Connection platform = installation.database("service")) {
      return new Oracle(customer, platform, round.sourceId(), round.tables())
          .compare(round.snapshot());
    }
  }

  /// The last round's source.
  UUID lastSourceId() {
    Ended round = last;
    if (round == null) {
      throw new IllegalStateException("there was no round");
    }
    return round.sourceId();
  }

  Installation installation() {
    return installation;
  }

  private static Map<String, Long> snapshotRows(List<ChaosTable> tables) {
    Map<String, Long> rows = new HashMap<>();
    rows.put("plant.site", 2L);
    rows.put("plant.asset", (long) ChaosSource.ASSETS);
    rows.put(ChaosSessions.STOPS, (long) ChaosSessions.FIRST_STOPS);
    rows.put(ChaosSessions.STATES, (long) ChaosSessions.FIRST_STATES);
    tables.forEach(table -> rows.put(table.qualified(), 500L));
    return rows;
  }

  private UUID sourceId(String name) {
    for (JsonNode each : api.get("/v1/sources?limit=1000").path("data")) {
      if (each.path("name").asText().equals(name)) {
        return UUID.fromString(each.path("id").asText());
      }
    }
    throw new BenchFailedException("the platform does not know " + name);
  }

  private int kill(Random random, int kills, int seconds) throws InterruptedException {
    long[] at = random.longs(kills, 0, seconds * 1_000L).sorted().toArray();
    long begin = System.nanoTime();
    int killed = 0;
    for (long ms : at) {
      String victim = VICTIMS.get(random.nextInt(VICTIMS.size()));
      sleepUntil(begin, ms);
      killed += kill(victim) ? 1 : 0;
    }
    sleepUntil(begin, seconds * 1_000L);
    return killed;
  }

  private static void sleepUntil(long beginNs, long ms) throws InterruptedException {
    long left = beginNs + ms * 1_000_000 - System.nanoTime();
    if (left > 0) {
      TimeUnit.NANOSECONDS.sleep(left);
    }
  }

  /// @return false if it was not running just then
  private boolean kill(String victim) {
    switch (victim) {
      case "agent" -> {
        boolean alive = agent.alive();
        agent.kill();
        agent.run();
        return alive;
      }
      case "customer" -> {
        source.killAndStart();
        return true;
      }
      default -> {
        Long pid = installation.pids().get(victim);
        return pid != null
            && ProcessHandle.of(pid).map(ProcessHandle::destroyForcibly).orElse(false);
      }
    }
  }

  private void reviveAgent() {
    if (!agent.alive()) {
      agent.run();
    }
  }

  /// Waits until the customer's log may be forgotten up to where it ends now, which it may be once
  /// all before is stored, and all that is stored is folded; or until nothing moves any more: what
  /// is missing then is lost.
  private void awaitAll(String name, UUID sourceId) throws SQLException, InterruptedException {
    String end;
    try (Connection customer = source.connect(name)) {
      end = String.valueOf(Sql.text(customer, "SELECT pg_current_wal_insert_lsn()::text"));
      // The log has to go on for anybody to come up to there.
      Sql.text(customer, "SELECT pg_logical_emit_message(true, 'chaos', 'end')::text");
    }
    Stored last = Stored.NONE;
    long since = System.nanoTime();
    while (System.nanoTime() - since < TimeUnit.SECONDS.toNanos(PROGRESS_PATIENCE_S)) {
      Stored now = stored(sourceId);
      if (now.seq() > 0 && now.seq() == now.folded() && isConfirmed(name, end)) {
        return;
      }
      if (!now.equals(last)) {
        last = now;
        since = System.nanoTime();
      }
      reviveAgent();
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private boolean isConfirmed(String name, String lsn) throws SQLException {
    try (Connection customer = source.connect(name)) {
      return Sql.number(
              customer,
              "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"
                  + " AND NOT temporary AND confirmed_flush_lsn >= '"
                  + lsn
                  + "'::pg_lsn")
          > 0;
    }
  }

  /// How far a source is stored, and folded.
  private record Stored(long seq, long folded) {
    static final Stored NONE = new Stored(-1, -1);
  }

  /// [Stored#NONE] while the platform's database is away.
  private Stored stored(UUID sourceId) {
    String of = " FROM control.checkpoint_source WHERE source_id = '" + sourceId + "'";
    try (Connection platform = installation.database("service")) {
      return new Stored(
          Sql.number(platform, "SELECT bronze_seq" + of),
          Sql.number(platform, "SELECT applied_seq" + of));
    } catch (SQLException e) {
      return Stored.NONE;
    }
  }

  /// What the programs said at last.
  String explanation() {
    return agent.lastLines();
  }

  @Override
  public void close() {
    cleanup.close();
  }
}
