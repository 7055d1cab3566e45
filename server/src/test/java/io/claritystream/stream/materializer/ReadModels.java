package io.claritystream.stream.materializer;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TestDatabase;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.stream.source.SourceRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// A database with one source, and a materializer that folds into it.
public final class ReadModels implements AutoCloseable {
  final TestDatabase database;
  public final SourceRef source;
  Materializer materializer;
  int model;

  ReadModels() {
    this(TestDatabase.create(), UUID.randomUUID(), UUID.randomUUID());
  }

  public ReadModels(TestDatabase database, UUID tenant, UUID sourceId) {
    this.database = database;
    source = new SourceRef(new TenantId(tenant), sourceId, UUID.randomUUID(), "db", 0, 1, 1);
    arrange();
    restart();
    try {
      model = new Models(database.dataSource("service")).live(source, java.time.Instant.now());
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private void arrange() {
    var sql = database.superuser();
    sql.sql(
            """
            INSERT INTO control.dim_tenant (tenant_id, name, plan, industry, region, created_at)
            VALUES (:id, 'T', 'standard', 'food-and-beverage', 'eu-west', '2026-01-01')
            ON CONFLICT DO NOTHING
            """)
        .param("id", source.tenantId().value())
        .update();
    sql.sql(
            """
            INSERT INTO control.agent (agent_id, tenant_id, name, version, paired_at, certificate_serial,
              certificate_expires_at)
            VALUES (:agent, :tenant, 'a', '1', '2026-01-01', '1', '2027-01-01')
            """)
        .param("agent", source.agentId())
        .param("tenant", source.tenantId().value())
        .update();
    sql.sql(
            """
            INSERT INTO control.source (source_id, tenant_id, agent_id, name, kind, fingerprint,
              server_version, partition, created_at)
            VALUES (:id, :tenant, :agent, 'db', 'postgresql', 'x', '18', 0, '2026-01-01')
            """)
        .param("id", source.sourceId())
        .param("tenant", source.tenantId().value())
        .param("agent", source.agentId())
        .update();
  }

  /// What is said before a table's first event holds for it.
  public void keepDeletedRowsOf(String table) {
    database
        .superuser()
        .sql(
            """
            INSERT INTO control.source_table_option (source_id, table_name, tenant_id, on_delete)
            VALUES (:source, :table, :tenant, 'keep')
            """)
        .param("source", source.sourceId())
        .param("table", table)
        .param("tenant", source.tenantId().value())
        .update();
  }

  /// What was remembered between batches is gone.
  void restart() {
    materializer = TestMaterializer.of(database, TestMaterializer.tables(database));
  }

  public Applied apply(List<ChangeEvent> events) {
    return apply(source, events);
  }

  Applied apply(SourceRef ref, List<ChangeEvent> events) {
    try (var connection = database.dataSource("service").getConnection()) {
      connection.setAutoCommit(false);
      var applied = materializer.apply(connection, ref, model, events, false);
      connection.commit();
      applied.committed();
      return applied;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  SourceRef inEpoch(int epoch) {
    return new SourceRef(
        source.tenantId(), source.sourceId(), source.agentId(), source.name(), 0, epoch, 1);
  }

  void applyAndRollBack(List<ChangeEvent> events) {
    try (Connection connection = database.dataSource("service").getConnection()) {
      connection.setAutoCommit(false);
      var applied = materializer.apply(connection, source, model, events, false);
      connection.rollback();
      applied.rolledBack();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  List<Map<String, Object>> rows(String sql) {
    return database.superuser().sql(sql).query().listOfRows();
  }

  /// The value of the one column of the one row.
  String one(String sql) {
    var value = database.superuser().sql(sql).query().singleValue();
    return value == null ? "null" : value.toString();
  }

  /// All that was built, as text, with the dictionaries' numbers replaced by what they stand
  /// for.
  List<String> everything() {
    var all = new ArrayList<String>();
    for (var query :
        List.of(
            "SELECT 'entity', t::text AS r FROM analytics.entities t ORDER BY t.entity_id",
            "SELECT 'site', t::text AS r FROM analytics.sites t ORDER BY t.site_id",
            "SELECT 'device', t::text AS r FROM analytics.devices t ORDER BY t.device_id",
            """
            SELECT 'minute', (s.device_id, k.key, m.bucket, m.value_count, m.nan_count, m.inf_count,
              m.value_sum, m.value_min, m.value_max, m.value_last, m.last_at, m.last_seq)::text AS r
            FROM analytics.metrics_min m JOIN analytics.series s USING (series_id)
            JOIN analytics.metric_key k USING (metric_id) ORDER BY s.device_id, k.key, m.bucket
            """,
            "SELECT 'session', t::text AS r FROM analytics.sessions t ORDER BY t.session_id",
            "SELECT 'text', t::text AS r FROM analytics.extras_text t ORDER BY t.entity_id, t.key",
            "SELECT 'num', t::text AS r FROM analytics.extras_num t ORDER BY t.entity_id, t.key",
            "SELECT 'bool', t::text AS r FROM analytics.extras_bool t ORDER BY t.entity_id, t.key",
            "SELECT 'time', t::text AS r FROM analytics.extras_time t ORDER BY t.entity_id, t.key",
            "SELECT 'types', t::text AS r FROM analytics.extras_type t ORDER BY t.table_name, t.key",
            "SELECT 'state', t::text AS r FROM analytics.table_state t ORDER BY t.table_name")) {
      for (var row : rows(query)) {
        all.add(row.values().toString());
      }
    }
    return all;
  }

  /// Of how many entities each key has a value of each type: as it is kept.
  String typesKept() {
    return one(
        """
        SELECT string_agg((table_name, key, texts, nums, bools, times)::text, ' '
          ORDER BY table_name COLLATE "C", key COLLATE "C")
        FROM analytics.extras_type
        """);
  }

  /// The same, counted.
  String typesCounted() {
    return one(
        """
        WITH extra AS (
          SELECT entity_id, key, 0 AS type FROM analytics.extras_text
          UNION ALL SELECT entity_id, key, 1 FROM analytics.extras_num
          UNION ALL SELECT entity_id, key, 2 FROM analytics.extras_bool
          UNION ALL SELECT entity_id, key, 3 FROM analytics.extras_time),
        counted AS (
          SELECT CASE WHEN strpos(x.key, ':') > 0 THEN 'public.' || split_part(x.key, ':', 1)
              ELSE e.table_name END AS table_name,
            x.key, count(*) FILTER (WHERE type = 0) AS texts, count(*) FILTER (WHERE type = 1) AS nums,
            count(*) FILTER (WHERE type = 2) AS bools, count(*) FILTER (WHERE type = 3) AS times
          FROM extra x JOIN analytics.entities e USING (entity_id)
          GROUP BY 1, 2)
        SELECT string_agg((table_name, key, texts, nums, bools, times)::text, ' '
          ORDER BY table_name COLLATE "C", key COLLATE "C")
        FROM counted
        """);
  }

  @Override
  public void close() {
    database.close();
  }
}
