package io.claritystream.maestro.definition;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.expression.Expressions;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/// Whether a document of the right shape could run: all that is wrong with it, not only the first.
/// Nothing is published that has a flaw.
@Component
class Validation {
  private final Expressions expressions;
  private final ObjectProvider<ConnectionCheck> connections;

  Validation(Expressions expressions, ObjectProvider<ConnectionCheck> connections) {
    this.expressions = expressions;
    this.connections = connections;
  }

  /// @param sql of the tenant's transaction that is under way
  List<Flaw> flaws(JdbcClient sql, TenantId tenant, WorkflowDocument document) {
    Flaws flaws = new Flaws();
    Graph graph = new Graph(document);
    new StepChecks(document, graph, flaws).check();
    new EdgeChecks(document, graph, flaws).check();
    new ExpressionChecks(document, graph, expressions, flaws).check();
    connections(sql, tenant, document, flaws);
    return flaws.all();
  }

  /// Throws if there are any.
  void require(JdbcClient sql, TenantId tenant, WorkflowDocument document) throws DocumentFault {
    List<Flaw> flaws = flaws(sql, tenant, document);
    if (!flaws.isEmpty()) {
      throw new DocumentFault(flaws);
    }
  }

  private void connections(
      JdbcClient sql, TenantId tenant, WorkflowDocument document, Flaws flaws) {
    Set<UUID> named = document.connections();
    ConnectionCheck check = connections.getIfAvailable();
    if (named.isEmpty() || check == null) {
      return;
    }
    Set<UUID> missing = check.missing(sql, tenant, named);
    for (int i = 0; i < document.steps().size(); i++) {
      if (document.steps().get(i).config() instanceof Step.HttpRequest http
          && http.connection() != null
          && missing.contains(UUID.fromString(http.connection()))) {
        flaws.add(
            "/steps/" + i + "/config/connection",
            "missing_connection",
            "there is no connection " + http.connection(),
            "Make the connection, or choose another.");
      }
    }
  }
}
