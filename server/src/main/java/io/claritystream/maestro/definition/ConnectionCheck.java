package io.claritystream.maestro.definition;

import io.claritystream.base.db.TenantId;
import java.util.Set;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Whether the connections that a document names are there. Connections lie above this module, so
/// it asks through this.
public interface ConnectionCheck {

  /// Those of the ids that the tenant has no usable connection of.
  ///
  /// @param sql of the tenant's transaction that is under way
  Set<UUID> missing(JdbcClient sql, TenantId tenant, Set<UUID> connections);
}
