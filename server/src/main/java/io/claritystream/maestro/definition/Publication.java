package io.claritystream.maestro.definition;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/// Makes a document the next version of its workflow: the version itself, the rows that are written
/// from it, and tokens for webhooks that are new. All in the caller's transaction, which holds the
/// workflow's lock.
@Component
class Publication {
  private final WebhookTokens tokens;
  private final WorkflowStore store;
  private final VersionStore versions;
  private final Validation validation;

  Publication(
      WebhookTokens tokens, WorkflowStore store, VersionStore versions, Validation validation) {
    this.tokens = tokens;
    this.store = store;
    this.versions = versions;
    this.validation = validation;
  }

  /// @param row as it was read under [WorkflowStore#lock]
  /// @param rolledBackTo the version that it brings back, if it does
  /// @return the new version's number
  /// @throws DocumentFault if it could not run, with all that is wrong
  /// @throws Problem `forbidden` if it uses connections that are new to the workflow, and the
  ///     caller may not look at any
  int publish(
      JdbcClient sql,
      Caller caller,
      WorkflowRow row,
      WorkflowDocument document,
      @Nullable String note,
      @Nullable Integer rolledBackTo,
      Instant now)
      throws DocumentFault {
    validation.require(sql, caller.tenantId(), document);
    requireConnections(sql, caller, row, document);
    Integer last = row.publishedVersion();
    int version = last == null ? 1 : last + 1;
    sql.sql(
            """
            INSERT INTO maestro.workflow_version
              (tenant_id, workflow_id, version, document, note, rolled_back_to, published_by,
               published_at)
            VALUES (:tenant, :workflow, :version, :document, :note, :rolledBackTo, :user, :now)
            """)
        .param("tenant", caller.tenantId().value())
        .param("workflow", row.id())
        .param("version", version)
        .param("document", document.toJson())
        .param("note", note)
        .param("rolledBackTo", rolledBackTo)
        .param("user", caller.userId().value())
        .param("now", SqlTime.of(now))
        .update();
    writeTriggers(sql, caller.tenantId(), row.id(), version, document.triggers());
    writeSteps(sql, caller.tenantId(), row.id(), version, document.steps());
    writeActions(
        sql,
        caller.tenantId(),
        row.id(),
        version,
        document.steps().stream().filter(step -> step.config().acts()).toList());
    tokens.issue(sql, caller.tenantId(), row.id(), webhooks(document), now);
    store.setPublished(sql, row.id(), version, last == null || row.enabled(), now);
    return version;
  }

  /// Who may not look at connections may not choose any: that one workflow was granted for editing
  /// does not open whatever the workspace's secrets open. Those that the workflow uses stay.
  private void requireConnections(
      JdbcClient sql, Caller caller, WorkflowRow row, WorkflowDocument document) {
    if (caller.may(Permission.CONNECTIONS_READ)) {
      return;
    }
    Set<UUID> more = document.connections();
    Integer last = row.publishedVersion();
    if (last != null) {
      more.removeAll(versions.document(sql, caller.tenantId(), row.id(), last).connections());
    }
    if (!more.isEmpty()) {
      throw Problem.of(
          ProblemCode.FORBIDDEN,
          "The role "
              + caller.role().key()
              + " does not permit "
              + Permission.CONNECTIONS_READ.key()
              + ", and the document uses connections that the published version does not: ask"
              + " somebody to publish it who may.");
    }
  }

  static List<String> webhooks(WorkflowDocument document) {
    return document.triggers().stream()
        .filter(trigger -> trigger.config() instanceof Trigger.Webhook)
        .map(Trigger::id)
        .toList();
  }

  private static void writeTriggers(
      JdbcClient sql, TenantId tenant, UUID workflow, int version, List<Trigger> triggers) {
    sql.sql(
            """
            INSERT INTO maestro.trigger
              (trigger_id, tenant_id, workflow_id, version, key, type, config)
            SELECT gen_random_uuid(), :tenant, :workflow, :version, key, type, CAST(config AS jsonb)
            FROM unnest(CAST(:keys AS text[]), CAST(:types AS text[]), CAST(:configs AS text[]))
              AS t (key, type, config)
            """)
        .param("tenant", tenant.value())
        .param("workflow", workflow)
        .param("version", version)
        .param("keys", texts(triggers.stream().map(Trigger::id).toList()))
        .param("types", texts(triggers.stream().map(trigger -> trigger.config().type()).toList()))
        .param(
            "configs",
            texts(
                triggers.stream()
                    .map(trigger -> PlainJson.write(DocumentWriter.config(trigger.config())))
                    .toList()))
        .update();
  }

  private static void writeSteps(
      JdbcClient sql, TenantId tenant, UUID workflow, int version, List<Step> steps) {
    sql.sql(
            """
            INSERT INTO maestro.step
              (step_id, tenant_id, workflow_id, version, key, type, config, ordinal)
            SELECT gen_random_uuid(), :tenant, :workflow, :version, key, type, CAST(config AS jsonb),
                   ordinal - 1
            FROM unnest(CAST(:keys AS text[]), CAST(:types AS text[]), CAST(:configs AS text[]))
              WITH ORDINALITY AS s (key, type, config, ordinal)
            """)
        .param("tenant", tenant.value())
        .param("workflow", workflow)
        .param("version", version)
        .param("keys", keys(steps))
        .param("types", types(steps))
        .param("configs", configs(steps))
        .update();
  }

  private static void writeActions(
      JdbcClient sql, TenantId tenant, UUID workflow, int version, List<Step> actions) {
    if (actions.isEmpty()) {
      return;
    }
    sql.sql(
            """
            INSERT INTO maestro.action
              (action_id, tenant_id, workflow_id, version, key, type, config, connection_id)
            SELECT gen_random_uuid(), :tenant, :workflow, :version, key, type, CAST(config AS jsonb),
                   CAST(CAST(config AS jsonb) ->> 'connection' AS uuid)
            FROM unnest(CAST(:keys AS text[]), CAST(:types AS text[]), CAST(:configs AS text[]))
              AS a (key, type, config)
            """)
        .param("tenant", tenant.value())
        .param("workflow", workflow)
        .param("version", version)
        .param("keys", keys(actions))
        .param("types", types(actions))
        .param("configs", configs(actions))
        .update();
  }

  private static String[] keys(List<Step> steps) {
    return texts(steps.stream().map(Step::id).toList());
  }

  private static String[] types(List<Step> steps) {
    return texts(steps.stream().map(step -> step.config().type()).toList());
  }

  private static String[] configs(List<Step> steps) {
    return texts(
        steps.stream().map(step -> PlainJson.write(DocumentWriter.config(step.config()))).toList());
  }

  private static String[] texts(List<String> list) {
    return list.toArray(String[]::new);
  }
}
