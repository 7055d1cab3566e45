package io.claritystream.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/// A few rounds of `./clarity bench chaos` against the packaged product: agent, edge, server,
/// Kafka and both databases run as `./clarity up` runs them, and are killed.
class OracleTests {
  private static final int ROUNDS = 5;
  private static final int KILLS = 4;
  private static final int SECONDS = 6;
  private static final Path HOME =
      Path.of(System.getProperty("clarity.home", "..")).toAbsolutePath().normalize();

  @Test
  void each_change_is_in_bronze_once_and_folded_right_whatever_is_killed() throws Exception {
    assertThat(HOME.resolve("server/target/extracted/server.jar"))
        .as("the packaged product, which ./clarity test builds")
        .exists();
    try (Chaos chaos = new Chaos(HOME)) {
      for (int n = 1; n <= ROUNDS; n++) {
        Chaos.Round round = chaos.round(n, n, KILLS, SECONDS);
        assertThat(round.details()).as("seed %d: %s", round.seed(), chaos.explanation()).isEmpty();
        assertThat(round.sound()).isTrue();
        assertThat(round.findings().events()).isGreaterThan(1_000);
        assertThat(round.findings().compared()).isGreaterThan(100);
        assertThat(round.samples()).isPositive();
      }
      whatIsWrongIsFound(chaos);
    }
  }

  /// An oracle that finds nothing shows nothing.
  private static void whatIsWrongIsFound(Chaos chaos) throws SQLException {
    UUID source = chaos.lastSourceId();
    String events = "bronze.cdc_events WHERE source_id = '" + source + "' AND seq = 7";
    try (Connection platform = chaos.installation().superuser()) {
      assertThat(
              Sql.run(
                  platform,
                  """
                  INSERT INTO bronze.cdc_events SELECT
                    (left(event_id::text, 24) || left(md5('again'), 12))::uuid, tenant_id,
                    source_id, epoch, seq, op, table_name, schema_version, lsn, event_time,
                    payload, ingest_time FROM\s"""
                      + events))
          .isEqualTo(1);
      assertThat(chaos.compareAgain().doubled()).isEqualTo(1);
      assertThat(chaos.compareAgain().lost()).isZero();
      Sql.run(platform, "DELETE FROM " + events);
      assertThat(chaos.compareAgain().lost()).isEqualTo(1);
      assertThat(chaos.compareAgain().doubled()).isZero();
      long before = chaos.compareAgain().mismatched();
      assertThat(before).isZero();
      Sql.run(
          platform,
          """
          UPDATE analytics.devices SET name = name || '?' WHERE source_id = '%s' AND key = '1'
          """
              .formatted(source));
      assertThat(chaos.compareAgain().mismatched()).isEqualTo(1);
      long minutes =
          Sql.run(
              platform,
              """
              UPDATE analytics.metrics_min SET value_sum = value_sum + 0.001
              WHERE series_id IN (
                SELECT s.series_id FROM analytics.series s
                JOIN analytics.model m ON m.model_id = s.model_id
                JOIN analytics.devices d ON d.model_id = s.model_id AND d.device_id = s.device_id
                WHERE m.source_id = '%s' AND d.key = '2')
              """
                  .formatted(source));
      assertThat(minutes).isPositive();
      assertThat(chaos.compareAgain().mismatched()).isGreaterThan(1);
    }
  }
}
