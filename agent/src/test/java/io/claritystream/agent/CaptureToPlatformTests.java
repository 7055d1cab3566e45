package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.link.SourceState;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CaptureToPlatformTests {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path directory;

  @Test
  void whatIsThereAndWhatComesReachesThePlatformOnce() throws Exception {
    try (var rig = new Rig(directory, Rig.SMALL)) {
      rig.sql(
          "CREATE TABLE reading (id int PRIMARY KEY, v numeric, note text)",
          "INSERT INTO reading SELECT g, g * 1.10, 'n' || g FROM generate_series(1, 100) g");
      rig.start();
      await()
          .atMost(LONG)
          .until(() -> rig.source().snapshotsEnded == 1 && rig.source().events().size() == 100);
      rig.sql(
          "INSERT INTO reading VALUES (101, 1.50, NULL)",
          "UPDATE reading SET v = 7.00 WHERE id = 1",
          "UPDATE reading SET id = 500 WHERE id = 2",
          "DELETE FROM reading WHERE id = 3");
      await().atMost(LONG).until(() -> rig.source().events().size() == 104);
      var events = rig.source().events();
      assertThat(events.subList(100, 104))
          .extracting(event -> event.op())
          .containsExactly(Op.INSERT, Op.UPDATE, Op.UPDATE, Op.DELETE);
      assertThat(Rig.fold(events, "reading")).isEqualTo(table(rig, "reading"));
      await().atMost(LONG).until(() -> rig.report().state() == SourceState.STREAMING);
      assertThat(rig.platform.violations).isEmpty();
    }
  }

  @Test
  void theSlotNeverMovesBeyondWhatIsDurableAndMovesWhenAllIs() throws Exception {
    try (var rig = new Rig(directory, Rig.SMALL)) {
      var withheld = new AtomicBoolean(true);
      rig.platform.mood =
          (stream, lastSeq) -> {
            if (!withheld.get()) {
              stream.durable(lastSeq);
            }
          };
      rig.sql("CREATE TABLE reading (id int PRIMARY KEY, v numeric)");
      rig.start();
      await().atMost(LONG).until(() -> rig.report().state() == SourceState.STREAMING);
      var before = rig.value("SELECT pg_current_wal_lsn()");
      rig.sql("INSERT INTO reading VALUES (1, 1)");
      await().atMost(LONG).until(() -> rig.report().sentSeq() == 1);
      // The agent has reported since: what it said is not beyond what it was told.
      await().atMost(LONG).until(() -> rig.source().status != null);
      assertThat(
              rig.value(
                  "SELECT confirmed_flush_lsn <= '"
                      + before
                      + "'::pg_lsn FROM pg_replication_slots"
                      + " WHERE database = current_database()"))
          .isEqualTo("t");
      withheld.set(false);
      rig.sql("INSERT INTO reading VALUES (2, 1)");
      var after = rig.value("SELECT pg_current_wal_lsn()");
      await()
          .atMost(LONG)
          .until(
              () ->
                  rig.value(
                          "SELECT confirmed_flush_lsn >= '"
                              + after
                              + "'::pg_lsn FROM pg_replication_slots"
                              + " WHERE database = current_database()")
                      .equals("t"));
    }
  }

  @Test
  void snapshotAndStreamMeetExactlyWhileOthersWrite() throws Exception {
    try (var rig = new Rig(directory, Rig.SMALL)) {
      rig.sql(
          "CREATE TABLE reading (id int PRIMARY KEY, v int)",
          "INSERT INTO reading SELECT g, 0 FROM generate_series(1, 2000) g");
      var stop = new AtomicBoolean();
      var failure = new AtomicInteger();
      var writers = new Thread[2];
      for (var w = 0; w < writers.length; w++) {
        var random = new Random(w);
        var base = 10_000 * (w + 1);
        writers[w] = Thread.ofPlatform().start(() -> write(rig, stop, random, base, failure));
      }
      rig.start();
      await().atMost(LONG).until(() -> rig.source().events().size() > 4_000);
      stop.set(true);
      for (var writer : writers) {
        writer.join();
      }
      assertThat(failure).hasValue(0);
      var expected = table(rig, "reading");
      await()
          .atMost(LONG)
          .untilAsserted(
              () -> assertThat(Rig.fold(rig.source().events(), "reading")).isEqualTo(expected));
      assertThat(rig.platform.violations).isEmpty();
    }
  }

  @Test
  void aHostilePlatformGetsEverythingOnceInOrder() throws Exception {
    try (var rig = new Rig(directory, Rig.SMALL)) {
      var random = new Random(7);
      rig.platform.windowBytes = 4 * 1024;
      rig.platform.mood =
          (stream, lastSeq) -> {
            switch (random.nextInt(12)) {
              case 0 -> stream.drop();
              case 1 -> stream.rewind();
              case 2, 3, 4, 5 -> {}
              case 6 -> stream.durable(lastSeq - 1);
              default -> stream.durable(lastSeq);
            }
          };
      rig.sql("CREATE TABLE reading (id int PRIMARY KEY, v int)");
      var stop = new AtomicBoolean();
      var failure = new AtomicInteger();
      rig.start();
      await().atMost(LONG).until(() -> rig.report().state() == SourceState.STREAMING);
      var writer =
          Thread.ofPlatform().start(() -> write(rig, stop, new Random(3), 10_000, failure));
      await().atMost(LONG).until(() -> rig.source().events().size() > 1_500);
      stop.set(true);
      writer.join();
      rig.platform.mood = (stream, lastSeq) -> stream.durable(lastSeq);
      rig.sql("INSERT INTO reading VALUES (-1, -1)");
      var expected = table(rig, "reading");
      await()
          .atMost(LONG)
          .untilAsserted(
              () -> assertThat(Rig.fold(rig.source().events(), "reading")).isEqualTo(expected));
      var events = rig.source().events();
      for (var i = 0; i < events.size(); i++) {
        assertThat(events.get(i).seq()).isEqualTo(i + 1);
      }
      assertThat(rig.source().sessions).isGreaterThan(3);
      assertThat(rig.source().epochs).hasSize(1);
      assertThat(rig.platform.violations).isEmpty();
    }
  }

  private static void write(
      Rig rig, AtomicBoolean stop, Random random, int base, AtomicInteger failure) {
    try (var connection = rig.database.connect();
        var statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (var i = 0; !stop.get(); i++) {
        var rows = 1 + random.nextInt(20);
        statement.execute(
            "INSERT INTO reading SELECT g, 0 FROM generate_series("
                + (base + i * 20)
                + ", "
                + (base + i * 20 + rows - 1)
                + ") g");
        statement.execute(
            "UPDATE reading SET v = v + 1 WHERE id = " + (base + random.nextInt(i * 20 + 1)));
        statement.execute("DELETE FROM reading WHERE id = " + (base + random.nextInt(i * 20 + 1)));
        if (random.nextInt(5) == 0) {
          connection.rollback();
        } else {
          connection.commit();
        }
        if (i >= 450) {
          return;
        }
      }
    } catch (SQLException e) {
      failure.incrementAndGet();
      e.printStackTrace();
    }
  }

  private static java.util.Map<String, java.util.Map<String, String>> table(Rig rig, String name)
      throws SQLException {
    var rows = new java.util.TreeMap<String, java.util.Map<String, String>>();
    try (var connection = rig.database.connect();
        var statement = connection.createStatement();
        var found = statement.executeQuery("SELECT * FROM " + name)) {
      var columns = found.getMetaData();
      while (found.next()) {
        var row = new java.util.LinkedHashMap<String, String>();
        for (var i = 1; i <= columns.getColumnCount(); i++) {
          row.put(columns.getColumnName(i), String.valueOf(found.getString(i)));
        }
        rows.put(found.getString(1), row);
      }
    }
    return rows;
  }
}
