package io.claritystream.agent.postgres;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import java.util.function.Supplier;

/// A customer's database and how to reach it.
///
/// @param password asked for at each connection, so that a changed password file counts at once
public record Database(
    String host, int port, String name, String user, Tls tls, Supplier<String> password) {
  private static final String PREFER_SIMPLE = "simple";

  public Database {
    if (host.isBlank() || name.isBlank() || user.isBlank()) {
      throw new IllegalArgumentException("host, database and user must be given");
    }
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("port " + port + " does not exist");
    }
  }

  /// For statements and COPY.
  Connection connect() throws SQLException {
    var properties = properties();
    // Statements that are prepared by name break behind some connection poolers.
    properties.setProperty("prepareThreshold", "0");
    return open(properties);
  }

  /// For the stream.
  Connection connectForReplication() throws SQLException {
    var properties = properties();
    properties.setProperty("replication", "database");
    properties.setProperty("assumeMinServerVersion", "10");
    properties.setProperty("preferQueryMode", PREFER_SIMPLE);
    return open(properties);
  }

  private Connection open(Properties properties) throws SQLException {
    var bare = host.startsWith("[") || !host.contains(":") ? host : "[" + host + "]";
    properties.setProperty("PGDBNAME", name);
    var connection =
        DriverManager.getConnection("jdbc:postgresql://" + bare + ":" + port + "/", properties);
    try {
      Settings.make(connection);
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  private Properties properties() {
    var properties = new Properties();
    properties.setProperty("user", user);
    properties.setProperty("password", password.get());
    properties.setProperty("ApplicationName", "clarity-agent");
    properties.setProperty("connectTimeout", "10");
    properties.setProperty("loginTimeout", "20");
    properties.setProperty("tcpKeepAlive", "true");
    tls.set(properties);
    return properties;
  }

  @Override
  public String toString() {
    return user + "@" + host + ":" + port + "/" + name;
  }
}
