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

  @Override
  public String toString() {
    return "OpenConnection[" + baseUrl + "]";
  }
}
