package io.claritystream.maestro.action;

import io.claritystream.base.db.TenantId;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where a step's connection has its credentials from.
public interface Credentials {

  /// @param baseUrl what a step's address is below; null if a step names the whole
  /// @param secrets what nobody may see of it
  record Open(
      @Nullable String baseUrl,
      Map<String, String> headers,
      Map<String, String> query,
      Set<String> secrets) {
    static final Open NONE = new Open(null, Map.of(), Map.of(), Set.of());

    @Override
    public String toString() {
      return "Open[" + baseUrl + "]";
    }
  }

  /// Fails the step if there is no such connection, or it cannot be decrypted.
  Open open(TenantId tenant, String connection) throws StepFailure;
}
