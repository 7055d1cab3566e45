package io.claritystream.base.crypto;

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
      SELECT key_id, encrypted, certificate, created_at, retired_at IS NOT NULL AS retired
      FROM control.platform_key
      WHERE purpose = :purpose
      ORDER BY retired_at IS NOT NULL, created_at DESC
      """;

  private static final String INSERT =
      """
      INSERT INTO control.platform_key (purpose, key_id, encrypted, certificate, created_at)
      VALUES (:purpose, :keyId, :encrypted, :certificate, :now)
      ON CONFLICT (purpose) WHERE retired_at IS NULL DO NOTHING
      """;

  private final JdbcClient sql;
  private final Keyring keyring;
  private final Clock clock;

  private PlatformKeys(JdbcClient sql, Keyring keyring, Clock clock) {
    this.sql = sql;
    this.keyring = keyring;
    this.clock = clock;
  }

  /// Opens the store with the master key of the file, which is made if nothing is stored yet.
  /// Throws [MasterKeyFault] if what is stored cannot be read with it.
  static PlatformKeys open(MasterKeyFile file, JdbcClient sql, Clock clock) {
    boolean stored =
        sql.sql("SELECT EXISTS (SELECT FROM control.platform_key)").query(Boolean.class).single();
    Keyring keyring =
        new Keyring(
            file.read()
                .orElseGet(
                    () -> {
                      if (stored) {
                        throw new MasterKeyFault(
                            "The master key file "
                                + file.path()
                                + " is missing, but the database holds keys that were encrypted"
                                + " with it; restore the file from its backup.");
                      }
                      return file.make();
                    }));
    PlatformKeys keys = new PlatformKeys(sql, keyring, clock);
    try {
      for (Purpose purpose : Purpose.values()) {
        keys.all(purpose);
      }
    } catch (UnreadableKey e) {
      throw new MasterKeyFault(
          "The master key file "
              + file.path()
              + " is not the one that this database's keys were encrypted with; restore the right"
              + " file from its backup.",
          e);
    }
    return keys;
  }

  Keyring keyring() {
    return keyring;
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
    sql.sql(INSERT)
        .param("purpose", purpose.key)
        .param("keyId", keyId)
        .param("encrypted", keyring.encrypt(fresh.secret().value(), context(purpose, keyId)))
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
    try {
      return new PlatformKey(
          keyId,
          new Sensitive<>(keyring.decrypt(row.getBytes("encrypted"), context(purpose, keyId))),
          Optional.ofNullable(certificate),
          row.getObject("created_at", OffsetDateTime.class).toInstant(),
          row.getBoolean("retired"));
    } catch (Keyring.Undecryptable e) {
      throw new UnreadableKey(e);
    }
  }

  private static EncryptionContext context(Purpose purpose, String keyId) {
    return new EncryptionContext("platform-key/" + purpose.key, keyId);
  }

  private static final class UnreadableKey extends RuntimeException {
    UnreadableKey(Throwable cause) {
      super(cause.getMessage(), cause);
    }
  }
}
