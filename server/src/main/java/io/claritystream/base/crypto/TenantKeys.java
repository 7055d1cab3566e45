package io.claritystream.base.crypto;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.RegistryConfiguration;
import com.google.crypto.tink.TinkProtoKeysetFormat;
import com.google.crypto.tink.aead.AeadConfig;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import io.claritystream.base.crypto.MasterKeys.Wrapped;
import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import java.security.GeneralSecurityException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/// The tenants' data keys, each a Tink keyset of one key, encrypted under a master key in
/// `control.tenant_key`. One of a tenant is in use; those that were before still decrypt.
final class TenantKeys {

  /// A key, decrypted.
  record Key(UUID id, TenantId tenant, Aead aead) {}

  /// A new key, to be stored.
  record Fresh(UUID id, Wrapped wrapped) {}

  private static final String SELECT =
      """
      SELECT key_id, master_key, encrypted FROM control.tenant_key
      WHERE tenant_id = :tenant AND (key_id = :key OR (CAST(:key AS uuid) IS NULL AND retired_at IS NULL))
      """;

  private static final String INSERT =
      """
      INSERT INTO control.tenant_key (tenant_id, key_id, master_key, encrypted, created_at)
      VALUES (:tenant, :key, :master, :encrypted, :now)
      ON CONFLICT (tenant_id) WHERE retired_at IS NULL DO NOTHING
      """;

  private final JdbcClient auth;
  private final TransactionTemplate apart;
  private final MasterKeys masters;
  private final Clock clock;

  TenantKeys(
      JdbcClient auth, PlatformTransactionManager transactions, MasterKeys masters, Clock clock) {
    this.auth = auth;
    // Whatever transaction the caller is in: a key must not be gone when that is rolled back, and
    // the connection must not be kept until it ends.
    this.apart = new TransactionTemplate(transactions);
    this.apart.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
    this.masters = masters;
    this.clock = clock;
  }

  /// The tenant's key in use. If there is none, one is made; of processes that do so at once the
  /// first wins and all get its key.
  Key inUse(TenantId tenant) {
    return Objects.requireNonNull(
        apart.execute(status -> select(tenant, null).orElseGet(() -> make(tenant))));
  }

  private Key make(TenantId tenant) {
    Fresh fresh = fresh(tenant, masters);
    auth.sql(INSERT)
        .param("tenant", tenant.value())
        .param("key", fresh.id())
        .param("master", fresh.wrapped().masterKey())
        .param("encrypted", fresh.wrapped().bytes())
        .param("now", SqlTime.of(clock.instant()))
        .update();
    return select(tenant, null)
        .orElseThrow(() -> new IllegalStateException("no key after making one, tenant " + tenant));
  }

  /// Empty if the tenant has no such key.
  Optional<Key> find(TenantId tenant, UUID id) {
    return Objects.requireNonNull(apart.execute(status -> select(tenant, id)));
  }

  /// A new key of the tenant.
  static Fresh fresh(TenantId tenant, MasterKeys masters) {
    UUID id = UUID.randomUUID();
    try {
      AeadConfig.register();
      byte[] keyset =
          TinkProtoKeysetFormat.serializeKeyset(
              KeysetHandle.generateNew(
                  PredefinedAeadParameters.AES256_GCM, RegistryConfiguration.get()),
              InsecureSecretKeyAccess.get(),
              RegistryConfiguration.get());
      return new Fresh(id, masters.wrap(keyset, context(tenant, id)));
    } catch (GeneralSecurityException broken) {
      throw new IllegalStateException("no data key can be made", broken);
    }
  }

  /// Under which name a tenant's key is encrypted.
  static EncryptionContext context(TenantId tenant, UUID id) {
    return new EncryptionContext("tenant-key/" + tenant, id.toString());
  }

  private Optional<Key> select(TenantId tenant, @Nullable UUID id) {
    return auth.sql(SELECT)
        .param("tenant", tenant.value())
        .param("key", id)
        .query((row, number) -> key(tenant, row))
        .optional();
  }

  private Key key(TenantId tenant, ResultSet row) throws SQLException {
    UUID id = row.getObject("key_id", UUID.class);
    byte[] keyset =
        masters.unwrap(
            new Wrapped(row.getString("master_key"), row.getBytes("encrypted")),
            context(tenant, id));
    try {
      AeadConfig.register();
      return new Key(
          id,
          tenant,
          TinkProtoKeysetFormat.parseKeyset(
                  keyset, InsecureSecretKeyAccess.get(), RegistryConfiguration.get())
              .getPrimitive(RegistryConfiguration.get(), Aead.class));
    } catch (GeneralSecurityException damaged) {
      throw new IllegalStateException("tenant key " + id + " is damaged", damaged);
    }
  }
}
