package io.claritystream.agent.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;

/// The server settings that decide how a value reads, and whether a row is read. Snapshot and
/// stream must agree on them, so they are made on each connection, and read back: a proxy that
/// swallows SET would otherwise change values silently.
final class Settings {
  private static final Map<String, String> WANTED = wanted();

  private Settings() {}

  private static Map<String, String> wanted() {
    var settings = new LinkedHashMap<String, String>();
    settings.put("client_encoding", "UTF8");
    settings.put("TimeZone", "UTC");
    settings.put("DateStyle", "ISO, MDY");
    settings.put("IntervalStyle", "postgres");
    settings.put("extra_float_digits", "1");
    settings.put("bytea_output", "hex");
    settings.put("lc_monetary", "C");
    settings.put("xmlbinary", "base64");
    settings.put("search_path", "pg_catalog");
    settings.put("quote_all_identifiers", "off");
    settings.put("statement_timeout", "0");
    // A policy that hides rows makes the snapshot fail instead of making it silently partial.
    settings.put("row_security", "off");
    settings.put("idle_in_transaction_session_timeout", "0");
    return settings;
  }

  static void make(Connection connection) throws SQLException {
    try (var statement = connection.createStatement()) {
      for (var setting : WANTED.entrySet()) {
        statement.execute("SET " + setting.getKey() + " TO " + literal(setting));
      }
      for (var setting : WANTED.entrySet()) {
        try (var rows = statement.executeQuery("SHOW " + setting.getKey())) {
          rows.next();
          var is = rows.getString(1);
          if (!is.equals(setting.getValue())) {
            throw new SQLException(
                "the server keeps "
                    + setting.getKey()
                    + " at "
                    + is
                    + "; values would not be exact");
          }
        }
      }
    }
  }

  private static String literal(Map.Entry<String, String> setting) {
    // A list, not one value with a comma in it.
    return setting.getKey().equals("DateStyle")
        ? setting.getValue()
        : "'" + setting.getValue() + "'";
  }
}
