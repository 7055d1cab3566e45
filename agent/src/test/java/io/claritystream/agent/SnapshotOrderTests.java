package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.postgres.SnapshotOrders;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.link.SnapshotState;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A new snapshot because a person wants one.
class SnapshotOrderTests {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path directory;
  private Rig rig;

  @BeforeEach
  void captureTwoTables() throws Exception {
    rig = new Rig(directory.resolve("data"), Rig.SMALL);
    rig.sql(
        "CREATE TABLE other (id int PRIMARY KEY, v int)",
        "INSERT INTO other VALUES (1, 1)",
        "CREATE TABLE reading (id int PRIMARY KEY, v int)",
        "INSERT INTO reading VALUES (1, 1), (2, 2)");
    rig.start();
    await().atMost(LONG).until(() -> rig.source().snapshotsEnded == 1);
  }

  @AfterEach
  void end() throws Exception {
    rig.close();
  }

  @Test
  void ofOneTableReadsItAloneAndTellsThatItIsDone() {
    rig.source().stream.order("one", "public.reading");
    awaitStage("one", SnapshotState.Stage.DONE);
    assertThat(rig.source().snapshots.get("one").getTablesDone()).isEqualTo(1);
    await().atMost(LONG).until(() -> reads("reading") == 4);
    assertThat(reads("other")).isEqualTo(1);
    assertThat(rig.source().epochs).hasSize(1);
    // The platform did not hear the end and orders once more: that is answered, and not done again.
    rig.source().snapshots.clear();
    rig.source().stream.order("one", "public.reading");
    awaitStage("one", SnapshotState.Stage.DONE);
    assertThat(reads("reading")).isEqualTo(4);
  }

  @Test
  void ofATableThatIsNotCapturedFailsInWords() {
    rig.source().stream.order("none", "public.nothing");
    awaitStage("none", SnapshotState.Stage.FAILED_FOR_GOOD);
    assertThat(rig.source().snapshots.get("none").getReason())
        .isEqualTo("not captured: public.nothing");
  }

  @Test
  void ofAllTablesBeginsANewEpochAndOutlastsARestart() throws Exception {
    rig.source().stream.order("all");
    await().atMost(LONG).until(() -> rig.source().epochs.size() == 2);
    rig.stop();
    var before = rig.source().sessions;
    rig.startAgain();
    await()
        .atMost(LONG)
        .until(() -> rig.source().sessions > before && rig.source().snapshotsEnded == 1);
    rig.source().stream.order("all");
    awaitStage("all", SnapshotState.Stage.DONE);
    assertThat(reads("reading")).isEqualTo(2);
    assertThat(reads("other")).isEqualTo(1);
  }

  /// There is no row to come with the news that what is shown is there no more.
  @Test
  void ofADatabaseThatHasNoRowAnyMoreIsToldAtOnce() throws Exception {
    rig.stop();
    rig.sql("TRUNCATE reading, other");
    var source = rig.home.source("plant");
    assertThat(SnapshotOrders.leave(source, "again", List.of())).isTrue();
    rig.startAgain();
    await().atMost(LONG).until(() -> rig.source().epochs.size() == 2);
    await().atMost(LONG).until(() -> rig.source().snapshotsEnded == 1);
    assertThat(rig.source().events()).extracting(ChangeEvent::op).containsExactly(Op.TRUNCATE);
    rig.sql("INSERT INTO reading VALUES (7, 7)");
    await().atMost(LONG).until(() -> rig.source().events().size() == 2);
    rig.stop();
    rig.startAgain();
    rig.sql("INSERT INTO reading VALUES (8, 8)");
    await().atMost(LONG).until(() -> rig.source().events().size() == 3);
    assertThat(rig.source().epochs).hasSize(2);
    assertThat(rig.platform.violations).isEmpty();
  }

  @Test
  void byTheCommandBesideARunningAgentIsCarriedOut() throws Exception {
    var source = rig.home.source("plant");
    assertThat(SnapshotOrders.leave(source, "left", List.of("public.other"))).isTrue();
    await().atMost(LONG).until(() -> reads("other") == 2);
    assertThat(reads("reading")).isEqualTo(2);
    assertThat(SnapshotOrders.leave(source, "again", List.of())).isTrue();
    await().atMost(LONG).until(() -> rig.source().epochs.size() == 2);
  }

  private void awaitStage(String order, SnapshotState.Stage stage) {
    await()
        .atMost(LONG)
        .until(
            () ->
                rig.source().snapshots.containsKey(order)
                    && rig.source().snapshots.get(order).getStage() == stage);
  }

  private long reads(String table) {
    return rig.source().events().stream()
        .filter(event -> event.op() == Op.READ && event.schema().name().equals(table))
        .count();
  }
}
