package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.postgres.SourceFiles;
import io.claritystream.agent.spool.Spool;
import io.claritystream.protocol.block.BlockReader;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.link.AcknowledgeMode;
import io.claritystream.protocol.link.SourceState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How far the source may forget, sampled under load while the agent is killed again and again.
class AcknowledgeTests {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final int KILLS = 4;

  @TempDir Path directory;

  /// Where the log stood once a row's transaction had committed, by the row's id.
  private final ConcurrentSkipListMap<Long, Integer> committed =
      new ConcurrentSkipListMap<>(Long::compareUnsigned);

  @Test
  void inBronzeModeNothingIsForgottenThatIsNotDurable() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      var random = new Random(5);
      rig.platform.mood =
          (stream, lastSeq) -> {
            if (random.nextInt(3) == 0) {
              stream.durable(lastSeq - random.nextInt(3));
            }
          };
      underLoad(rig, () -> ids(rig.source().history()), false);
      assertThat(rig.source().epochs).hasSize(1);
    }
  }

  /// Nothing ever becomes durable: the slot follows the agent's disk alone.
  @Test
  void inSpoolModeTheSlotFollowsWhatIsOnTheAgentsDiskAndNoFurther() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.platform.acknowledge = AcknowledgeMode.ACKNOWLEDGE_SPOOL;
      rig.platform.mood = (stream, lastSeq) -> {};
      underLoad(rig, () -> spooled(rig), true);
      rig.platform.mood = (stream, lastSeq) -> stream.durable(lastSeq);
      rig.start();
      await().atMost(LONG).until(() -> ids(rig.source().history()).containsAll(committed.values()));
      assertThat(rig.source().epochs).hasSize(1);
    }
  }

  @Test
  void theModeThatAPersonChoosesMeanwhileHoldsAtOnce() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.platform.mood = (stream, lastSeq) -> {};
      rig.sql("CREATE TABLE reading (id int PRIMARY KEY)");
      rig.start();
      await().atMost(LONG).until(() -> rig.report().state() == SourceState.STREAMING);
      rig.sql("INSERT INTO reading VALUES (1)");
      var written = rig.value("SELECT pg_current_wal_lsn()");
      await().atMost(LONG).until(() -> rig.report().sentSeq() == 1);
      assertThat(Lsn.parse(confirmed(rig))).isLessThan(Lsn.parse(written));
      rig.source().stream.acknowledge(AcknowledgeMode.ACKNOWLEDGE_SPOOL);
      await().atMost(LONG).until(() -> Lsn.parse(confirmed(rig)) >= Lsn.parse(written));
    }
  }

  private interface Safe {
    Set<Integer> ids() throws IOException;
  }

  private void underLoad(Rig rig, Safe safe, boolean onlyWhenKilled) throws Exception {
    rig.sql("CREATE TABLE reading (id int PRIMARY KEY)", "INSERT INTO reading VALUES (0)");
    rig.settings("").save(rig.home, "");
    var next = new AtomicInteger(1);
    var forgotten = 0;
    try (var connection = rig.database.connect();
        var writer = Executors.newSingleThreadScheduledExecutor()) {
      Future<?> writing = null;
      for (var kill = 0; kill < KILLS; kill++) {
        var agent = rig.child(directory.resolve("agent.log"), "-Xmx128m");
        try {
          var seen = rig.source().sessions;
          await().atMost(LONG).until(() -> rig.source().sessions > seen);
          if (kill == 0) {
            // What is there before the slot is comes by the snapshot.
            var state = rig.home.source("plant").resolve(SourceFiles.STATE);
            await()
                .atMost(LONG)
                .ignoreExceptions()
                .until(() -> Files.readString(state).contains("phase=stream"));
            writing =
                writer.scheduleWithFixedDelay(
                    () -> write(connection, next), 0, 5, TimeUnit.MILLISECONDS);
          }
          var until = next.get() + 150;
          if (onlyWhenKilled) {
            await().atMost(LONG).until(() -> next.get() >= until);
          } else {
            while (next.get() < until) {
              forgotten = Math.max(forgotten, check(confirmed(rig), safe));
              assertThat(writing).isNotDone();
            }
          }
          if (kill == 0) {
            var first = rig.value("SELECT pg_current_wal_lsn()");
            await().atMost(LONG).until(() -> Lsn.parse(confirmed(rig)) > Lsn.parse(first));
          }
        } finally {
          agent.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
        forgotten = Math.max(forgotten, check(confirmed(rig), safe));
      }
    }
    // Otherwise nothing was tested.
    assertThat(forgotten).isPositive();
  }

  /// @return how many rows the source may have forgotten
  private int check(String confirmed, Safe safe) throws IOException {
    // Read first: what it stands for was safe by then.
    var mustBeSafe = committed.headMap(Lsn.parse(confirmed), true).values();
    assertThat(safe.ids()).as("safe at %s", confirmed).containsAll(mustBeSafe);
    return mustBeSafe.size();
  }

  /// A row of its own transaction; when it fails, no further one is written.
  private void write(Connection connection, AtomicInteger next) {
    var id = next.get();
    try (var statement = connection.createStatement()) {
      statement.execute("INSERT INTO reading VALUES (" + id + ")");
      committed.put(Lsn.parse(Rig.value(connection, "SELECT pg_current_wal_lsn()")), id);
      next.incrementAndGet();
    } catch (SQLException e) {
      throw new IllegalStateException("row " + id + " was not written", e);
    }
  }

  private static String confirmed(Rig rig) throws SQLException {
    return rig.value(
        "SELECT max(confirmed_flush_lsn) FROM pg_replication_slots"
            + " WHERE database = current_database()");
  }

  private static Set<Integer> ids(Collection<ChangeEvent> events) {
    return events.stream()
        .map(event -> Integer.valueOf(event.after().text(0)))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<Integer> spooled(Rig rig) throws IOException {
    var found = new TreeSet<Integer>();
    try (var spool =
            Spool.open(rig.home.source("plant").resolve("spool"), rig.source().epoch, rig.limits);
        var reader = spool.readBehind(0)) {
      var blocks = new BlockReader();
      for (var entry = reader.next(); entry != null; entry = reader.next()) {
        found.addAll(
            ids(List.copyOf(blocks.read(entry.header(), entry.payload().toByteArray()).events())));
      }
    }
    return found;
  }
}
