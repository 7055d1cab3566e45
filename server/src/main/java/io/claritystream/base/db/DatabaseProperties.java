package io.claritystream.base.db;

import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// `clarity.database.*`.
///
/// @param url the JDBC address, without user or password
/// @param passwords a password for `migrator` and for each role; user names are `clarity_<role>`
/// @param migrate whether this process brings the schema up to date before it works
@ConfigurationProperties(prefix = "clarity.database", ignoreUnknownFields = false)
record DatabaseProperties(
    @DefaultValue("") String url,
    @DefaultValue Map<String, String> passwords,
    @DefaultValue("true") boolean migrate) {

  DatabaseProperties {
    if (url.isBlank()) {
      throw new IllegalArgumentException("clarity.database.url is not configured");
    }
    passwords = Map.copyOf(passwords);
  }

  String password(String role) {
    String password = passwords.get(role);
    if (password == null) {
      throw new IllegalStateException("clarity.database.passwords." + role + " is not configured");
    }
    return password;
  }

  /// Passwords stay out of logs.
  @Override
  public String toString() {
    return "DatabaseProperties[url=" + url + "]";
  }
}
