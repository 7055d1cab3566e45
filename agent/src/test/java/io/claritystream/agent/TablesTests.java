package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.postgres.Capture;
import io.claritystream.protocol.block.Op;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What becomes of a source's tables while it is captured: each has a definite outcome, which the
/// platform's end holds within seconds, in the same epoch.
class TablesTests {
  private static final Duration LONG = Duration.ofSeconds(60);

  /// What is looked for every six seconds is read at once. One test holds the agent to it; where a
  /// busy machine is to be borne with, the others wait longer.
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir Path directory;
  private Rig rig;

  @BeforeEach
  void captureTwoTables() throws Exception {
    rig = new Rig(directory.resolve("data"), Rig.SMALL);
    rig.watchEvery = Rig.CLOSELY;
    rig.sql(
        "CREATE TABLE other (id int PRIMARY KEY, v int)",
        "INSERT INTO other VALUES (1, 1)",
        "CREATE TABLE reading (id int PRIMARY KEY, v int)",
        "INSERT INTO reading VALUES (1, 1), (2, 2)");
  }

  @AfterEach
  void oneEpochAndNoTableReadForAnother() throws Exception {
    try (var ended = rig) {
      assertThat(ended.platform.violations).isEmpty();
      assertThat(ended.source().epochs).hasSize(1);
      assertThat(ended.source().events())
          .filteredOn(event -> event.schema().name().equals("other") && event.op() == Op.READ)
          .hasSize(1);
    }
  }

  @Test
  void aTableThatIsCreatedIsCaptured() throws Exception {
    rig.watchEvery = Capture.WATCH_EVERY;
    start("");
    rig.sql("CREATE TABLE fresh (id int PRIMARY KEY, v int)", "INSERT INTO fresh VALUES (1, 1)");
    equals(SOON, "fresh");
    rig.sql("UPDATE fresh SET v = 2", "INSERT INTO fresh VALUES (3, 3)");
    equals(SOON, "fresh");
  }

  @Test
  void aTableThatIsChosenNoMoreIsClearedAndOneChosenAgainIsRead() throws Exception {
    start("");
    rig.stop();
    rig.start("!reading");
    await().atMost(LONG).until(() -> held("reading").isEmpty());
    rig.sql("INSERT INTO reading VALUES (3, 3)", "INSERT INTO other VALUES (3, 3)");
    equals(LONG, "other");
    assertThat(held("reading")).isEmpty();
    rig.stop();
    rig.start("");
    equals(LONG, "reading");
    rig.sql("DELETE FROM reading WHERE id = 1");
    equals(LONG, "reading");
  }

  @Test
  void aDroppedTableIsCleared() throws Exception {
    start("reading,other");
    rig.sql("INSERT INTO reading VALUES (5, 5)", "DROP TABLE reading");
    await().atMost(LONG).until(() -> held("reading").isEmpty());
    rig.sql("UPDATE other SET v = 5");
    equals(LONG, "other");
    // That a chosen table is gone does not keep a restarted agent from capturing the others.
    rig.stop();
    rig.start("reading,other");
    rig.sql("UPDATE other SET v = 6");
    equals(LONG, "other");
    assertThat(rig.report().notes()).anyMatch(note -> note.contains("No table matches reading"));
  }

  @Test
  void aRenamedTableIsClearedUnderTheOldNameAndReadUnderTheNewOne() throws Exception {
    start("");
    rig.sql("ALTER TABLE reading RENAME TO measured", "INSERT INTO measured VALUES (7, 7)");
    equals(LONG, "measured");
    assertThat(held("reading")).isEmpty();
    rig.sql("UPDATE measured SET v = v + 1");
    equals(LONG, "measured");
  }

  @Test
  void aTableThatIsDroppedAndCreatedAgainIsReadAnew() throws Exception {
    start("");
    rig.sql(
        "DROP TABLE reading",
        "CREATE TABLE reading (id int PRIMARY KEY, v int, more text)",
        "INSERT INTO reading VALUES (1, 10), (9, 9)");
    equals(LONG, "reading");
    rig.sql("DELETE FROM reading WHERE id = 1");
    equals(LONG, "reading");
  }

  @Test
  void whatBefallsAPartitionAsideFromTheStreamIsRead() throws Exception {
    rig.sql(
        "CREATE TABLE parted (id int PRIMARY KEY, v int) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF parted FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE p2 PARTITION OF parted FOR VALUES FROM (10) TO (20)",
        "CREATE TABLE p3 PARTITION OF parted FOR VALUES FROM (20) TO (30)",
        "INSERT INTO parted SELECT g, g FROM generate_series(0, 29) g");
    start("other,parted");
    rig.sql("TRUNCATE p1");
    equals(LONG, "parted");
    assertThat(held("parted")).hasSize(20);
    rig.sql("ALTER TABLE parted DETACH PARTITION p2");
    equals(LONG, "parted");
    assertThat(held("parted")).hasSize(10);
    rig.sql("ALTER TABLE parted ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20)");
    equals(LONG, "parted");
    assertThat(held("parted")).hasSize(20);
    // Away for a moment only.
    rig.sql(
        "BEGIN; ALTER TABLE parted DETACH PARTITION p2; UPDATE p2 SET v = -v;"
            + " ALTER TABLE parted ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20); COMMIT");
    equals(LONG, "parted");
    rig.sql("DROP TABLE p3");
    equals(LONG, "parted");
    assertThat(held("parted")).hasSize(10);
  }

  /// Those who make a partition a day do not want the whole table to be read each day.
  @Test
  void aPartitionThatIsCreatedAndFilledIsNotReadAgain() throws Exception {
    rig.sql(
        "CREATE TABLE parted (id int PRIMARY KEY, v int) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF parted FOR VALUES FROM (0) TO (10)",
        "INSERT INTO parted VALUES (1, 1)",
        "CREATE TABLE marker0 (id int PRIMARY KEY)");
    start("other,parted,marker*");
    rig.sql(
        "CREATE TABLE p2 PARTITION OF parted FOR VALUES FROM (10) TO (20)",
        "INSERT INTO parted VALUES (11, 11)");
    equals(LONG, "parted");
    // Who found this has looked at the partitions as well.
    rig.sql("CREATE TABLE marker (id int PRIMARY KEY, v int)", "INSERT INTO marker VALUES (1, 1)");
    equals(LONG, "marker");
    assertThat(rig.source().events())
        .filteredOn(event -> event.schema().name().equals("parted"))
        .extracting(event -> event.op())
        .containsExactly(Op.READ, Op.INSERT);
  }

  /// The stream tells it, so nothing of its history has to be left out.
  @Test
  void aPartitionedTableThatIsEmptiedIsNotReadAgain() throws Exception {
    startParted();
    rig.sql("TRUNCATE parted", "INSERT INTO parted VALUES (2, 2)", "TRUNCATE other, parted");
    rig.sql("INSERT INTO parted VALUES (3, 3)");
    equals(LONG, "parted");
    // While nobody looked, too.
    rig.stop();
    rig.sql("TRUNCATE parted", "INSERT INTO parted VALUES (4, 4), (12, 12)");
    rig.start("other,parted,marker*");
    equals(LONG, "parted");
    for (var n = 1; n < 3; n++) {
      looked(n);
    }
    assertThat(rig.source().events())
        .filteredOn(event -> event.schema().name().equals("parted"))
        .extracting(event -> event.op())
        .containsExactly(
            Op.READ,
            Op.READ,
            Op.TRUNCATE,
            Op.INSERT,
            Op.TRUNCATE,
            Op.INSERT,
            Op.TRUNCATE,
            Op.INSERT,
            Op.INSERT);
    rig.sql("TRUNCATE p2");
    equals(LONG, "parted");
  }

  private void startParted() throws Exception {
    rig.sql(
        "CREATE TABLE parted (id int PRIMARY KEY, v int) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF parted FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE p2 PARTITION OF parted FOR VALUES FROM (10) TO (20)",
        "INSERT INTO parted VALUES (1, 1), (11, 11)",
        "CREATE TABLE marker0 (id int PRIMARY KEY)");
    start("other,parted,marker*");
  }

  /// Who found the table that comes last has looked at the partitions as well.
  private void looked(int n) throws Exception {
    rig.sql(
        "CREATE TABLE marker" + n + " (id int PRIMARY KEY, v int)",
        "INSERT INTO marker" + n + " VALUES (1, 1)");
    equals(LONG, "marker" + n);
  }

  /// What is done between two savepoints has another number in the catalogue than in the stream.
  @Test
  void aPartitionedTableThatIsEmptiedBetweenSavepointsIsNotReadAgain() throws Exception {
    startParted();
    for (var n = 1; n < 4; n++) {
      rig.sql(
          "BEGIN; INSERT INTO other VALUES (%d); SAVEPOINT a; TRUNCATE parted; RELEASE a; COMMIT"
              .formatted(100 + n),
          "INSERT INTO parted VALUES (2, 2), (12, 12)");
      looked(n);
    }
    equals(LONG, "parted");
    assertThat(rig.source().events())
        .filteredOn(event -> event.schema().name().equals("parted"))
        .extracting(event -> event.op())
        .containsExactly(
            Op.READ,
            Op.READ,
            Op.TRUNCATE,
            Op.INSERT,
            Op.INSERT,
            Op.TRUNCATE,
            Op.INSERT,
            Op.INSERT,
            Op.TRUNCATE,
            Op.INSERT,
            Op.INSERT);
    // Nobody tells this, and what the stream told before is no reason to believe it did.
    rig.sql("BEGIN; TRUNCATE p1; TRUNCATE p2; COMMIT", "INSERT INTO parted VALUES (3, 3)");
    equals(LONG, "parted");
    assertThat(held("parted")).hasSize(1);
  }

  @Test
  void aTableOfWhichTheColumnsChangedIsReadAgain() throws Exception {
    start("");
    rig.sql("ALTER TABLE reading ADD COLUMN more int DEFAULT 7");
    equalsWhole(LONG, "reading");
    rig.sql("UPDATE reading SET more = 8 WHERE id = 1", "ALTER TABLE reading DROP COLUMN v");
    equalsWhole(LONG, "reading");
    // While nobody looked, too.
    rig.stop();
    rig.sql("ALTER TABLE reading ALTER more TYPE int USING more * 10");
    rig.start("");
    equalsWhole(LONG, "reading");
    rig.sql("DELETE FROM reading WHERE id = 2");
    equalsWhole(LONG, "reading");
  }

  /// A day of migrations, while somebody's transaction is open: one reading behind all of them.
  @Test
  void manyChangesOfATableAreOneReadingAndItSaysWhyAndForWhomItWaits() throws Exception {
    rig.sql(
        "CREATE TABLE parted (id int PRIMARY KEY, v int) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF parted FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE p2 PARTITION OF parted FOR VALUES FROM (10) TO (20)",
        "INSERT INTO parted VALUES (1, 1), (11, 11)");
    start("other,parted");
    try (var connection = rig.database.connect()) {
      connection.setAutoCommit(false);
      var pid = Rig.value(connection, "SELECT pg_backend_pid() FROM txid_current()");
      rig.sql("ALTER TABLE parted ADD COLUMN more int DEFAULT 7");
      await()
          .atMost(LONG)
          .untilAsserted(
              () ->
                  assertThat(rig.report().detail())
                      .startsWith(
                          "public.parted cannot be read yet (because column more was added with"
                              + " values): that waits for the transaction of process "
                              + pid
                              + " of the database, which runs for "));
      rig.sql("ALTER TABLE parted RENAME COLUMN more TO extra");
      rig.sql("ALTER TABLE parted ALTER extra TYPE int USING extra + 1");
      connection.rollback();
    }
    equalsWhole(LONG, "parted");
    await().atMost(LONG).until(() -> rig.report().detail().isEmpty());
    rig.sql("INSERT INTO parted VALUES (2, 2, 2)");
    equalsWhole(LONG, "parted");
    assertThat(rig.source().events())
        .filteredOn(event -> event.schema().name().equals("parted"))
        .extracting(event -> event.op())
        .containsExactly(Op.READ, Op.READ, Op.TRUNCATE, Op.READ, Op.READ, Op.INSERT);
  }

  private void start(String tables) throws Exception {
    rig.start(tables);
    await().atMost(LONG).until(() -> rig.source().snapshotsEnded == 1);
  }

  private List<String> held(String table) {
    return Rig.fold(rig.source().events(), table).values().stream()
        .map(row -> row.get("id") + " " + row.get("v"))
        .toList();
  }

  /// The events make of the table what the source holds, in all of its columns.
  private void equalsWhole(Duration within, String table) throws Exception {
    var source = new ArrayList<Map<String, String>>();
    try (var connection = rig.database.connect();
        var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT * FROM " + table)) {
      while (rows.next()) {
        var row = new HashMap<String, String>();
        for (var i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
          row.put(rows.getMetaData().getColumnName(i), String.valueOf(rows.getString(i)));
        }
        source.add(row);
      }
    }
    await()
        .atMost(within)
        .untilAsserted(
            () ->
                assertThat(Rig.fold(rig.source().events(), table).values())
                    .extracting(HashMap::new)
                    .containsExactlyInAnyOrderElementsOf(
                        source.stream().map(HashMap::new).toList()));
  }

  /// The events make of the table what the source holds.
  private void equals(Duration within, String table) throws Exception {
    var source =
        List.of(
            rig.value("SELECT coalesce(string_agg(id || ' ' || v, ','), '') FROM " + table)
                .split(","));
    await()
        .atMost(within)
        .untilAsserted(() -> assertThat(held(table)).containsExactlyInAnyOrderElementsOf(source));
  }
}
