package io.claritystream.maestro.connector;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.UserId;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/// The rows of connections, within a tenant's own transaction.
@Component
class ConnectionStore {

  private static final String SELECT =
      """
      SELECT connection_id, connector_id, name, config::text AS config, secret, status, revision,
             created_at, updated_at
      FROM maestro.connection
      """;

  private final JsonMapper json;

  ConnectionStore(JsonMapper json) {
    this.json = json;
  }

  /// @param secret encrypted
  record Row(
      UUID id,
      UUID connectorId,
      String name,
      ConnectionConfig config,
      byte @Nullable [] secret,
      String status,
      int revision,
      Instant createdAt,
      Instant updatedAt) {

    @Override
    public String toString() {
      return "Row[" + id + "]";
    }
  }

  /// A workflow whose published version uses a connection.
  record User(UUID workflowId, String name) {}

  int count(JdbcClient sql, TenantId tenant) {
    return sql.sql("SELECT count(*) FROM maestro.connection WHERE tenant_id = :tenant")
        .param("tenant", tenant.value())
        .query(Integer.class)
        .single();
  }

  /// Whether the connector has an address; empty if there is no such connector.
  Optional<Boolean> addressed(JdbcClient sql, TenantId tenant, UUID connector) {
    return sql.sql(
            """
            SELECT config ->> 'base_url' IS NOT NULL FROM maestro.connector
            WHERE tenant_id = :tenant AND connector_id = :id
            """)
        .param("tenant", tenant.value())
        .param("id", connector)
        .query(Boolean.class)
        .optional();
  }

  void insert(JdbcClient sql, TenantId tenant, UserId by, Row row) {
    try {
      sql.sql(
              """
              INSERT INTO maestro.connection
                (connection_id, tenant_id, connector_id, name, config, secret, created_by,
                 created_at, updated_at)
              VALUES (:id, :tenant, :connector, :name, CAST(:config AS jsonb), :secret, :by,
                      :now, :now)
              """)
          .param("id", row.id())
          .param("tenant", tenant.value())
          .param("connector", row.connectorId())
          .param("name", row.name())
          .param("config", json.writeValueAsString(row.config()))
          .param("secret", row.secret())
          .param("by", by.value())
          .param("now", SqlTime.of(row.createdAt()))
          .update();
    } catch (DuplicateKeyException taken) {
      throw taken(row.name());
    }
  }

  void update(JdbcClient sql, TenantId tenant, Row row) {
    try {
      sql.sql(
              """
              UPDATE maestro.connection
              SET name = :name, config = CAST(:config AS jsonb), secret = :secret, status = :status,
                  revision = :revision, updated_at = :now
              WHERE tenant_id = :tenant AND connection_id = :id
              """)
          .param("id", row.id())
          .param("tenant", tenant.value())
          .param("name", row.name())
          .param("config", json.writeValueAsString(row.config()))
          .param("secret", row.secret())
          .param("status", row.status())
          .param("revision", row.revision())
          .param("now", SqlTime.of(row.updatedAt()))
          .update();
    } catch (DuplicateKeyException taken) {
      throw taken(row.name());
    }
  }

  void delete(JdbcClient sql, TenantId tenant, UUID id) {
    sql.sql("DELETE FROM maestro.connection WHERE tenant_id = :tenant AND connection_id = :id")
        .param("tenant", tenant.value())
        .param("id", id)
        .update();
  }

  Optional<Row> find(JdbcClient sql, TenantId tenant, UUID id) {
    return sql.sql(SELECT + "WHERE tenant_id = :tenant AND connection_id = :id")
        .param("tenant", tenant.value())
        .param("id", id)
        .query(this::row)
        .optional();
  }

  /// The newest first, after the one at `at` with `id`.
  List<Row> list(
      JdbcClient sql,
      TenantId tenant,
      @Nullable UUID connector,
      @Nullable Instant at,
      @Nullable UUID id,
      int rows) {
    return sql.sql(
            SELECT
                + """
                WHERE tenant_id = :tenant
                  AND (CAST(:connector AS uuid) IS NULL OR connector_id = :connector)
                  AND (CAST(:at AS timestamptz) IS NULL OR (created_at, connection_id) < (:at, :id))
                ORDER BY created_at DESC, connection_id DESC
                LIMIT :rows
                """)
        .param("tenant", tenant.value())
        .param("connector", connector)
        .param("at", at == null ? null : SqlTime.of(at))
        .param("id", id)
        .param("rows", rows)
        .query(this::row)
        .list();
  }

  /// The workflows that would miss it, a hundred at most.
  List<User> users(JdbcClient sql, TenantId tenant, UUID id) {
    return sql.sql(
            """
            SELECT DISTINCT w.workflow_id, w.name
            FROM maestro.action a
            JOIN maestro.workflow w
              ON w.tenant_id = a.tenant_id AND w.workflow_id = a.workflow_id
              AND w.published_version = a.version AND w.deleted_at IS NULL
            WHERE a.tenant_id = :tenant AND a.connection_id = :id
            ORDER BY w.name, w.workflow_id
            LIMIT 100
            """)
        .param("tenant", tenant.value())
        .param("id", id)
        .query(
            (row, number) ->
                new User(row.getObject("workflow_id", UUID.class), row.getString("name")))
        .list();
  }

  private static Problem taken(String name) {
    return Problem.of(
        ProblemCode.CONFLICT, "There is a connection with the name " + name + " already.");
  }

  private Row row(ResultSet row, int number) throws SQLException {
    return new Row(
        row.getObject("connection_id", UUID.class),
        row.getObject("connector_id", UUID.class),
        row.getString("name"),
        json.readValue(row.getString("config"), ConnectionConfig.class),
        row.getBytes("secret"),
        row.getString("status"),
        row.getInt("revision"),
        SqlTime.read(row, "created_at"),
        SqlTime.read(row, "updated_at"));
  }
}
