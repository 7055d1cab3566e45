package io.claritystream.maestro.connector;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.claritystream.base.crypto.EncryptionContext;
import io.claritystream.base.crypto.TenantSecrets;
import io.claritystream.base.crypto.Undecryptable;
import io.claritystream.base.db.TenantId;
import io.claritystream.maestro.definition.ConnectionCheck;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/// Connections as workflows use them. A step may be run thousands of times a second, so what is
/// open stays so for a few seconds: another process goes on for no longer than that with what was
/// changed here.
@Component
public class Connections implements ConnectionCheck {

  static final Duration OPEN_FOR = Duration.ofSeconds(5);
  private static final int OPEN_MAX = 10_000;

  private record Key(TenantId tenant, UUID connection) {}

  private record Stored(@Nullable String baseUrl, String config, byte @Nullable [] secret) {}

  private final JdbcClient engine;
  private final TenantSecrets secrets;
  private final JsonMapper json;
  private final Cache<Key, OpenConnection> open =
      Caffeine.newBuilder().maximumSize(OPEN_MAX).expireAfterWrite(OPEN_FOR).build();

  Connections(@Qualifier("engine") JdbcClient engine, TenantSecrets secrets, JsonMapper json) {
    this.engine = engine;
    this.secrets = secrets;
    this.json = json;
  }

  /// The connection with its credentials; empty if the tenant has none of this id that is active.
  /// Throws [Undecryptable] if its secret cannot be read: the database was restored without its
  /// keys, or changed by hand.
  public Optional<OpenConnection> open(TenantId tenant, UUID connection) throws Undecryptable {
    Key key = new Key(tenant, connection);
    OpenConnection known = open.getIfPresent(key);
    if (known != null) {
      return Optional.of(known);
    }
    Optional<Stored> stored = stored(tenant, connection);
    if (stored.isEmpty()) {
      return Optional.empty();
    }
    byte[] encrypted = stored.get().secret();
    String secret =
        encrypted == null
            ? ""
            : new String(
                secrets.decrypt(tenant, context(connection), encrypted), StandardCharsets.UTF_8);
    OpenConnection opened =
        json.readValue(stored.get().config(), ConnectionConfig.class)
            .open(stored.get().baseUrl(), secret);
    open.put(key, opened);
    return Optional.of(opened);
  }

  @Override
  public Set<UUID> missing(JdbcClient sql, TenantId tenant, Set<UUID> ids) {
    Set<UUID> missing = new HashSet<>(ids);
    sql.sql(
            """
            SELECT connection_id FROM maestro.connection
            WHERE tenant_id = :tenant AND status = 'active'
              AND connection_id = ANY (CAST(:ids AS uuid[]))
            """)
        .param("tenant", tenant.value())
        .param("ids", ids.stream().map(UUID::toString).toArray(String[]::new))
        .query(UUID.class)
        .list()
        .forEach(missing::remove);
    return missing;
  }

  /// To be called once it is committed that the connection is another, or gone.
  void forget(TenantId tenant, UUID connection) {
    open.invalidate(new Key(tenant, connection));
  }

  /// Lets those who count and name a tenant's connections come one after the other.
  static void lock(JdbcClient sql, TenantId tenant) {
    sql.sql("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")
        .param("what", "connections " + tenant)
        .query((row, number) -> tenant)
        .single();
  }

  /// Under which name a secret is encrypted.
  static EncryptionContext context(UUID connection) {
    return new EncryptionContext("connection", connection.toString());
  }

  private Optional<Stored> stored(TenantId tenant, UUID connection) {
    return engine
        .sql(
            """
            SELECT r.config ->> 'base_url' AS base_url, c.config::text AS config, c.secret
            FROM maestro.connection c
            JOIN maestro.connector r
              ON r.tenant_id = c.tenant_id AND r.connector_id = c.connector_id
            WHERE c.tenant_id = :tenant AND c.connection_id = :id AND c.status = 'active'
            """)
        .param("tenant", tenant.value())
        .param("id", connection)
        .query(
            (row, number) ->
                new Stored(
                    row.getString("base_url"), row.getString("config"), row.getBytes("secret")))
        .optional();
  }
}
