package io.claritystream.maestro.connector;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A connection, ready to be used.
///
/// @param baseUrl what a step's address is below; null if a step names the whole
/// @param headers to be sent with every request
/// @param query parameters to be sent with every request
/// @param secrets the exact texts that nobody may see, in whatever is recorded
public record OpenConnection(
    @Nullable String baseUrl,
    Map<String, String> headers,
    Map<String, String> query,
    Set<String> secrets) {

  public OpenConnection {
    headers = Map.copyOf(headers);
    query = Map.copyOf(query);
    secrets = Set.copyOf(secrets);
  }

  /// Whether it holds a secret that a step could send to whatever address it names. None such is
  /// made any more; one that was made before is not to be used.
  public boolean isLoose() {
    return baseUrl == null && !secrets.isEmpty();
  }

  @Override
  public String toString() {
    return "OpenConnection[" + baseUrl + "]";
  }
}
