package io.claritystream.stream.source;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TestDatabase;
import io.claritystream.control.audit.TestAudit;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/// The sources of a test's database.
public final class TestSources {
  private TestSources() {}

  public static Sources of(TestDatabase database) {
    var service = database.dataSource("service");
    return new Sources(
        database.as("service"),
        new TransactionTemplate(new JdbcTransactionManager(service)),
        TestAudit.log(),
        Clock.systemUTC());
  }

  /// A source that an agent has registered, an agent of its own.
  public static void register(TestDatabase database, TenantId tenant, UUID id, int partition) {
    database
        .superuser()
        .sql(
            """
            WITH agent AS (
              INSERT INTO control.agent (agent_id, tenant_id, name, version, paired_at,
                certificate_serial, certificate_expires_at)
              VALUES (:source, :tenant, 'agent', '1', now(), 'ab', now())
              RETURNING agent_id)
            INSERT INTO control.source (source_id, tenant_id, agent_id, name, kind, fingerprint,
              server_version, partition, created_at)
            SELECT :source, :tenant, agent_id, 'source', 'postgresql', 'f', '18', :partition, now()
            FROM agent
            """)
        .param("source", id)
        .param("tenant", tenant.value())
        .param("partition", partition)
        .update();
  }

  /// What people are told of a source.
  public static long tablesNotExact(TestDatabase database, TenantId tenant, UUID id) {
    var views = new SourceViews(Clock.systemUTC());
    return database
        .tenantTransactions()
        .read(tenant, sql -> views.of(sql, tenant, List.of(id)).getFirst().tablesNotExact());
  }
}
