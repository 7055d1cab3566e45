package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Somebody changes the agent's publications while it captures: what the platform's end holds is
/// what the source holds, in the same epoch, and nothing that is not to be captured.
class PublicationTests {
  private static final Duration LONG = Duration.ofSeconds(60);

  /// How soon it is found, set right and mended on a machine that has nothing else to do.
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir Path directory;
  private Rig rig;

  @BeforeEach
  void capture() throws Exception {
    rig = new Rig(directory.resolve("data"), Rig.SMALL);
    rig.sql(
        "CREATE TABLE parted (id int PRIMARY KEY, v int) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF parted FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE reading (id int PRIMARY KEY, v int)",
        "CREATE TABLE secret (id int PRIMARY KEY, v int)",
        "INSERT INTO reading VALUES (1, 1), (2, 2)",
        "INSERT INTO parted VALUES (1, 1)");
    rig.start("parted,reading");
    await().atMost(LONG).until(() -> rig.source().snapshotsEnded == 1);
  }

  @AfterEach
  void oneEpoch() throws Exception {
    try (var ended = rig) {
      assertThat(ended.platform.violations).isEmpty();
      assertThat(ended.source().epochs).hasSize(1);
      assertThat(ended.source().gaps).isEmpty();
    }
  }

  @Test
  void changesThatItWasMadeToLeaveOutAreThereWithinTenSeconds() throws Exception {
    change("SET (publish = 'insert')", "UPDATE reading SET v = 20 WHERE id = 2");
    equals(SOON, "reading");
    rig.sql("UPDATE reading SET v = 30 WHERE id = 2", "DELETE FROM reading WHERE id = 1");
    equals(SOON, "reading");
  }

  /// The partition came as a table of its own meanwhile, and is none.
  @Test
  void aPartitionThatCameInItsTablesPlaceIsShownNoMore() throws Exception {
    change("SET (publish_via_partition_root = false)", "INSERT INTO parted VALUES (2, 2)");
    equals(LONG, "parted");
    await().atMost(LONG).until(() -> ops("p1").equals(List.of(Op.INSERT, Op.TRUNCATE)));
    rig.sql("INSERT INTO parted VALUES (3, 3)");
    equals(LONG, "parted");
    assertThat(ops("p1")).hasSize(2);
  }

  @Test
  void aTableThatSomebodyPutsInThoughItIsNotChosenIsShownNoMore() throws Exception {
    change("ADD TABLE secret", "INSERT INTO secret VALUES (1, 1)");
    await().atMost(LONG).until(() -> ops("secret").equals(List.of(Op.INSERT, Op.TRUNCATE)));
    rig.sql("INSERT INTO secret VALUES (2, 2)", "INSERT INTO reading VALUES (3, 3)");
    equals(LONG, "reading");
    assertThat(ops("secret")).hasSize(2);
    assertThat(ops("reading")).containsExactly(Op.READ, Op.READ, Op.INSERT);
  }

  @Test
  void whatCameOfItIsClearedThoughTheAgentIsStoppedBeforeItLooks() throws Exception {
    change("ADD TABLE secret", "INSERT INTO secret VALUES (1, 1)");
    await().atMost(LONG).until(() -> !ops("secret").isEmpty());
    rig.stop();
    rig.startAgain();
    await().atMost(LONG).until(() -> ops("secret").equals(List.of(Op.INSERT, Op.TRUNCATE)));
  }

  @Test
  void aPublicationOfAllTablesOfASchemaIsMadeToNameItsTablesAgain() throws Exception {
    assumeThat(Integer.parseInt(rig.value("SHOW server_version_num")))
        .isGreaterThanOrEqualTo(150_000);
    change("ADD TABLES IN SCHEMA public", "INSERT INTO secret VALUES (1, 1)");
    await().atMost(LONG).until(() -> ops("secret").equals(List.of(Op.INSERT, Op.TRUNCATE)));
    nothingElseIsPublished();
    rig.sql(
        "CREATE TABLE later (id int PRIMARY KEY, v int)",
        "INSERT INTO later VALUES (1, 1)",
        "INSERT INTO secret VALUES (2, 2)",
        "INSERT INTO reading VALUES (3, 3)");
    equals(LONG, "reading");
    assertThat(ops("later")).isEmpty();
    assertThat(ops("secret")).hasSize(2);
    assertThat(ops("reading")).containsExactly(Op.READ, Op.READ, Op.INSERT);
  }

  @Test
  void aPublicationOfAllTablesIsMadeAnewWithTheChosenOnes() throws Exception {
    var name = "clarity_" + rig.database.name();
    rig.sql(
        "BEGIN; DROP PUBLICATION %s; CREATE PUBLICATION %s FOR ALL TABLES; %s; COMMIT"
            .formatted(name, name, "INSERT INTO secret VALUES (1, 1)"));
    await().atMost(LONG).until(() -> ops("secret").equals(List.of(Op.INSERT, Op.TRUNCATE)));
    nothingElseIsPublished();
    rig.sql(
        "INSERT INTO secret VALUES (2, 2)",
        "INSERT INTO parted VALUES (2, 2)",
        "INSERT INTO reading VALUES (3, 3)");
    equals(LONG, "reading");
    equals(LONG, "parted");
    assertThat(ops("secret")).hasSize(2);
  }

  private void nothingElseIsPublished() {
    await()
        .atMost(LONG)
        .untilAsserted(
            () ->
                assertThat(
                        rig.value(
                            "SELECT string_agg(tablename, ',' ORDER BY tablename)"
                                + " FROM pg_publication_tables"))
                    .isEqualTo("parted,reading"));
  }

  /// In one transaction, so that the agent sets nothing right in between.
  private void change(String publication, String sql) throws Exception {
    rig.sql(
        "BEGIN; ALTER PUBLICATION clarity_%s %s; %s; COMMIT"
            .formatted(rig.database.name(), publication, sql));
  }

  private List<Op> ops(String table) {
    return rig.source().events().stream()
        .filter(event -> event.schema().name().equals(table))
        .map(ChangeEvent::op)
        .toList();
  }

  private void equals(Duration within, String table) throws Exception {
    var source =
        List.of(rig.value("SELECT string_agg(id || ' ' || v, ',') FROM " + table).split(","));
    await()
        .atMost(within)
        .untilAsserted(
            () ->
                assertThat(Rig.fold(rig.source().events(), table).values())
                    .extracting(row -> row.get("id") + " " + row.get("v"))
                    .containsExactlyInAnyOrderElementsOf(source));
  }
}
