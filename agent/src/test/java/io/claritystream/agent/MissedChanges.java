package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.protocol.link.GapCause;
import io.claritystream.protocol.link.SourceGap;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/// Changes that go past an agent: what the tests of gaps do to a source, and await of its repair.
abstract class MissedChanges {
  static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path directory;

  /// Three rows, and one that came by the stream.
  static void captured(Rig rig) throws Exception {
    captured(rig, "CREATE TABLE reading (id int PRIMARY KEY, v int)");
  }

  static void captured(Rig rig, String create) throws Exception {
    rig.sql(create, "INSERT INTO reading VALUES (1, 1), (2, 2), (3, 3)");
    rig.start();
    await().atMost(LONG).until(() -> rig.source().snapshotsEnded == 1);
    rig.sql("INSERT INTO reading VALUES (4, 4)");
    await().atMost(LONG).until(() -> rig.source().events().size() == 4);
  }

  static void changeUnseen(Rig rig) throws SQLException {
    rig.sql(
        "UPDATE reading SET v = 20 WHERE id = 2",
        "DELETE FROM reading WHERE id = 3",
        "INSERT INTO reading VALUES (5, 5)");
  }

  static SourceGap repaired(Rig rig, GapCause cause) throws Exception {
    await()
        .atMost(LONG)
        .until(
            () -> rig.source().gaps.values().stream().anyMatch(gap -> gap.getRepairedAtUs() > 0));
    assertThat(rig.source().gaps).hasSize(1);
    var gap = rig.source().gaps.values().iterator().next();
    assertThat(gap.getCause()).isEqualTo(cause);
    assertThat(gap.getWords()).isNotBlank();
    assertThat(gap.getFromPosition()).isNotEmpty();
    assertThat(gap.getToPosition()).isNotEmpty();
    assertThat(gap.getNoticedAtUs()).isPositive();
    held(rig);
    assertThat(rig.source().epochs).hasSize(2);
    assertThat(rig.source().snapshotsEnded).isEqualTo(1);
    assertThat(rig.platform.violations).isEmpty();
    return gap;
  }

  /// What is captured comes to what the source holds.
  static void held(Rig rig) throws Exception {
    var expected =
        List.of(rig.value("SELECT string_agg(id || ' ' || v, ',') FROM reading").split(","));
    await()
        .atMost(LONG)
        .untilAsserted(
            () ->
                assertThat(Rig.fold(rig.source().events(), "reading").values())
                    .extracting(row -> row.get("id") + " " + row.get("v"))
                    .containsExactlyInAnyOrderElementsOf(expected));
  }

  static String slot(Rig rig) {
    return "clarity_" + rig.database.name();
  }

  static void withFreeSlot(Rig rig, String sql) {
    await()
        .atMost(LONG)
        .ignoreExceptions()
        .untilAsserted(
            () ->
                rig.sql(
                    "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots"
                        + " WHERE slot_name = '"
                        + slot(rig)
                        + "' AND active_pid IS NOT NULL",
                    sql.formatted(slot(rig))));
  }

  static int command(Rig rig, ByteArrayOutputStream said, String... line) {
    var out = new PrintStream(said, true, StandardCharsets.UTF_8);
    var words = new ArrayList<>(List.of("--data", rig.home.directory().toString()));
    words.addAll(List.of(line));
    return new Agent(out, out, Map.of(), Clock.systemUTC(), Terminal.ofProcess(), "./clarity agent")
        .command(words);
  }
}
