package io.claritystream.base.crypto;

import io.claritystream.base.crypto.MasterKeys.Wrapped;
import io.claritystream.base.crypto.PlatformKey.Fresh;
import io.claritystream.base.crypto.PlatformKey.Purpose;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// The platform's own keys, encrypted in `control.platform_key`. One of each purpose is in use.
public final class PlatformKeys {
  private static final String SELECT =
      """
      SELECT key_id, master_key, encrypted, certificate, created_at, retired_at IS NOT NULL AS retired
      FROM control.platform_key
      WHERE purpose = :purpose
      ORDER BY retired_at IS NOT NULL, created_at DESC
      """;

  private static final String INSERT =
      """
      INSERT INTO control.platform_key
        (purpose, key_id, master_key, encrypted, certificate, created_at)
      VALUES (:purpose, :keyId, :masterKey, :encrypted, :certificate, :now)
      ON CONFLICT (purpose) WHERE retired_at IS NULL DO NOTHING
      """;

  private final JdbcClient sql;
  private final MasterKeys masters;
  private final Clock clock;

  private PlatformKeys(JdbcClient sql, MasterKeys masters, Clock clock) {
    this.sql = sql;
    this.masters = masters;
    this.clock = clock;
  }

  /// Whether any key is stored that a master key has encrypted.
  static boolean anyStored(JdbcClient sql) {
    return sql.sql(
            """
            SELECT EXISTS (SELECT FROM control.platform_key)
                OR EXISTS (SELECT FROM control.tenant_key)
            """)
        .query(Boolean.class)
        .single();
  }

  /// Opens the store. Throws [MasterKeyFault] if what is stored cannot be read: the platform's own
  /// keys are read, and of the tenants', of which there may be many, the master keys' names.
  static PlatformKeys open(MasterKeys masters, JdbcClient sql, Clock clock) {
    PlatformKeys keys = new PlatformKeys(sql, masters, clock);
    for (Purpose purpose : Purpose.values()) {
      keys.all(purpose);
    }
    masters.requireEach(names(sql));
    return keys;
  }

  /// Of the master keys that have encrypted what is stored.
  private static List<String> names(JdbcClient sql) {
    return sql.sql(
            """
            SELECT master_key FROM control.platform_key
            UNION
            SELECT master_key FROM control.tenant_key
            ORDER BY master_key
            """)
        .query(String.class)
        .list();
  }

  /// The key in use. If there is none, `maker` makes one and it is stored; of processes that do
  /// so at once the first wins and all get its key.
  public PlatformKey inUse(Purpose purpose, Supplier<Fresh> maker) {
    Optional<PlatformKey> stored = find(purpose);
    if (stored.isPresent()) {
      return stored.get();
    }
    Fresh fresh = maker.get();
    String keyId = UUID.randomUUID().toString();
    Wrapped wrapped = masters.wrap(fresh.secret().value(), context(purpose.key, keyId));
    sql.sql(INSERT)
        .param("purpose", purpose.key)
        .param("keyId", keyId)
        .param("masterKey", wrapped.masterKey())
        .param("encrypted", wrapped.bytes())
        .param("certificate", fresh.certificate().orElse(null))
        .param("now", OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC))
        .update();
    return find(purpose)
        .orElseThrow(
            () -> new IllegalStateException("no " + purpose.key + " key after making one"));
  }

  /// All keys of the purpose, the one in use first.
  public List<PlatformKey> all(Purpose purpose) {
    return sql.sql(SELECT)
        .param("purpose", purpose.key)
        .query((row, number) -> decrypted(purpose, row))
        .list();
  }

  private Optional<PlatformKey> find(Purpose purpose) {
    return all(purpose).stream().filter(key -> !key.retired()).findFirst();
  }

  private PlatformKey decrypted(Purpose purpose, ResultSet row) throws SQLException {
    String keyId = row.getString("key_id");
    byte @Nullable [] certificate = row.getBytes("certificate");
    Wrapped wrapped = new Wrapped(row.getString("master_key"), row.getBytes("encrypted"));
    return new PlatformKey(
        keyId,
        new Sensitive<>(masters.unwrap(wrapped, context(purpose.key, keyId))),
        Optional.ofNullable(certificate),
        row.getObject("created_at", OffsetDateTime.class).toInstant(),
        row.getBoolean("retired"));
  }

  /// Under which name a key is encrypted.
  static EncryptionContext context(String purpose, String keyId) {
    return new EncryptionContext("platform-key/" + purpose, keyId);
  }
}
