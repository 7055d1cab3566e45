package io.claritystream.maestro.trigger;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import io.claritystream.control.tenancy.Plan;
import io.claritystream.maestro.definition.Trigger;
import io.claritystream.maestro.definition.WebhookTarget;
import io.claritystream.maestro.definition.WebhookToken;
import io.claritystream.maestro.definition.Workflows;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/// What webhooks' addresses lead to, remembered for a second: so long, at most, a workflow that was
/// disabled or a token that was replaced still counts.
@Component
class WebhookDoors {
  private static final Duration REMEMBERED = Duration.ofSeconds(1);
  private static final int REMEMBERED_MAX = 20_000;

  /// @param webhook as the published version has it
  /// @param bodyBytesMax as the version has it, and no more than the plan allows
  record Door(WebhookTarget target, Trigger.Webhook webhook, int bodyBytesMax) {}

  private final Workflows workflows;
  private final JdbcClient sql;
  private final LoadingCache<ByteBuffer, Optional<Door>> doors;

  WebhookDoors(Workflows workflows, @Qualifier("engine") JdbcClient sql) {
    this.workflows = workflows;
    this.sql = sql;
    this.doors =
        Caffeine.newBuilder()
            .maximumSize(REMEMBERED_MAX)
            .expireAfterWrite(REMEMBERED)
            // Of a webhook that is called all the time, nobody waits for the look.
            .refreshAfterWrite(REMEMBERED.dividedBy(2))
            .build(this::find);
  }

  /// Empty if the token leads nowhere.
  Optional<Door> door(String token) {
    if (!WebhookToken.possible(token)) {
      return Optional.empty();
    }
    return doors.get(ByteBuffer.wrap(WebhookToken.hash(token)));
  }

  private Optional<Door> find(ByteBuffer hash) {
    return workflows
        .byWebhook(hash.array())
        .flatMap(
            target ->
                workflows
                    .version(target.workflowId(), target.version())
                    .flatMap(
                        workflow ->
                            workflow.document().triggers().stream()
                                .filter(trigger -> trigger.id().equals(target.triggerKey()))
                                .findFirst())
                    .flatMap(
                        trigger ->
                            trigger.config() instanceof Trigger.Webhook webhook
                                ? Optional.of(door(target, webhook))
                                : Optional.empty()));
  }

  private Door door(WebhookTarget target, Trigger.Webhook webhook) {
    var allowed = Plan.of(target.tenant(), sql).webhookBodyBytesMax();
    return new Door(target, webhook, Math.min(webhook.bodyMaxBytes(), allowed));
  }
}
