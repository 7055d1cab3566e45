package io.claritystream.maestro.connector;

import io.claritystream.base.crypto.TenantSecrets;
import io.claritystream.base.crypto.Undecryptable;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.EntityTag;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import io.claritystream.control.tenancy.Plan;
import io.claritystream.maestro.connector.ConnectionConfig.Auth;
import io.claritystream.maestro.connector.ConnectionStore.Row;
import io.claritystream.maestro.connector.ConnectionStore.User;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Connections")
class ConnectionController {

  private static final String LIST = "connections";
  private static final String IF_MATCH = "If-Match";
  private static final String ACTIVE = "active";
  private static final Set<String> STATUSES = Set.of(ACTIVE, "disabled");
  private static final int NAMED_MAX = 5;

  private final TenantTransactions transactions;
  private final ConnectionStore store;
  private final Connections connections;
  private final TenantSecrets secrets;
  private final AuditLog audit;
  private final Clock clock;

  ConnectionController(
      TenantTransactions transactions,
      ConnectionStore store,
      Connections connections,
      TenantSecrets secrets,
      AuditLog audit,
      Clock clock) {
    this.transactions = transactions;
    this.store = store;
    this.connections = connections;
    this.secrets = secrets;
    this.audit = audit;
    this.clock = clock;
  }

  /// @param secret the password, token or key; it is never answered
  @Schema(name = "NewConnection")
  record NewConnection(
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED) @Nullable UUID connectorId,
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED, example = "ERP, production")
          @Nullable String name,
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED) @Nullable ConnectionConfig config,
      @Schema(
              requiredMode = Schema.RequiredMode.NOT_REQUIRED,
              accessMode = Schema.AccessMode.WRITE_ONLY,
              maxLength = Checks.SECRET_MAX)
          @Nullable String secret) {
    @Override
    public String toString() {
      return "NewConnection[" + name + "]";
    }
  }

  /// What is left out stays.
  @Schema(name = "ConnectionChange")
  record Change(
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) @Nullable String name,
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) @Nullable ConnectionConfig config,
      @Schema(
              requiredMode = Schema.RequiredMode.NOT_REQUIRED,
              accessMode = Schema.AccessMode.WRITE_ONLY,
              maxLength = Checks.SECRET_MAX)
          @Nullable String secret,
      @Schema(
              requiredMode = Schema.RequiredMode.NOT_REQUIRED,
              allowableValues = {"active", "disabled"})
          @Nullable String status) {
    @Override
    public String toString() {
      return "Change[" + name + "]";
    }
  }

  /// @param status steps find one that is `disabled` as little as one that is not there
  @Schema(name = "Connection")
  record Connection(
      UUID id,
      UUID connectorId,
      String name,
      ConnectionConfig config,
      boolean hasSecret,
      @Schema(allowableValues = {"active", "disabled"}) String status,
      Instant createdAt,
      Instant updatedAt) {
    static Connection of(Row row) {
      return new Connection(
          row.id(),
          row.connectorId(),
          row.name(),
          row.config(),
          row.secret() != null,
          row.status(),
          row.createdAt(),
          row.updatedAt());
    }
  }

  @PostMapping("/v1/connections")
  @RequiresPermission(Permission.CONNECTIONS_WRITE)
  @ResponseStatus(HttpStatus.CREATED)
  @Operation(
      operationId = "createConnection",
      summary = "One set of credentials for a connector",
      description =
          "A secret is sent below its connector's base_url and nowhere else: of a connector without"
              + " one there are connections of auth none only (secret_without_address, 422).")
  ResponseEntity<Connection> create(
      Caller caller, @RequestBody NewConnection body, HttpServletRequest request) {
    Checks checks = new Checks();
    String name = checks.name(body.name());
    UUID connector = body.connectorId();
    if (connector == null) {
      checks.refuse("/connector_id", "is required");
    }
    checks.connection(body.config(), body.secret(), false);
    checks.check();
    TenantId tenant = caller.tenantId();
    UUID id = UUID.randomUUID();
    Instant now = now();
    Row row =
        new Row(
            id,
            Objects.requireNonNull(connector),
            name,
            Objects.requireNonNull(body.config()),
            encrypted(tenant, id, body.secret()),
            ACTIVE,
            1,
            now,
            now);
    transactions.run(
        tenant,
        caller.userId(),
        sql -> {
          Connections.lock(sql, tenant);
          Plan plan = Plan.of(tenant, sql);
          if (store.count(sql, tenant) >= plan.connectionsMax()) {
            throw Problem.of(
                ProblemCode.PLAN_LIMIT,
                "The plan %s is for %d connections.".formatted(plan.id(), plan.connectionsMax()));
          }
          boolean addressed =
              store
                  .addressed(sql, tenant, row.connectorId())
                  .orElseThrow(
                      () -> Problem.invalid("/connector_id", "is not one of /v1/connectors"));
          requireAddress(addressed, row.config());
          store.insert(sql, tenant, caller.userId(), row);
          append(sql, caller, "connection.created", row, null, request);
          return row;
        });
    return answer(HttpStatus.CREATED, row);
  }

  @GetMapping("/v1/connections")
  @RequiresPermission(Permission.CONNECTIONS_READ)
  @Operation(operationId = "listConnections", summary = "The connections, the newest first")
  Page<Connection> list(
      Caller caller,
      @Parameter(description = "Those of one connector")
          @RequestParam(name = "connector_id", required = false)
          @Nullable UUID connectorId,
      PageRequest page) {
    Optional<Cursor> after = page.after(LIST, 2);
    List<Connection> rows =
        transactions.read(
            caller.tenantId(),
            sql ->
                store
                    .list(
                        sql,
                        caller.tenantId(),
                        connectorId,
                        after.map(cursor -> cursor.instant(0)).orElse(null),
                        after.map(cursor -> cursor.uuid(1)).orElse(null),
                        page.rows())
                    .stream()
                    .map(Connection::of)
                    .toList());
    return Page.of(rows, page, row -> Cursor.of(LIST, row.createdAt(), row.id()));
  }

  @GetMapping("/v1/connections/{id}")
  @RequiresPermission(Permission.CONNECTIONS_READ)
  @Operation(operationId = "getConnection", summary = "One connection, without its secret")
  ResponseEntity<Connection> get(Caller caller, @PathVariable("id") UUID id) {
    return answer(HttpStatus.OK, transactions.read(caller.tenantId(), sql -> one(sql, caller, id)));
  }

  @PatchMapping("/v1/connections/{id}")
  @RequiresPermission(Permission.CONNECTIONS_WRITE)
  @Operation(
      operationId = "changeConnection",
      summary = "Changes a connection; a secret that is given takes the place of the one before",
      description = "Steps that run use what was there for five seconds more at most.")
  ResponseEntity<Connection> change(
      Caller caller,
      @PathVariable("id") UUID id,
      @RequestHeader(name = IF_MATCH, required = false) @Nullable String ifMatch,
      @RequestBody Change body,
      HttpServletRequest request) {
    TenantId tenant = caller.tenantId();
    Row changed =
        transactions.run(
            tenant,
            caller.userId(),
            sql -> {
              Connections.lock(sql, tenant);
              Row before = one(sql, caller, id);
              tag(before).check(ifMatch, "connection");
              Row after = changed(tenant, before, body);
              if (body.secret() != null || after.config().auth() != before.config().auth()) {
                requireAddress(
                    store.addressed(sql, tenant, before.connectorId()).orElse(false),
                    after.config());
              }
              store.update(sql, tenant, after);
              String what = body.secret() == null ? "secret kept" : "secret replaced";
              append(sql, caller, "connection.changed", after, what, request);
              return after;
            });
    connections.forget(tenant, id);
    return answer(HttpStatus.OK, changed);
  }

  /// Otherwise whoever may edit a workflow could have the secret sent to an address of their own.
  private static void requireAddress(boolean addressed, ConnectionConfig config) {
    if (!addressed && config.auth() != Auth.NONE) {
      throw Problem.refused(
          ProblemCode.SECRET_WITHOUT_ADDRESS,
          new Problem.Invalid(
              "/config/auth",
              "must be none: a secret is kept to an address, and this connector has none"));
    }
  }

  private Row changed(TenantId tenant, Row before, Change body) {
    Checks checks = new Checks();
    String name = body.name() == null ? before.name() : checks.name(body.name());
    ConnectionConfig config = body.config() == null ? before.config() : body.config();
    String secretToCheck = body.secret();
    if (secretToCheck == null && before.secret() != null && shownOtherwise(before, config)) {
      secretToCheck = decrypted(tenant, before.id(), before.secret());
    }
    checks.connection(config, secretToCheck, before.secret() != null);
    String status = body.status() == null ? before.status() : body.status();
    if (!STATUSES.contains(status)) {
      checks.refuse("/status", "is one of active, disabled");
    }
    checks.check();
    byte[] secret = before.secret();
    if (config.auth() == Auth.NONE) {
      secret = null;
    } else if (body.secret() != null) {
      secret = encrypted(tenant, before.id(), body.secret());
    } else if (secret != null) {
      secret = renewed(tenant, before.id(), secret);
    }
    return new Row(
        before.id(),
        before.connectorId(),
        name,
        config,
        secret,
        status,
        before.revision() + 1,
        before.createdAt(),
        now());
  }

  @DeleteMapping("/v1/connections/{id}")
  @RequiresPermission(Permission.CONNECTIONS_WRITE)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  @Operation(
      operationId = "deleteConnection",
      summary = "Removes a connection and its secret; one that published workflows use if forced")
  void delete(
      Caller caller,
      @PathVariable("id") UUID id,
      @RequestHeader(name = IF_MATCH, required = false) @Nullable String ifMatch,
      @Parameter(description = "Also if published workflows use it; their steps fail then")
          @RequestParam(name = "force", defaultValue = "false")
          boolean force,
      HttpServletRequest request) {
    TenantId tenant = caller.tenantId();
    transactions.run(
        tenant,
        caller.userId(),
        sql -> {
          Connections.lock(sql, tenant);
          Row gone = one(sql, caller, id);
          tag(gone).check(ifMatch, "connection");
          List<User> users = store.users(sql, tenant, id);
          if (!users.isEmpty() && !force) {
            throw Problem.of(ProblemCode.CONFLICT, used(users));
          }
          store.delete(sql, tenant, id);
          append(sql, caller, "connection.deleted", gone, null, request);
          return id;
        });
    connections.forget(tenant, id);
  }

  private static String used(List<User> users) {
    String named =
        users.stream()
            .limit(NAMED_MAX)
            .map(user -> user.name() + " (" + user.workflowId() + ")")
            .collect(Collectors.joining(", "));
    int more = users.size() - NAMED_MAX;
    return "Published workflows use it: "
        + named
        + (more > 0 ? " and " + more + " more" : "")
        + ". Send force=true to delete it all the same; their steps fail then.";
  }

  private Row one(JdbcClient sql, Caller caller, UUID id) {
    return store
        .find(sql, caller.tenantId(), id)
        .orElseThrow(() -> Problem.notFound("connection", id));
  }

  private byte @Nullable [] encrypted(TenantId tenant, UUID id, @Nullable String secret) {
    return secret == null
        ? null
        : secrets.encrypt(tenant, Connections.context(id), secret.getBytes(StandardCharsets.UTF_8));
  }

  /// Whether a secret that stays is to be sent in another way, which may not be able to carry it.
  private static boolean shownOtherwise(Row before, ConnectionConfig config) {
    Auth auth = config.auth();
    return auth != null && auth != Auth.NONE && auth != before.config().auth();
  }

  private String decrypted(TenantId tenant, UUID id, byte[] secret) {
    try {
      return new String(
          secrets.decrypt(tenant, Connections.context(id), secret), StandardCharsets.UTF_8);
    } catch (Undecryptable lost) {
      throw unreadable();
    }
  }

  private static Problem unreadable() {
    return Problem.of(
        ProblemCode.CONFLICT, "The secret that is stored cannot be read any more; give it anew.");
  }

  /// Whoever writes a row takes its secret along to the key in use.
  private byte[] renewed(TenantId tenant, UUID id, byte[] secret) {
    try {
      return secrets.renewed(tenant, Connections.context(id), secret).orElse(secret);
    } catch (Undecryptable lost) {
      throw unreadable();
    }
  }

  private static EntityTag tag(Row row) {
    return EntityTag.of(row.revision());
  }

  private static ResponseEntity<Connection> answer(HttpStatus status, Row row) {
    return ResponseEntity.status(status).eTag(tag(row).value()).body(Connection.of(row));
  }

  private void append(
      JdbcClient sql,
      Caller caller,
      String action,
      Row what,
      @Nullable String more,
      HttpServletRequest request) {
    AuditEntry.Actor person = AuditLog.person(sql, caller.userId());
    AuditEntry entry =
        AuditEntry.of(caller.tenantId(), clock.instant(), person, action)
            .on("connection", what.id())
            .with("name", what.name())
            .from(request.getRemoteAddr());
    audit.append(sql, more == null ? entry : entry.with("what", more));
  }

  /// What the database keeps of an instant.
  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }
}
