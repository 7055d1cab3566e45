package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.postgres.SourceFiles;
import io.claritystream.agent.spool.SpoolLimits;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.link.Refused;
import io.claritystream.protocol.link.SourceState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// More than fits: into the spool while the platform is away, and into the memory at once.
class PressureTests {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Duration VERY_LONG = Duration.ofMinutes(6);

  @TempDir Path directory;

  @Test
  void aFullSpoolStopsReadingAndSaysSoAndNothingIsLostWhenThePlatformIsBack() throws Exception {
    var little = new SpoolLimits(64 * 1024, 16 * 1024, 2 * 1024);
    try (var rig = new Rig(directory.resolve("data"), little)) {
      rig.sql("CREATE TABLE reading (id int PRIMARY KEY, v text)");
      rig.start();
      await().atMost(LONG).until(() -> rig.report().state() == SourceState.STREAMING);
      rig.platform.refusal =
          Refused.newBuilder().setCode("away").setMessage("Away.").setRetryable(true).build();
      rig.source().stream.drop();
      var rows = 20_000;
      for (var i = 0; i < 20; i++) {
        // What md5 gives cannot be compressed away.
        rig.sql(
            "INSERT INTO reading SELECT g, md5(g::text) FROM generate_series("
                + (i * rows / 20 + 1)
                + ", "
                + (i + 1) * rows / 20
                + ") g");
      }
      await().atMost(LONG).until(() -> rig.report().detail().contains("the spool is full"));
      assertThat(rig.report().state()).isEqualTo(SourceState.WAITING);
      assertThat(rig.report().spoolBytes())
          .isGreaterThanOrEqualTo(little.bytesMax())
          .isLessThan(little.bytesMax() + 2 * little.segmentBytes());
      assertThat(rig.source().events()).hasSizeLessThan(rows);
      // Back, and yet slow: what it is told first is that capture waits.
      rig.platform.mood = (stream, lastSeq) -> {};
      rig.platform.refusal = null;
      await()
          .atMost(LONG)
          .until(
              () ->
                  rig.source().status != null
                      && rig.source().status.getDetail().contains("the spool is full"));
      rig.platform.mood = (stream, lastSeq) -> stream.durable(lastSeq);
      rig.source().stream.drop();
      await().atMost(LONG).until(() -> rig.source().events().size() == rows);
      assertThat(rig.source().events()).extracting(ChangeEvent::seq).doesNotHaveDuplicates();
      assertThat(Rig.fold(rig.source().events(), "reading")).hasSize(rows);
      assertThat(rig.source().epochs).hasSize(1);
      assertThat(rig.source().gaps).isEmpty();
      await().atMost(LONG).until(() -> rig.report().state() == SourceState.STREAMING);
      assertThat(rig.platform.violations).isEmpty();
    }
  }

  @Test
  void aTransactionOfAMillionRowsNeedsNoMemoryAndHoldsTheSlotUntilItIsDurable() throws Exception {
    transaction(
        1_000_000,
        "INSERT INTO reading SELECT g, 'row ' || g, NULL FROM generate_series(1, 1000000) g");
  }

  @Test
  void wideRowsThatTellWhatTheyWereBeforeNeedNoMemoryEither() throws Exception {
    transaction(60_000, "UPDATE reading SET v = v || ' again', wide = wide || 'x'");
  }

  private void transaction(long rows, String change) throws Exception {
    var limits = SpoolLimits.DEFAULT;
    try (var rig = new Rig(directory.resolve("data"), limits)) {
      rig.sql(
          "CREATE TABLE reading (id int PRIMARY KEY, v text, wide text)",
          "ALTER TABLE reading ALTER wide SET STORAGE PLAIN",
          "ALTER TABLE reading REPLICA IDENTITY FULL");
      var before = change.startsWith("UPDATE") ? rows : 0;
      rig.sql(
          "INSERT INTO reading SELECT g, 'row ' || g, repeat(md5(g::text), 64)"
              + " FROM generate_series(1, "
              + before
              + ") g");
      rig.settings("").save(rig.home, "");
      rig.source().counts = true;
      var log = directory.resolve("agent.log");
      var agent = rig.child(log, "-Xmx256m");
      try {
        var state = rig.home.source("plant").resolve(SourceFiles.STATE);
        await()
            .atMost(VERY_LONG)
            .ignoreExceptions()
            .until(
                () ->
                    Files.readString(state).contains("phase=stream")
                        && rig.source().counted == before);
        rig.sql(change);
        var written = Lsn.parse(rig.value("SELECT pg_current_wal_lsn()"));
        var inside = new AtomicInteger();
        await()
            .atMost(VERY_LONG)
            .until(
                () -> {
                  var confirmed = confirmed(rig);
                  // Read in this order: what is durable now was not less then.
                  var commit = rig.source().commitOfLast;
                  if (rig.source().counted > before && rig.source().counted < before + rows) {
                    assertThat(confirmed)
                        .as("confirmed before the end is durable")
                        .isLessThan(commit);
                    inside.incrementAndGet();
                  }
                  assertThat(agent.isAlive()).as(Files.readString(log)).isTrue();
                  return rig.source().counted >= before + rows;
                });
        assertThat(inside).hasPositiveValue();
        assertThat(rig.source().counted).isEqualTo(before + rows);
        await().atMost(LONG).until(() -> confirmed(rig) >= written);
        assertThat(Files.readString(log)).doesNotContain("OutOfMemory").doesNotContain("memory");
        assertThat(rig.source().epochs).hasSize(1);
        assertThat(rig.platform.violations).isEmpty();
      } finally {
        agent.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      }
    }
  }

  private static long confirmed(Rig rig) throws Exception {
    return Lsn.parse(
        rig.value(
            "SELECT max(confirmed_flush_lsn) FROM pg_replication_slots"
                + " WHERE database = current_database()"));
  }
}
