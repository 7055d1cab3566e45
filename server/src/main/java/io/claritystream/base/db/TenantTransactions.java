package io.claritystream.base.db;

import java.util.Objects;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

/// Runs what a person asked for: one transaction of the `tenant` role with the tenant named to
/// row-level security, for that transaction only. Outside of one the role sees no row.
///
/// Work is given the `JdbcClient` that is bound to the transaction. It must not leave its thread,
/// and it must not open another tenant's transaction within its own; both would be a mistake of
/// isolation and the second throws. A runtime exception rolls back and passes through untouched.
public final class TenantTransactions {

  private static final String NAME_THE_TENANT =
      """
      SELECT set_config('clarity.tenant', :tenant, true), set_config('clarity.person', :person, true)
      """;

  private final DataSource dataSource;
  private final JdbcClient sql;
  private final TransactionTemplate reads;
  private final TransactionTemplate writes;

  TenantTransactions(DataSource dataSource, JdbcClient sql) {
    this.dataSource = dataSource;
    this.sql = sql;
    JdbcTransactionManager transactions = new JdbcTransactionManager(dataSource);
    this.writes = new TransactionTemplate(transactions);
    this.reads = new TransactionTemplate(transactions);
    this.reads.setReadOnly(true);
  }

  /// A read-only transaction: PostgreSQL refuses writes in it.
  public <T extends @Nullable Object> T read(TenantId tenant, Function<JdbcClient, T> work) {
    return within(reads, tenant, null, work);
  }

  /// As [#read(TenantId, Function)], for rows that are `user`'s own within the tenant.
  public <T extends @Nullable Object> T read(
      TenantId tenant, UserId user, Function<JdbcClient, T> work) {
    return within(reads, tenant, user, work);
  }

  /// A transaction that may write, on behalf of `user`.
  public <T extends @Nullable Object> T run(
      TenantId tenant, @Nullable UserId user, Function<JdbcClient, T> work) {
    return within(writes, tenant, user, work);
  }

  private <T extends @Nullable Object> T within(
      TransactionTemplate template,
      TenantId tenant,
      @Nullable UserId user,
      Function<JdbcClient, T> work) {
    Objects.requireNonNull(tenant, "tenant");
    if (TransactionSynchronizationManager.hasResource(dataSource)) {
      throw new IllegalStateException("tenant transaction opened within another, tenant " + tenant);
    }
    return template.execute(
        status -> {
          sql.sql(NAME_THE_TENANT)
              .param("tenant", tenant.toString())
              .param("person", user == null ? "" : user.toString())
              .query((row, number) -> row.getString(1))
              .single();
          return work.apply(sql);
        });
  }
}
