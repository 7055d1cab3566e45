package io.claritystream.maestro.definition;

import io.claritystream.base.crypto.EncryptionContext;
import io.claritystream.base.crypto.TenantSecrets;
import io.claritystream.base.crypto.Undecryptable;
import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/// The tokens of webhooks: made when a trigger is first published, the same over all versions until
/// somebody rotates them. A rotated one works on for the grace that was asked for.
@Component
class WebhookTokens {
  static final Duration GRACE_MAX = Duration.ofDays(7);

  /// In use and in their grace together.
  static final int ACTIVE_MAX = 5;

  private final TenantSecrets secrets;
  private final SecureRandom random = new SecureRandom();

  WebhookTokens(TenantSecrets secrets) {
    this.secrets = secrets;
  }

  /// Makes tokens for triggers that have none; on a second call nothing changes.
  void issue(JdbcClient sql, TenantId tenant, UUID workflow, List<String> triggers, Instant now) {
    Map<String, String> present = inUse(sql, tenant, workflow);
    List<String> missing = triggers.stream().filter(key -> !present.containsKey(key)).toList();
    if (missing.isEmpty()) {
      return;
    }
    byte[][] hashes = new byte[missing.size()][];
    byte[][] encrypted = new byte[missing.size()][];
    for (int i = 0; i < hashes.length; i++) {
      String token = WebhookToken.make(random);
      hashes[i] = WebhookToken.hash(token);
      encrypted[i] =
          secrets.encrypt(
              tenant, context(tenant, hashes[i]), token.getBytes(StandardCharsets.UTF_8));
    }
    sql.sql(
            """
            INSERT INTO maestro.webhook_token
              (token_hash, tenant_id, workflow_id, trigger_key, encrypted, created_at)
            SELECT hash, :tenant, :workflow, key, encrypted, :now
            FROM unnest(CAST(:hashes AS bytea[]), CAST(:keys AS text[]), CAST(:encrypted AS bytea[]))
              AS t (hash, key, encrypted)
            """)
        .param("hashes", hashes)
        .param("keys", missing.toArray(String[]::new))
        .param("encrypted", encrypted)
        .param("tenant", tenant.value())
        .param("workflow", workflow)
        .param("now", SqlTime.of(now))
        .update();
  }

  /// Puts a new token in the place of the one in use. No earlier one works for longer than `grace`
  /// from now, so that none at all ends them at once.
  void rotate(
      JdbcClient sql, TenantId tenant, UUID workflow, String trigger, Duration grace, Instant now) {
    int replaced =
        sql.sql(
                """
                UPDATE maestro.webhook_token SET expires_at = least(expires_at, :until)
                WHERE tenant_id = :tenant AND workflow_id = :workflow AND trigger_key = :key
                """)
            .param("tenant", tenant.value())
            .param("workflow", workflow)
            .param("key", trigger)
            .param("until", SqlTime.of(now.plus(grace)))
            .update();
    if (replaced == 0) {
      throw Problem.notFound("published webhook", trigger);
    }
    int expired =
        sql.sql(
                """
                DELETE FROM maestro.webhook_token
                WHERE tenant_id = :tenant AND workflow_id = :workflow AND trigger_key = :key
                  AND expires_at <= :now
                """)
            .param("tenant", tenant.value())
            .param("workflow", workflow)
            .param("key", trigger)
            .param("now", SqlTime.of(now))
            .update();
    if (replaced - expired >= ACTIVE_MAX) {
      throw Problem.of(
          ProblemCode.CONFLICT,
          "%d earlier tokens of this webhook still work; rotate again when one has expired, or with a shorter grace_s."
              .formatted(ACTIVE_MAX - 1));
    }
    issue(sql, tenant, workflow, List.of(trigger), now);
  }

  /// The tokens in use by trigger, decrypted.
  Map<String, String> inUse(JdbcClient sql, TenantId tenant, UUID workflow) {
    Map<String, String> tokens = new LinkedHashMap<>();
    sql.sql(
            """
            SELECT trigger_key, token_hash, encrypted FROM maestro.webhook_token
            WHERE tenant_id = :tenant AND workflow_id = :workflow AND expires_at IS NULL
            ORDER BY trigger_key
            """)
        .param("tenant", tenant.value())
        .param("workflow", workflow)
        .query(
            row -> {
              byte[] hash = row.getBytes("token_hash");
              tokens.put(
                  row.getString("trigger_key"), decrypted(tenant, hash, row.getBytes("encrypted")));
            });
    return tokens;
  }

  private String decrypted(TenantId tenant, byte[] hash, byte[] encrypted) {
    try {
      return new String(
          secrets.decrypt(tenant, context(tenant, hash), encrypted), StandardCharsets.UTF_8);
    } catch (Undecryptable e) {
      throw new IllegalStateException("a webhook's token cannot be decrypted", e);
    }
  }

  private static EncryptionContext context(TenantId tenant, byte[] hash) {
    return new EncryptionContext("webhook-token", tenant + "/" + HexFormat.of().formatHex(hash));
  }
}
