package io.claritystream.maestro.engine;

import io.claritystream.base.crypto.Undecryptable;
import io.claritystream.base.db.TenantId;
import io.claritystream.maestro.action.Credentials;
import io.claritystream.maestro.action.StepError;
import io.claritystream.maestro.action.StepFailure;
import io.claritystream.maestro.connector.Connections;
import io.claritystream.maestro.connector.OpenConnection;
import java.util.UUID;

/// Steps take their credentials from the tenant's connections.
final class ConnectionCredentials implements Credentials {

  private final Connections connections;

  ConnectionCredentials(Connections connections) {
    this.connections = connections;
  }

  @Override
  public Open open(TenantId tenant, String connection) throws StepFailure {
    try {
      OpenConnection open =
          connections
              .open(tenant, UUID.fromString(connection))
              .orElseThrow(
                  () ->
                      new StepFailure(
                          StepError.of(
                              "connection_missing",
                              "There is no active connection "
                                  + connection
                                  + "; set it up, or name another in the step.")));
      if (open.isLoose()) {
        throw new StepFailure(
            StepError.of(
                "connection_missing",
                "The secret of the connection "
                    + connection
                    + " is sent nowhere, because its connector has no address; make one of a connector"
                    + " with a base_url, and name that in the step."));
      }
      return new Open(open.baseUrl(), open.headers(), open.query(), open.secrets());
    } catch (Undecryptable lost) {
      throw new StepFailure(
          StepError.of(
              "connection_unreadable",
              "The secret of the connection "
                  + connection
                  + " cannot be read any more; give it anew."));
    }
  }
}
