package io.claritystream.maestro.connector;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import io.claritystream.control.tenancy.Plan;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

@RestController
@Tag(name = "Connections")
class ConnectorController {

  private static final String LIST = "connectors";
  private static final String HTTP = "http";

  private static final String SELECT =
      """
      SELECT connector_id, name, type, config::text AS config, status, created_at
      FROM maestro.connector
      """;

  private final TenantTransactions transactions;
  private final AuditLog audit;
  private final JsonMapper json;
  private final Clock clock;

  ConnectorController(
      TenantTransactions transactions, AuditLog audit, JsonMapper json, Clock clock) {
    this.transactions = transactions;
    this.audit = audit;
    this.json = json;
    this.clock = clock;
  }

  /// @param baseUrl what the addresses of steps are below; without it each step names its own, and
  ///     no connection may hold a secret
  @Schema(name = "ConnectorConfig")
  record Config(
      @Schema(
              requiredMode = Schema.RequiredMode.NOT_REQUIRED,
              example = "https://erp.example.com/api",
              description =
                  "What the addresses of steps are below. Without it each step names its own, and no"
                      + " connection of the connector may hold a secret.")
          @JsonInclude(JsonInclude.Include.NON_NULL)
          @Nullable String baseUrl) {}

  @Schema(name = "NewConnector")
  record NewConnector(
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED, example = "ERP") @Nullable String name,
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED, allowableValues = HTTP)
          @Nullable String type,
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) @Nullable Config config) {}

  @Schema(name = "Connector")
  record Connector(
      UUID id,
      String name,
      @Schema(allowableValues = HTTP) String type,
      Config config,
      @Schema(allowableValues = "active") String status,
      Instant createdAt) {}

  @PostMapping("/v1/connectors")
  @RequiresPermission(Permission.CONNECTIONS_WRITE)
  @ResponseStatus(HttpStatus.CREATED)
  @Operation(
      operationId = "createConnector",
      summary = "A system that workflows reach; its address stays as it is")
  Connector create(Caller caller, @RequestBody NewConnector body, HttpServletRequest request) {
    Checks checks = new Checks();
    Config config = body.config() == null ? new Config(null) : body.config();
    String name = checks.name(body.name());
    if (!HTTP.equals(body.type())) {
      checks.refuse("/type", "is one of http");
    }
    checks.baseUrl(config.baseUrl());
    checks.check();
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    Connector made = new Connector(UUID.randomUUID(), name, HTTP, config, "active", now);
    return transactions.run(
        caller.tenantId(),
        caller.userId(),
        sql -> {
          requireRoom(sql, caller);
          insert(sql, caller, made);
          append(sql, caller, "connector.created", made, request);
          return made;
        });
  }

  @GetMapping("/v1/connectors")
  @RequiresPermission(Permission.CONNECTIONS_READ)
  @Operation(operationId = "listConnectors", summary = "The connectors, the newest first")
  Page<Connector> list(Caller caller, PageRequest page) {
    Optional<Cursor> after = page.after(LIST, 2);
    List<Connector> rows =
        transactions.read(
            caller.tenantId(),
            sql ->
                sql.sql(
                        SELECT
                            + """
                            WHERE tenant_id = :tenant
                              AND (CAST(:at AS timestamptz) IS NULL
                                   OR (created_at, connector_id) < (:at, :id))
                            ORDER BY created_at DESC, connector_id DESC
                            LIMIT :rows
                            """)
                    .param("tenant", caller.tenantId().value())
                    .param("at", after.map(cursor -> SqlTime.of(cursor.instant(0))).orElse(null))
                    .param("id", after.map(cursor -> cursor.uuid(1)).orElse(null))
                    .param("rows", page.rows())
                    .query(this::connector)
                    .list());
    return Page.of(rows, page, row -> Cursor.of(LIST, row.createdAt(), row.id()));
  }

  @GetMapping("/v1/connectors/{id}")
  @RequiresPermission(Permission.CONNECTIONS_READ)
  @Operation(operationId = "getConnector", summary = "One connector")
  Connector get(Caller caller, @PathVariable("id") UUID id) {
    return transactions.read(caller.tenantId(), sql -> one(sql, caller, id));
  }

  @DeleteMapping("/v1/connectors/{id}")
  @RequiresPermission(Permission.CONNECTIONS_WRITE)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  @Operation(
      operationId = "deleteConnector",
      summary = "Removes a connector that has no connections")
  void delete(Caller caller, @PathVariable("id") UUID id, HttpServletRequest request) {
    transactions.run(
        caller.tenantId(),
        caller.userId(),
        sql -> {
          Connections.lock(sql, caller.tenantId());
          Connector gone = one(sql, caller, id);
          int used =
              sql.sql(
                      """
                      SELECT count(*) FROM maestro.connection
                      WHERE tenant_id = :tenant AND connector_id = :id
                      """)
                  .param("tenant", caller.tenantId().value())
                  .param("id", id)
                  .query(Integer.class)
                  .single();
          if (used > 0) {
            throw Problem.of(
                ProblemCode.CONFLICT,
                (used == 1 ? "A connection is" : used + " connections are")
                    + " of this connector; delete what uses it first.");
          }
          sql.sql("DELETE FROM maestro.connector WHERE tenant_id = :tenant AND connector_id = :id")
              .param("tenant", caller.tenantId().value())
              .param("id", id)
              .update();
          append(sql, caller, "connector.deleted", gone, request);
          return id;
        });
  }

  private void requireRoom(JdbcClient sql, Caller caller) {
    Connections.lock(sql, caller.tenantId());
    Plan plan = Plan.of(caller.tenantId(), sql);
    int there =
        sql.sql("SELECT count(*) FROM maestro.connector WHERE tenant_id = :tenant")
            .param("tenant", caller.tenantId().value())
            .query(Integer.class)
            .single();
    if (there >= plan.connectionsMax()) {
      throw Problem.of(
          ProblemCode.PLAN_LIMIT,
          "The plan %s is for %d connectors.".formatted(plan.id(), plan.connectionsMax()));
    }
  }

  private void insert(JdbcClient sql, Caller caller, Connector made) {
    try {
      sql.sql(
              """
              INSERT INTO maestro.connector
                (connector_id, tenant_id, name, type, config, created_by, created_at)
              VALUES (:id, :tenant, :name, :type, CAST(:config AS jsonb), :by, :now)
              """)
          .param("id", made.id())
          .param("tenant", caller.tenantId().value())
          .param("name", made.name())
          .param("type", made.type())
          .param("config", json.writeValueAsString(made.config()))
          .param("by", caller.userId().value())
          .param("now", SqlTime.of(made.createdAt()))
          .update();
    } catch (DuplicateKeyException taken) {
      throw Problem.of(
          ProblemCode.CONFLICT, "There is a connector with the name " + made.name() + " already.");
    }
  }

  private Connector one(JdbcClient sql, Caller caller, UUID id) {
    return sql.sql(SELECT + "WHERE tenant_id = :tenant AND connector_id = :id")
        .param("tenant", caller.tenantId().value())
        .param("id", id)
        .query(this::connector)
        .optional()
        .orElseThrow(() -> Problem.notFound("connector", id));
  }

  private void append(
      JdbcClient sql, Caller caller, String action, Connector what, HttpServletRequest request) {
    AuditEntry.Actor person = AuditLog.person(sql, caller.userId());
    audit.append(
        sql,
        AuditEntry.of(caller.tenantId(), clock.instant(), person, action)
            .on("connector", what.id())
            .with("name", what.name())
            .from(request.getRemoteAddr()));
  }

  private Connector connector(ResultSet row, int number) throws SQLException {
    return new Connector(
        row.getObject("connector_id", UUID.class),
        row.getString("name"),
        row.getString("type"),
        json.readValue(row.getString("config"), Config.class),
        row.getString("status"),
        SqlTime.read(row, "created_at"));
  }
}
