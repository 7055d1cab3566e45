package io.claritystream.embedded.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.Properties;

/// The simulator's program: makes Northgate Bottling's database with its history, or goes on where
/// it ends, prints `{"event":"ready"}`, and then lets the plant live until it is killed.
///
/// It may be killed at any moment: what is committed is whole. When the database goes away it comes
/// back with growing patience; it ends by itself only if it could not even begin, for a reason that
/// time does not heal (a wrong password, a missing right): exit code 1 and a sentence.
public final class Plant {
  private static final long TICK_MILLIS = 200;
  private static final Duration PATIENCE_MIN = Duration.ofMillis(200);
  private static final Duration PATIENCE_MAX = Duration.ofSeconds(5);

  /// Two simulators on one database would write everything twice.
  private static final long LOCK = 0x4e6f727468676174L;

  private final PlantArguments arguments;
  private final String password;
  private final Clock clock;
  private boolean announced;
  private Duration patience = PATIENCE_MIN;

  private Plant(PlantArguments arguments, String password, Clock clock) {
    this.arguments = arguments;
    this.password = password;
    this.clock = clock;
  }

  public static void main(String... arguments) throws InterruptedException {
    PlantArguments parsed;
    try {
      parsed = PlantArguments.parse(arguments);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage() + "\n" + PlantArguments.USAGE);
      System.exit(2);
      return;
    }
    String password;
    try {
      password = Files.readString(parsed.passwordFile()).strip();
    } catch (IOException e) {
      System.err.println("The password cannot be read from " + parsed.passwordFile() + ".");
      System.exit(1);
      return;
    }
    new Plant(parsed, password, Clock.systemUTC()).live();
  }

  private void live() throws InterruptedException {
    while (true) {
      try (Connection connection = connect()) {
        operate(connection);
      } catch (SQLException e) {
        if (!announced && hopeless(e)) {
          System.err.println("The plant cannot begin: " + e.getMessage());
          System.exit(1);
        }
        System.err.printf(
            "The plant's database is away (%s), again in %d ms: %s%n",
            e.getSQLState(), patience.toMillis(), e.getMessage());
        Thread.sleep(patience);
        patience = patience.multipliedBy(2);
        patience = patience.compareTo(PATIENCE_MAX) < 0 ? patience : PATIENCE_MAX;
      }
    }
  }

  private void operate(Connection connection) throws SQLException, InterruptedException {
    lock(connection);
    connection.setAutoCommit(false);
    Operation operation =
        Operation.open(
            connection, arguments.seed(), arguments.history(), arguments.keep(), clock.millis());
    if (!announced) {
      announced = true;
      System.out.println("{\"event\":\"ready\"}");
    }
    patience = PATIENCE_MIN;
    while (true) {
      operation.advance(clock.millis());
      Thread.sleep(TICK_MILLIS - clock.millis() % TICK_MILLIS);
    }
  }

  private Connection connect() throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", arguments.user());
    properties.setProperty("password", password);
    properties.setProperty("ApplicationName", "plant");
    properties.setProperty("connectTimeout", "5");
    properties.setProperty("socketTimeout", "60");
    properties.setProperty("prepareThreshold", "1");
    return DriverManager.getConnection(arguments.jdbc(), properties);
  }

  /// The connection of a predecessor that was killed may live for a moment longer.
  private static void lock(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("SELECT pg_try_advisory_lock(" + LOCK + ")")) {
      result.next();
      if (!result.getBoolean(1)) {
        throw new SQLException("another simulator writes this database", "55P03");
      }
    }
  }

  /// Whether trying again would end the same: no such database, wrong password, no right, our own
  /// mistake. Anything else (gone, starting, full) may pass.
  private static boolean hopeless(SQLException e) {
    String state = e.getSQLState() == null ? "" : e.getSQLState();
    return state.startsWith("28") || state.startsWith("3D") || state.startsWith("42");
  }
}
