package io.claritystream.embedded;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/// The PostgreSQL that all tests of one JVM share; every test class makes a database of its own in
/// it. Logical replication is on. It ends, and its files go, with the JVM.
///
/// Roles belong to the whole server, not to a database: a test that makes roles gives them the same
/// passwords as every other.
public final class TestPostgres {
  private final Postgres postgres;
  private final AtomicInteger databases = new AtomicInteger();

  private TestPostgres(Postgres postgres) {
    this.postgres = postgres;
  }

  /// A database of a test's own.
  ///
  /// @param user the superuser, so that a test may make roles, slots and publications
  public record Database(String name, String url, String user, String password) {
    public Connection connect() throws SQLException {
      return DriverManager.getConnection(url, user, password);
    }

    public int port() {
      return Integer.parseInt(url.replaceFirst("^.*:(\\d+)/.*$", "$1"));
    }
  }

  /// Starts once for each JVM, in about two seconds.
  private static final class Shared {
    private static final TestPostgres INSTANCE = start();

    private static TestPostgres start() {
      Path home = TestDirectories.forThisJvm("postgres");
      Postgres postgres = Postgres.start(PostgresSettings.of(home, PostgresSettings.Purpose.TEST));
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    postgres.child().stop("QUIT", Duration.ofSeconds(5));
                    try {
                      Trees.delete(home);
                    } catch (IOException e) {
                      System.err.println("left behind: " + home + ": " + e.getMessage());
                    }
                  }));
      return new TestPostgres(postgres);
    }
  }

  public static TestPostgres shared() {
    return Shared.INSTANCE;
  }

  public Database createDatabase() {
    return createDatabaseLike("template0");
  }

  /// A copy of a database made before, to which nobody may be connected: migrate once, copy often.
  public Database createDatabaseLike(String template) {
    String name = "test_" + databases.incrementAndGet();
    try (Connection connection =
            DriverManager.getConnection(postgres.jdbcUrl("postgres"), postgres.superuser());
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE DATABASE "
              + statement.enquoteIdentifier(name, true)
              + " TEMPLATE "
              + statement.enquoteIdentifier(template, true));
    } catch (SQLException e) {
      throw new IllegalStateException("cannot create database " + name + " from " + template, e);
    }
    return new Database(name, postgres.jdbcUrl(name), Postgres.SUPERUSER, postgres.password());
  }
}
