package io.claritystream.embedded.up;

import io.claritystream.embedded.Postgres;
import io.claritystream.embedded.StartFailedException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Makes the platform's database and its roles, with passwords that are random per data directory.
///
/// What was done is noted by its digest, so that a later start with the same roles and passwords
/// needs no connection for it.
final class PlatformDatabase {
  static final String NAME = "clarity";

  private static final List<String> ROLES =
      List.of("migrator", "auth", "tenant", "service", "engine", "internal", "admin");
  private static final String NOTE = "run/roles";

  private final DataDirectory data;
  private final Programs programs;

  PlatformDatabase(DataDirectory data, Programs programs) {
    this.data = data;
    this.programs = programs;
  }

  /// The password of each role, by the role's name without `clarity_`.
  Map<String, String> passwords() {
    Map<String, String> passwords = new LinkedHashMap<>();
    for (String role : ROLES) {
      passwords.put(role, data.password("secrets/database-" + role + ".password"));
    }
    return passwords;
  }

  void prepare(Postgres postgres) {
    String sql = programs.rolesSql();
    for (Map.Entry<String, String> password : passwords().entrySet()) {
      // Passwords are letters, digits and dashes.
      sql = sql.replace("{{" + password.getKey() + "}}", "'" + password.getValue() + "'");
    }
    String digest = digest(postgres.password() + sql);
    if (data.read(NOTE).filter(digest::equals).isPresent()) {
      return;
    }
    try {
      if (!Sql.exists(postgres, "SELECT 1 FROM pg_database WHERE datname = 'clarity'")) {
        Sql.run(postgres, "postgres", "CREATE DATABASE clarity TEMPLATE template0");
      }
      Sql.run(postgres, NAME, sql);
      Sql.run(postgres, NAME, "ALTER DATABASE clarity OWNER TO clarity_migrator");
    } catch (SQLException e) {
      throw new StartFailedException("The database roles could not be made: " + e.getMessage(), e);
    }
    data.writePrivate(NOTE, digest + "\n");
  }

  private static String digest(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Statements as superuser.
  static final class Sql {
    private Sql() {}

    static void run(Postgres postgres, String database, String sql) throws SQLException {
      try (Connection connection =
              DriverManager.getConnection(postgres.jdbcUrl(database), postgres.superuser());
          Statement statement = connection.createStatement()) {
        statement.execute(sql);
      }
    }

    static boolean exists(Postgres postgres, String query) throws SQLException {
      try (Connection connection =
              DriverManager.getConnection(postgres.jdbcUrl("postgres"), postgres.superuser());
          Statement statement = connection.createStatement();
          var result = statement.executeQuery(query)) {
        return result.next();
      }
    }
  }
}
