package io.claritystream.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// Read models full of minutes, made by SQL: sites of twenty devices with ten metrics each, all of
/// which report every minute. They are put in as they come, minute by minute, all series side by
/// side; the product packs those of hours that are over.
final class MinuteRows {
  static final int DEVICES_A_SITE = 20;
  static final int METRICS = 10;
  private static final int SITES_MAX = 10;
  private static final int DAY = 1_440;
  private static final int CHUNK_MINUTES = 60;
  private static final long PACKING_POLL_MS = 500;
  private static final Duration PACKING_PATIENCE = Duration.ofMinutes(2);

  /// Series of one site.
  private static final int SERIES = DEVICES_A_SITE * METRICS;

  private MinuteRows() {}

  /// @param tenant whose they are
  static void make(Connection service, UUID tenant, int rows, Report report) throws SQLException {
    int sites = Math.clamp(rows / (SERIES * DAY), 1, SITES_MAX);
    int minutes = Math.max(1, rows / (sites * SERIES));
    service.setAutoCommit(false);
    UUID source = UUID.randomUUID();
    Map<String, String> all =
        Map.of(
            "tenant_id", "'" + tenant + "'::uuid",
            "source_id", "'" + source + "'::uuid",
            "last_seq", "1",
            "first_seq", "1",
            "table_name", "'bench'");
    insert(
        service,
        "model",
        all,
        Map.of(
            "state", "'live'",
            "purpose", "'first'",
            "first_epoch", "1",
            "applied_epoch", "1",
            "applied_seq", "1",
            "created_at", "now()"),
        "");
    insert(
        service,
        "metric_key",
        all,
        Map.of("key", "'metric_' || n", "name", "'Metric ' || n", "unit", "'bar'"),
        "FROM generate_series(1, " + METRICS + ") n");
    String model = "(SELECT max(model_id) FROM analytics.model WHERE source_id = '" + source + "')";
    insert(
        service,
        "sites",
        all,
        Map.of(
            "model_id",
            model,
            "site_id",
            id("site", "n"),
            "key",
            "n::text",
            "name",
            "'Site ' || n"),
        "FROM generate_series(1, " + sites + ") n");
    insert(
        service,
        "devices",
        all,
        Map.of(
            "model_id", model,
            "device_id", id("device", "n"),
            "site_id", id("site", "1 + (n - 1) / " + DEVICES_A_SITE),
            "key", "n::text",
            "name", "'Pump ' || n",
            "kind", "'pump'",
            "described", "true",
            "placed", "true"),
        "FROM generate_series(1, " + sites * DEVICES_A_SITE + ") n");
    insert(
        service,
        "series",
        all,
        Map.of("model_id", "d.model_id", "device_id", "d.device_id", "metric_id", "k.metric_id"),
        "FROM analytics.devices d JOIN analytics.metric_key k ON k.tenant_id = d.tenant_id"
            + " WHERE d.tenant_id = '"
            + tenant
            + "' ORDER BY d.name, k.key");
    service.commit();
    for (int from = minutes; from > 0; from -= CHUNK_MINUTES) {
      minutes(service, tenant, from, Math.max(0, from - CHUNK_MINUTES) + 1);
      if (from % (10 * CHUNK_MINUTES) < CHUNK_MINUTES) {
        report.step("%d minutes of %d to make".formatted(from, minutes));
      }
    }
    known(service, tenant, source);
    service.commit();
    service.setAutoCommit(true);
  }

  /// A source of which the product packs the minutes: one that was taken off its agent, so that no
  /// page waits for it, and whose events were folded into the model. Known once its rows are
  /// there: what comes after its hour was packed is not packed any more.
  private static void known(Connection service, UUID tenant, UUID source) throws SQLException {
    Sql.run(
        service,
        """
        INSERT INTO control.agent (agent_id, tenant_id, name, version, paired_at,
          certificate_serial, certificate_expires_at)
        VALUES ('%1$s', '%2$s', 'bench', '1', now(), '', now());
        INSERT INTO control.source (source_id, tenant_id, agent_id, name, kind, fingerprint,
          server_version, partition, created_at, removed_at)
        VALUES ('%1$s', '%2$s', '%1$s', 'bench', 'postgresql', '', '', 0, now(), now());
        INSERT INTO control.checkpoint_source (source_id, tenant_id, model_id, epoch, session,
          bronze_seq, applied_seq, digest, position, position_seq, events_total, updated_at)
        SELECT source_id, tenant_id, model_id, 1, 0, 1, 1, '', '', 0, 1, now()
        FROM analytics.model WHERE source_id = '%1$s'
        """
            .formatted(source, tenant));
  }

  /// Returns when the minutes of all hours that are over lie side by side, as they do in a plant
  /// that runs.
  static void awaitPacked(Connection service, Report report)
      throws SQLException, InterruptedException {
    long end =
        Sql.number(
            service,
            "SELECT extract(epoch FROM date_trunc('hour', now() - interval '15 minutes', 'UTC'))::bigint");
    long begin =
        Sql.number(
            service, "SELECT extract(epoch FROM min(bucket))::bigint FROM analytics.metrics_min");
    long beganNs = System.nanoTime();
    long movedNs = beganNs;
    String last = "";
    for (long polls = 0; ; polls++) {
      long until = packedUntil(service);
      if (until >= end) {
        break;
      }
      String place =
          Sql.text(service, "SELECT packed_until || ' ' || packed_series FROM analytics.model");
      if (!String.valueOf(place).equals(last)) {
        last = String.valueOf(place);
        movedNs = System.nanoTime();
      } else if (System.nanoTime() - movedNs > PACKING_PATIENCE.toNanos()) {
        throw new BenchFailedException("the server packs no minutes, see its log");
      }
      if (polls % 20 == 0) {
        report.step(
            "the server packs minutes: %d hours of %d"
                .formatted(Math.max(0, until - begin) / 3_600, (end - begin) / 3_600));
      }
      Thread.sleep(PACKING_POLL_MS);
    }
    report.step("packed after %d s".formatted((System.nanoTime() - beganNs) / 1_000_000_000));
  }

  private static long packedUntil(Connection service) throws SQLException {
    return Sql.number(
        service,
        "SELECT extract(epoch FROM coalesce(packed_until, 'epoch'))::bigint FROM analytics.model"
            + " WHERE state = 'live'");
  }

  private static String id(String what, String number) {
    return "md5('%s ' || (%s))::uuid".formatted(what, number);
  }

  /// Adds what has passed since rows were made, the last hour of it, so that an overview has
  /// something to show.
  static void bringUpToDate(Connection service, UUID tenant) throws SQLException {
    service.setAutoCommit(false);
    long missing =
        Sql.number(
            service,
            "SELECT extract(epoch FROM date_trunc('minute', now()) - max(bucket))::bigint / 60"
                + " FROM analytics.metrics_min");
    if (missing > 1) {
      minutes(service, tenant, (int) Math.min(CHUNK_MINUTES, missing - 1), 1);
    }
    service.setAutoCommit(true);
  }

  /// Into the machine's memory, where the rows of a machine that runs for a day are.
  static void readAll(Connection service) throws SQLException {
    Sql.number(service, "SELECT sum(last_seq) FROM analytics.metrics_min");
    Sql.run(service, "SET enable_seqscan = off");
    Sql.number(service, "SELECT count(*) FROM analytics.metrics_min");
    Sql.run(service, "RESET enable_seqscan");
  }

  /// The minutes so many before this one, down to so many before it.
  private static void minutes(Connection service, UUID tenant, int from, int to)
      throws SQLException {
    String value = "(50 + 40 * sin(m / 180.0 + s.series_id))::numeric(12, 4)";
    insert(
        service,
        "metrics_min",
        Map.of("tenant_id", "'" + tenant + "'::uuid"),
        Map.ofEntries(
            Map.entry("series_id", "s.series_id"),
            Map.entry("bucket", "date_trunc('minute', now()) - m * interval '1 minute'"),
            Map.entry("value_count", "60"),
            Map.entry("nan_count", "0"),
            Map.entry("inf_count", "0"),
            Map.entry("value_sum", "60 * " + value),
            Map.entry("value_min", value + " - 1.5"),
            Map.entry("value_max", value + " + 1.5"),
            Map.entry("value_last", value),
            Map.entry(
                "last_at",
                "date_trunc('minute', now()) - m * interval '1 minute' + interval '59 seconds'"),
            Map.entry("last_seq", "1")),
        "FROM generate_series(%d, %d, -1) m CROSS JOIN analytics.series s WHERE s.tenant_id = '%s' ORDER BY m DESC, s.series_id"
            .formatted(from, to, tenant));
    service.commit();
  }

  /// Fills those columns that the table has.
  private static void insert(
      Connection service,
      String table,
      Map<String, String> common,
      Map<String, String> own,
      String from)
      throws SQLException {
    List<String> columns = new ArrayList<>();
    List<String> values = new ArrayList<>();
    try (PreparedStatement statement =
        service.prepareStatement(
            """
            SELECT a.attname, a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS needed
            FROM pg_attribute a
            WHERE a.attrelid = ('analytics.' || ?)::regclass AND a.attnum > 0
              AND NOT a.attisdropped AND a.attidentity = ''
            ORDER BY a.attnum
            """)) {
      statement.setString(1, table);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          String column = row.getString(1);
          String value = own.getOrDefault(column, common.get(column));
          if (value != null) {
            columns.add(column);
            values.add(value);
          } else if (row.getBoolean(2)) {
            throw new BenchFailedException(
                "analytics.%s has a column %s that this measurement does not fill"
                    .formatted(table, column));
          }
        }
      }
    }
    Sql.run(
        service,
        "INSERT INTO analytics.%s (%s) SELECT %s %s"
            .formatted(table, String.join(", ", columns), String.join(", ", values), from));
  }

  /// A series with where it belongs.
  record Line(int seriesId, UUID deviceId, UUID siteId, String key) {}

  static List<Line> lines(Connection service, UUID tenant) throws SQLException {
    List<Line> lines = new ArrayList<>();
    try (PreparedStatement statement =
        service.prepareStatement(
            """
            SELECT s.series_id, d.device_id, d.site_id, k.key
            FROM analytics.series s
            JOIN analytics.devices d ON d.model_id = s.model_id AND d.device_id = s.device_id
            JOIN analytics.metric_key k ON k.metric_id = s.metric_id
            WHERE s.tenant_id = ?
            ORDER BY s.series_id
            """)) {
      statement.setObject(1, tenant);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          lines.add(
              new Line(
                  row.getInt(1),
                  row.getObject(2, UUID.class),
                  row.getObject(3, UUID.class),
                  row.getString(4)));
        }
      }
    }
    return lines;
  }

  /// From the first minute to the end of the last.
  record Span(Instant from, Instant to) {}

  static Span span(Connection service) throws SQLException {
    return new Span(
        Instant.ofEpochSecond(
            Sql.number(
                service,
                "SELECT extract(epoch FROM min(bucket))::bigint FROM analytics.metrics_min")),
        Instant.ofEpochSecond(
            60
                + Sql.number(
                    service,
                    "SELECT extract(epoch FROM max(bucket))::bigint FROM analytics.metrics_min")));
  }
}
