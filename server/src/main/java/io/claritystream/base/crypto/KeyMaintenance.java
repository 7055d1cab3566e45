package io.claritystream.base.crypto;

import io.claritystream.base.crypto.MasterKeys.Wrapped;
import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/// What an operator may do to keys, as the role `admin`. Each act takes its own transactions, and
/// may be ended at any point and begun again: what is done stays done, and what is not goes on
/// being read as before.
public final class KeyMaintenance {

  /// Rows of one transaction. A key management service is asked twice for each.
  private static final int BATCH = 100;

  private static final String RETIRE =
      """
      UPDATE control.tenant_key SET retired_at = :now
      WHERE tenant_id = :tenant AND retired_at IS NULL
      """;

  private static final String INSERT =
      """
      INSERT INTO control.tenant_key (tenant_id, key_id, master_key, encrypted, created_at)
      VALUES (:tenant, :key, :master, :encrypted, :now)
      """;

  private final MasterKeys masters;
  private final JdbcClient admin;
  private final TransactionTemplate transactions;
  private final Clock clock;

  KeyMaintenance(
      MasterKeys masters, JdbcClient admin, TransactionTemplate transactions, Clock clock) {
    this.masters = masters;
    this.admin = admin;
    this.transactions = transactions;
    this.clock = clock;
  }

  /// Makes a new master key in a file that is not there yet; false if it is.
  public static boolean makeMasterKey(Path file) {
    return new MasterKeyFile(file).make();
  }

  /// The tenants that have a key, in the order of their ids.
  public List<TenantId> tenantsWithKeys() {
    return admin
        .sql("SELECT tenant_id FROM control.tenant_key WHERE retired_at IS NULL ORDER BY tenant_id")
        .query((row, number) -> new TenantId(row.getObject(1, UUID.class)))
        .list();
  }

  /// Gives the tenant a new data key; the one before still decrypts. False if the tenant had none.
  ///
  /// @param within what belongs to the same transaction
  public boolean rotate(TenantId tenant, Consumer<JdbcClient> within) {
    TenantKeys.Fresh fresh = TenantKeys.fresh(tenant, masters);
    return Objects.requireNonNull(
        transactions.execute(
            status -> {
              int retired =
                  admin
                      .sql(RETIRE)
                      .param("tenant", tenant.value())
                      .param("now", SqlTime.of(clock.instant()))
                      .update();
              if (retired == 0) {
                return false;
              }
              admin
                  .sql(INSERT)
                  .param("tenant", tenant.value())
                  .param("key", fresh.id())
                  .param("master", fresh.wrapped().masterKey())
                  .param("encrypted", fresh.wrapped().bytes())
                  .param("now", SqlTime.of(clock.instant()))
                  .update();
              within.accept(admin);
              return true;
            }));
  }

  /// The name of the master key that [#rewrap] encrypts with.
  public String masterKey() {
    return masters.name();
  }

  /// Encrypts every key of the platform and of tenants that another master key has encrypted under
  /// the one in use; how many there were. Nothing that the keys have encrypted is touched.
  ///
  /// @param progress is told how many are done, after each batch
  public int rewrap(IntConsumer progress) {
    int done = 0;
    int more;
    do {
      more = Objects.requireNonNull(transactions.execute(status -> platformBatch()));
      done += more;
      progress.accept(done);
    } while (more > 0);
    do {
      more = Objects.requireNonNull(transactions.execute(status -> tenantBatch()));
      done += more;
      progress.accept(done);
    } while (more > 0);
    return done;
  }

  private int platformBatch() {
    record Row(String purpose, String keyId, Wrapped wrapped) {}
    List<Row> rows =
        admin
            .sql(
                """
                SELECT purpose, key_id, master_key, encrypted FROM control.platform_key
                WHERE master_key <> :inUse ORDER BY purpose, key_id LIMIT :batch FOR UPDATE
                """)
            .param("inUse", masters.name())
            .param("batch", BATCH)
            .query(
                (row, number) ->
                    new Row(
                        row.getString("purpose"),
                        row.getString("key_id"),
                        new Wrapped(row.getString("master_key"), row.getBytes("encrypted"))))
            .list();
    for (Row row : rows) {
      Wrapped anew = anew(row.wrapped(), PlatformKeys.context(row.purpose(), row.keyId()));
      admin
          .sql(
              """
              UPDATE control.platform_key SET master_key = :master, encrypted = :encrypted
              WHERE purpose = :purpose AND key_id = :key
              """)
          .param("master", anew.masterKey())
          .param("encrypted", anew.bytes())
          .param("purpose", row.purpose())
          .param("key", row.keyId())
          .update();
    }
    return rows.size();
  }

  private int tenantBatch() {
    record Row(TenantId tenant, UUID keyId, Wrapped wrapped) {}
    List<Row> rows =
        admin
            .sql(
                """
                SELECT tenant_id, key_id, master_key, encrypted FROM control.tenant_key
                WHERE master_key <> :inUse ORDER BY tenant_id, key_id LIMIT :batch FOR UPDATE
                """)
            .param("inUse", masters.name())
            .param("batch", BATCH)
            .query(
                (row, number) ->
                    new Row(
                        new TenantId(row.getObject("tenant_id", UUID.class)),
                        row.getObject("key_id", UUID.class),
                        new Wrapped(row.getString("master_key"), row.getBytes("encrypted"))))
            .list();
    for (Row row : rows) {
      Wrapped anew = anew(row.wrapped(), TenantKeys.context(row.tenant(), row.keyId()));
      admin
          .sql(
              """
              UPDATE control.tenant_key SET master_key = :master, encrypted = :encrypted
              WHERE tenant_id = :tenant AND key_id = :key
              """)
          .param("master", anew.masterKey())
          .param("encrypted", anew.bytes())
          .param("tenant", row.tenant().value())
          .param("key", row.keyId())
          .update();
    }
    return rows.size();
  }

  private Wrapped anew(Wrapped wrapped, EncryptionContext context) {
    return masters.wrap(masters.unwrap(wrapped, context), context);
  }
}
