package io.claritystream.base.db;

import com.zaxxer.hikari.HikariDataSource;
import io.claritystream.embedded.TestPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import javax.sql.DataSource;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/// The platform's database for one test class: roles and schema as in production, on a real
/// PostgreSQL, empty, and no other class's. Close it to give its connections back.
public final class TestDatabase implements AutoCloseable {

  private static final List<String> ROLES =
      List.of("migrator", "auth", "tenant", "service", "engine", "internal", "admin");

  private static final int SUPERUSERS_MAX = 20;

  private final TestPostgres.Database database;
  private final DatabaseProperties properties;
  private final Map<DatabaseRole, HikariDataSource> pools = new LinkedHashMap<>();

  /// Kept open, because tests ask many times a second.
  private @Nullable HikariDataSource superusers;

  private TestDatabase(TestPostgres.Database database) {
    this.database = database;
    this.properties = properties(database);
  }

  public static TestDatabase create() {
    TestPostgres.Database database = TestPostgres.shared().createDatabaseLike(Template.NAME);
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      ownByMigrator(database, statement);
    } catch (SQLException broken) {
      throw new IllegalStateException("database not handed over", broken);
    }
    return new TestDatabase(database);
  }

  /// As the supervisor hands it over.
  private static void ownByMigrator(TestPostgres.Database database, Statement superuser)
      throws SQLException {
    superuser.execute(
        "ALTER DATABASE "
            + superuser.enquoteIdentifier(database.name(), true)
            + " OWNER TO clarity_migrator");
    // roles.sql says so of the database it is run in, which this one is a copy of.
    superuser.execute(
        "REVOKE TEMPORARY ON DATABASE "
            + superuser.enquoteIdentifier(database.name(), true)
            + " FROM PUBLIC");
  }

  /// Migrated once for each JVM; databases are copies of it.
  private static final class Template {
    static final String NAME = make();

    private static String make() {
      TestPostgres.Database database = TestPostgres.shared().createDatabase();
      try (Connection connection = database.connect();
          Statement statement = connection.createStatement()) {
        String roles = resource("/db/roles.sql");
        for (String role : ROLES) {
          roles = roles.replace("{{" + role + "}}", statement.enquoteLiteral(password(role)));
        }
        statement.execute(roles);
        ownByMigrator(database, statement);
      } catch (SQLException broken) {
        throw new IllegalStateException("roles not made", broken);
      }
      new SchemaMigration(properties(database));
      return database.name();
    }
  }

  /// What a Spring context needs to run against this database.
  public Map<String, String> settings() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("clarity.database.url", database.url());
    ROLES.forEach(role -> settings.put("clarity.database.passwords." + role, password(role)));
    return settings;
  }

  /// The pool of a role by its qualifier: `auth`, `tenant`, `service`, …
  public DataSource dataSource(String role) {
    return pools.computeIfAbsent(
        DatabaseRole.valueOf(role.toUpperCase(Locale.ROOT)),
        key -> DatabaseBeans.pool(key, properties, DatabaseBeans.PARTITIONS_DEFAULT));
  }

  public JdbcClient as(String role) {
    return JdbcClient.create(dataSource(role));
  }

  public TenantTransactions tenantTransactions() {
    return new TenantTransactions(dataSource("tenant"), as("tenant"));
  }

  /// Sees and may do everything: for arranging what production code cannot, and for looking behind
  /// it. Whoever changes settings of a session wants a connection of its own.
  public synchronized JdbcClient superuser() {
    if (superusers == null) {
      superusers = new HikariDataSource();
      superusers.setDataSource(superuserConnections());
      superusers.setMaximumPoolSize(SUPERUSERS_MAX);
      superusers.setMinimumIdle(0);
    }
    return JdbcClient.create(superusers);
  }

  /// A new connection for each who asks, of somebody who may do everything.
  public DataSource superuserConnections() {
    PGSimpleDataSource superuser = new PGSimpleDataSource();
    // Each statement is planned for what it asks, as the first on a connection is.
    superuser.setPrepareThreshold(0);
    superuser.setUrl(database.url());
    superuser.setUser(database.user());
    superuser.setPassword(database.password());
    return superuser;
  }

  /// Until so many transactions wait for locks of others.
  public void awaitWaiting(int count) {
    JdbcClient sql = superuser();
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                sql.sql(
                            """
                            SELECT count(*) FROM pg_stat_activity
                            WHERE datname = current_database() AND wait_event_type = 'Lock'
                            """)
                        .query(Integer.class)
                        .single()
                    >= count);
  }

  /// Ends connections, as an operator does or a network that breaks.
  ///
  /// @param which of `pg_stat_activity`, as a condition
  /// @return how many
  public int endSessions(String which) {
    return superuser()
        .sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND "
                + which)
        .query(Integer.class)
        .single();
  }

  /// A tenant that exists, and nothing of it.
  public TenantId tenant(String name) {
    TenantId tenant = new TenantId(UUID.randomUUID());
    superuser()
        .sql(
            """
            INSERT INTO control.dim_tenant (tenant_id, name, plan, industry, region, created_at)
            VALUES (:tenant, :name, 'standard', 'food-and-beverage', 'eu-west', :at)
            """)
        .param("tenant", tenant.value())
        .param("name", name)
        .param("at", java.sql.Timestamp.from(Instant.parse("2026-01-01T00:00:00Z")))
        .update();
    return tenant;
  }

  /// A person of a tenant; cannot sign in.
  public UserId person(TenantId tenant, String role) {
    UserId user = new UserId(UUID.randomUUID());
    superuser()
        .sql(
            """
            WITH person AS (
              INSERT INTO control.user_account
                (user_id, email, name, password_hash, created_at, password_changed_at)
              VALUES (:user, :user || '@example.com', 'Person', '-', now(), now())
              RETURNING user_id
            )
            INSERT INTO control.members (tenant_id, user_id, role, created_at)
            SELECT :tenant, user_id, :role, now() FROM person
            """)
        .param("user", user.value())
        .param("tenant", tenant.value())
        .param("role", role)
        .update();
    return user;
  }

  @Override
  public synchronized void close() {
    List<HikariDataSource> open = new ArrayList<>(pools.values());
    pools.clear();
    if (superusers != null) {
      open.add(superusers);
      superusers = null;
    }
    open.forEach(HikariDataSource::close);
  }

  private static DatabaseProperties properties(TestPostgres.Database database) {
    Map<String, String> passwords = new LinkedHashMap<>();
    ROLES.forEach(role -> passwords.put(role, password(role)));
    return new DatabaseProperties(database.url(), passwords, true);
  }

  private static String password(String role) {
    return "test-" + role;
  }

  private static String resource(String path) {
    try (InputStream content =
        Objects.requireNonNull(TestDatabase.class.getResourceAsStream(path), path)) {
      return new String(content.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException broken) {
      throw new IllegalStateException(path, broken);
    }
  }
}
