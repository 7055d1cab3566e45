package io.claritystream.base.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/// Row-level security as a specification: every table, then actor by actor.
class RowLevelSecurityTests {

  /// Tables with a tenant, schema.table, partitions among them.
  private static final String TENANT_TABLES =
      """
      SELECT format('%I.%I', n.nspname, c.relname)
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
      WHERE c.relkind IN ('r', 'p')
        AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
      ORDER BY 1
      """;

  private static TestDatabase database;
  private static JdbcClient superuser;
  private static TenantTransactions transactions;
  private static TenantId ours;
  private static TenantId theirs;
  private static UserId person;

  @BeforeAll
  static void begin() {
    database = TestDatabase.create();
    superuser = database.superuser();
    transactions = database.tenantTransactions();
    ours = database.tenant("Ours");
    theirs = database.tenant("Theirs");
    person = database.person(theirs, "owner");
    superuser.sql("SELECT bronze.create_day(date '2026-01-01')").query(Boolean.class).single();
    superuser.sql("SELECT maestro.create_day(date '2026-01-01')").query(Boolean.class).single();
    fill(theirs, person);
  }

  @AfterAll
  static void end() {
    database.close();
  }

  // Every table

  @Test
  void every_table_with_a_tenant_has_security_enabled_forced_and_a_policy() {
    List<String> open =
        superuser
            .sql(
                """
                SELECT format('%I.%I', n.nspname, c.relname)
                FROM pg_class c
                JOIN pg_namespace n ON n.oid = c.relnamespace
                JOIN pg_attribute a
                  ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
                WHERE c.relkind IN ('r', 'p')
                  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
                  AND NOT (c.relrowsecurity AND c.relforcerowsecurity
                           AND (c.relispartition
                                OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)))
                """)
            .query(String.class)
            .list();

    assertThat(open).isEmpty();
    assertThat(tenantTables()).hasSizeGreaterThan(20);
  }

  @Test
  void every_policy_of_the_tenant_role_compares_with_the_current_tenant() {
    List<String> wider =
        superuser
            .sql(
                """
                SELECT format('%s on %s', polname, polrelid::regclass)
                FROM pg_policy
                WHERE (polroles @> ARRAY[(SELECT oid FROM pg_roles WHERE rolname = 'clarity_tenant')]
                       OR polroles @> ARRAY[0::oid])
                  AND (coalesce(pg_get_expr(polqual, polrelid), '')
                       || coalesce(pg_get_expr(polwithcheck, polrelid), ''))
                      NOT LIKE '%current_tenant()%'
                """)
            .query(String.class)
            .list();

    assertThat(wider).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"building", "retired"})
  void a_tenant_sees_nothing_of_a_model_that_is_not_live(String state) {
    var ofModels =
        superuser
            .sql(
                """
                SELECT format('%s', a.attrelid::regclass) FROM pg_attribute a
                JOIN pg_class c ON c.oid = a.attrelid
                WHERE a.attname = 'model_id' AND c.relkind = 'r'
                  AND c.relnamespace = 'analytics'::regnamespace AND c.relname <> 'model'
                  AND has_table_privilege('clarity_tenant', c.oid, 'SELECT')
                """)
            .query(String.class)
            .list();
    assertThat(ofModels).hasSizeGreaterThanOrEqualTo(9);
    assertThat(ofModels).allSatisfy(table -> assertThat(seen(theirs, table)).isEqualTo(1));
    superuser.sql("UPDATE analytics.model SET state = :state").param("state", state).update();
    try {
      assertThat(ofModels).allSatisfy(table -> assertThat(seen(theirs, table)).isZero());
    } finally {
      superuser.sql("UPDATE analytics.model SET state = 'live'").update();
    }
  }

  private static long seen(TenantId tenant, String table) {
    return transactions.read(tenant, sql -> count(sql, table));
  }

  @Test
  void partitions_grant_the_tenant_role_nothing() {
    List<String> granted =
        superuser
            .sql(
                """
                SELECT c.relname FROM pg_class c
                WHERE c.relispartition AND c.relkind = 'r'
                  AND has_table_privilege('clarity_tenant', c.oid, 'SELECT')
                """)
            .query(String.class)
            .list();

    assertThat(granted).isEmpty();
    assertThatThrownBy(
            () ->
                transactions.read(
                    theirs,
                    sql ->
                        sql.sql("SELECT count(*) FROM bronze.cdc_events_20260101")
                            .query(Long.class)
                            .single()))
        .isInstanceOf(DataAccessException.class);
  }

  // Whoever signs in to the database

  @Test
  void no_role_of_the_running_server_is_superuser_or_owner_and_one_alone_bypasses() {
    Map<String, Boolean> bypasses = new TreeMap<>();
    superuser
        .sql(
            """
            SELECT rolname, rolbypassrls, rolsuper OR rolcreaterole OR rolcreatedb AS mighty,
                   EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                           WHERE c.relowner = r.oid
                             AND n.nspname IN ('control', 'bronze', 'analytics')) AS owner,
                   EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid) AS inherits
            FROM pg_roles r
            WHERE rolname LIKE 'clarity\\_%' AND rolname <> 'clarity_migrator'
            """)
        .query(
            (row, number) -> {
              String role = row.getString("rolname");
              assertThat(row.getBoolean("mighty")).as(role + " is mighty").isFalse();
              assertThat(row.getBoolean("owner")).as(role + " owns tables").isFalse();
              assertThat(row.getBoolean("inherits")).as(role + " is of another role").isFalse();
              return bypasses.put(role, row.getBoolean("rolbypassrls"));
            })
        .list();

    assertThat(bypasses)
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "clarity_admin", false,
                "clarity_auth", false,
                "clarity_engine", false,
                "clarity_internal", false,
                "clarity_service", true,
                "clarity_tenant", false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"auth", "tenant", "service", "engine", "internal", "admin"})
  void no_role_may_make_objects_or_take_another_role(String role) {
    JdbcClient sql = database.as(role);

    assertThatThrownBy(() -> sql.sql("CREATE TABLE control.mine (a int)").update())
        .isInstanceOf(DataAccessException.class);
    assertThatThrownBy(() -> sql.sql("CREATE TABLE public.mine (a int)").update())
        .isInstanceOf(DataAccessException.class);
    assertThatThrownBy(() -> sql.sql("SET ROLE clarity_migrator").update())
        .isInstanceOf(DataAccessException.class);
    assertThatThrownBy(
            () -> sql.sql("ALTER TABLE control.members DISABLE ROW LEVEL SECURITY").update())
        .isInstanceOf(DataAccessException.class);
  }

  // The tenant role

  @Test
  void the_tenant_role_sees_its_own_rows() {
    for (String table : filledTables()) {
      long own = transactions.read(theirs, person, sql -> count(sql, table));
      assertThat(own).as(table).isPositive();
    }
  }

  @Test
  void the_tenant_role_sees_nothing_of_another_tenant() {
    UserId colleague = database.person(ours, "owner");
    for (String table : filledTables()) {
      long foreign =
          transactions.read(
              ours,
              colleague,
              sql ->
                  sql.sql("SELECT count(*) FROM " + table + " WHERE tenant_id = :theirs")
                      .param("theirs", theirs.value())
                      .query(Long.class)
                      .single());
      assertThat(foreign).as(table).isZero();
    }
  }

  @Test
  void the_tenant_role_sees_nothing_while_no_tenant_is_set() {
    for (String table : filledTables()) {
      assertThat(count(database.as("tenant"), table)).as(table).isZero();
    }
  }

  @Test
  void a_tenant_that_is_no_id_is_an_error_and_not_a_null() {
    TransactionTemplate transaction =
        new TransactionTemplate(new JdbcTransactionManager(database.dataSource("tenant")));
    JdbcClient sql = database.as("tenant");

    assertThatThrownBy(
            () ->
                transaction.execute(
                    status -> {
                      sql.sql("SELECT set_config('clarity.tenant', 'all', true)")
                          .query(String.class)
                          .single();
                      return count(sql, "control.members");
                    }))
        .isInstanceOf(DataAccessException.class)
        .rootCause()
        .hasMessageContaining("invalid input syntax for type uuid");
  }

  @Test
  void the_tenant_role_cannot_write_for_another_tenant() {
    assertThatThrownBy(
            () ->
                transactions.run(
                    ours,
                    person,
                    sql ->
                        sql.sql(
                                """
                                INSERT INTO control.metric_pin (tenant_id, user_id, key, pinned_at)
                                VALUES (:theirs, :user, 'x', now())
                                """)
                            .param("theirs", theirs.value())
                            .param("user", person.value())
                            .update()))
        .isInstanceOf(DataAccessException.class)
        .rootCause()
        .hasMessageContaining("row-level security");
    assertThatThrownBy(
            () ->
                transactions.run(
                    ours,
                    person,
                    sql ->
                        sql.sql(
                                """
                                INSERT INTO control.audit_log
                                  (audit_id, tenant_id, at, actor_kind, actor_name, action, detail)
                                VALUES (:id, :theirs, now(), 'person', 'x', 'y', '{}')
                                """)
                            .param("id", UUID.randomUUID())
                            .param("theirs", theirs.value())
                            .update()))
        .isInstanceOf(DataAccessException.class)
        .rootCause()
        .hasMessageContaining("row-level security");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT password_hash FROM control.user_account",
        "SELECT 1 FROM control.session",
        "SELECT 1 FROM control.refresh_token",
        "SELECT 1 FROM control.platform_key",
        "SELECT 1 FROM control.tenant_key",
        "SELECT token_hash FROM control.invitation",
        "UPDATE control.members SET role = 'owner'",
        "UPDATE control.user_account SET platform_role = 'internal_ops'",
        "UPDATE control.dim_tenant SET plan = 'standard'",
        "INSERT INTO bronze.cdc_events SELECT * FROM bronze.cdc_events",
        "DELETE FROM analytics.metrics_min",
        "UPDATE control.source SET tenant_id = tenant_id"
      })
  void the_tenant_role_may_not(String statement) {
    assertThatThrownBy(() -> transactions.run(theirs, person, sql -> sql.sql(statement).update()))
        .isInstanceOf(DataAccessException.class)
        .rootCause()
        .hasMessageContaining("permission denied");
  }

  // The audit log

  @ParameterizedTest
  @ValueSource(strings = {"auth", "tenant", "service", "engine", "internal", "admin"})
  void nobody_changes_or_removes_an_audit_entry(String role) {
    JdbcClient sql = database.as(role);

    assertThatThrownBy(() -> sql.sql("UPDATE control.audit_log SET action = 'x'").update())
        .rootCause()
        .hasMessageContaining("permission denied");
    assertThatThrownBy(() -> sql.sql("DELETE FROM control.audit_log").update())
        .rootCause()
        .hasMessageContaining("permission denied");
  }

  // The auth role

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT 1 FROM bronze.cdc_events",
        "SELECT 1 FROM analytics.devices",
        "SELECT 1 FROM control.source",
        "UPDATE control.members SET tenant_id = tenant_id",
        "UPDATE control.dim_tenant SET plan = 'enterprise'",
        "UPDATE control.user_account SET platform_role = 'internal_ops'",
        "DELETE FROM control.user_account"
      })
  void the_auth_role_may_not(String statement) {
    assertThatThrownBy(() -> database.as("auth").sql(statement).update())
        .isInstanceOf(DataAccessException.class)
        .rootCause()
        .hasMessageContaining("permission denied");
  }

  // The service role

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE control.source SET tenant_id = tenant_id",
        "UPDATE control.source SET partition = 0",
        "UPDATE control.agent SET tenant_id = tenant_id",
        "UPDATE control.agent SET revoked_at = NULL",
        "UPDATE control.source_table SET mapping = '{}'",
        "CREATE TEMPORARY TABLE pg_class (relname text)"
      })
  void the_service_role_may_not(String statement) {
    assertThatThrownBy(() -> database.as("service").sql(statement).update())
        .isInstanceOf(DataAccessException.class)
        .rootCause()
        .hasMessageContaining("permission denied");
  }

  @Test
  void what_runs_as_its_owner_looks_for_nothing_where_others_can_create() {
    List<String> searching =
        superuser
            .sql(
                """
                SELECT oid::regprocedure::text FROM pg_proc
                WHERE prosecdef AND pronamespace NOT IN
                      (SELECT oid FROM pg_namespace WHERE nspname IN ('pg_catalog', 'information_schema'))
                  AND NOT coalesce(proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false)
                """)
            .query(String.class)
            .list();

    assertThat(searching).isEmpty();
  }

  private static List<String> tenantTables() {
    return superuser.sql(TENANT_TABLES).query(String.class).list();
  }

  /// Those that the tenant role may read; each has rows of `theirs`.
  private static List<String> filledTables() {
    List<String> readable =
        superuser
            .sql(
                """
                SELECT t FROM unnest(CAST(:tables AS text[])) t
                WHERE has_any_column_privilege('clarity_tenant', t, 'SELECT')
                """)
            .param("tables", tenantTables().toArray(String[]::new))
            .query(String.class)
            .list();
    assertThat(readable).hasSizeGreaterThan(15);
    return readable;
  }

  private static long count(JdbcClient sql, String table) {
    return sql.sql("SELECT count(*) FROM " + table).query(Long.class).single();
  }

  /// A row of the tenant in every table that has one, made up from the catalog, so that a table
  /// added tomorrow is tested tomorrow.
  private static void fill(TenantId tenant, UserId user) {
    for (String table : tenantTables()) {
      boolean partition =
          table.startsWith("bronze.cdc_events_")
              || table.matches("maestro\\.execution_[a-z]+_\\d+");
      long rows =
          superuser
              .sql("SELECT count(*) FROM " + table + " WHERE tenant_id = :tenant")
              .param("tenant", tenant.value())
              .query(Long.class)
              .single();
      if (partition || rows > 0) {
        continue;
      }
      JdbcClient.create(database.superuserConnections())
          .sql("SET session_replication_role = replica; " + insert(table))
          .param("tenant", tenant.value())
          .param("user", user.value())
          .param("at", Timestamp.from(Instant.parse("2026-01-01T10:00:00Z")))
          .update();
    }
  }

  /// Foreign keys are off for it; checks are not, so columns held to words are given one of them.
  private static String insert(String table) {
    Map<String, String> columns = new TreeMap<>();
    superuser
        .sql(
            """
            SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type,
                   (SELECT substring(pg_get_constraintdef(k.oid) FROM '''([^'']+)''')
                    FROM pg_constraint k
                    WHERE k.conrelid = a.attrelid AND k.contype = 'c' AND a.attnum = ANY (k.conkey)
                      AND pg_get_constraintdef(k.oid) LIKE '%''%'
                    LIMIT 1) AS word
            FROM pg_attribute a
            WHERE a.attrelid = CAST(:table AS regclass) AND a.attnum > 0 AND NOT a.attisdropped
              AND a.attnotnull AND a.attidentity = '' AND a.attgenerated = ''
              AND (NOT a.atthasdef)
            """)
        .param("table", table)
        .query(
            (row, number) ->
                columns.put(
                    row.getString("attname"),
                    value(
                        table,
                        row.getString("attname"),
                        row.getString("type"),
                        row.getString("word"))))
        .list();
    columns.put("tenant_id", ":tenant");
    if (table.equals("maestro.execution_ended")) {
      columns.put("finished_at", ":at");
      columns.put("outcome", "'success'");
    } else if (columns.containsKey("ended")) {
      columns.put("ready_at", ":at");
    }
    return "INSERT INTO "
        + table
        + " ("
        + String.join(", ", columns.keySet())
        + ") VALUES ("
        + String.join(", ", columns.values())
        + ")";
  }

  /// What a check says of several columns at once.
  private static String value(String table, String column, String type, String word) {
    if (column.equals("user_id")) {
      return ":user";
    }
    if (table.startsWith("maestro.execution")) {
      switch (column) {
        case "execution_id":
          return "bronze.first_id_of(date '2026-01-01')";
        case "ended":
          return table.endsWith("_ended") ? "true" : "false";
        case "status":
          return table.endsWith("_ended") ? "'success'" : "'pending'";
        default:
      }
    }
    if (column.equals("event_id") && table.equals("bronze.cdc_events")) {
      return "bronze.first_id_of(date '2026-01-01')";
    }
    return switch (type) {
      case "uuid" -> "gen_random_uuid()";
      case "text" -> word == null ? "'x'" : "'" + word + "'";
      case "integer", "bigint", "smallint", "numeric", "real", "double precision" -> "1";
      case "boolean" -> "true";
      case "timestamp with time zone" -> ":at";
      case "bytea" -> "decode(repeat('00', 32), 'hex')";
      case "jsonb" -> "'{}'";
      case "text[]" -> "'{x}'";
      default -> throw new IllegalStateException("no sample of type " + type + " for " + column);
    };
  }
}
