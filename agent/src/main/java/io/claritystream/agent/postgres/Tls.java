package io.claritystream.agent.postgres;

import java.nio.file.Path;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// How a connection to a customer's database is encrypted, and whom the agent takes for its server.
///
/// @param mode `disable`, `prefer`, `require`, `verify-ca` or `verify-full`, as PostgreSQL's own
///     programs mean them
/// @param authorities the certificates that `verify-ca` and `verify-full` trust, in a file of PEM;
///     null is `~/.postgresql/root.crt`, where those programs look as well
public record Tls(String mode, @Nullable Path authorities) {
  private static final Set<String> CHECKED = Set.of("verify-ca", "verify-full");
  private static final Set<String> UNCHECKED = Set.of("disable", "prefer", "require");

  /// @throws IllegalArgumentException in words for a person
  public Tls {
    if (!CHECKED.contains(mode) && !UNCHECKED.contains(mode)) {
      throw new IllegalArgumentException(
          "--tls is disable, prefer, require, verify-ca or verify-full");
    }
    if (authorities != null && !CHECKED.contains(mode)) {
      throw new IllegalArgumentException(
          "--tls-ca says whom to trust, and --tls " + mode + " asks nobody; use verify-full");
    }
  }

  public static Tls of(String mode) {
    return new Tls(mode, null);
  }

  void set(Properties properties) {
    properties.setProperty("sslmode", mode);
    if (authorities != null) {
      properties.setProperty("sslrootcert", authorities.toString());
    }
  }
}
