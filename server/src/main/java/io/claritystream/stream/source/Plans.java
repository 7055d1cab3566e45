package io.claritystream.stream.source;

import io.claritystream.base.db.TenantId;
import org.springframework.jdbc.core.simple.JdbcClient;

/// What a tenant's plan lets it send.
public final class Plans {

  /// @param eventsPerSecond those with very many cells count as several
  /// @param bytesPerSecond of batch payloads, uncompressed
  public record Limits(long eventsPerSecond, long bytesPerSecond) {}

  private final JdbcClient sql;

  Plans(JdbcClient sql) {
    this.sql = sql;
  }

  public Limits of(TenantId tenant) {
    return sql.sql(
            """
            SELECT p.events_per_s_max, p.bytes_per_s_max
            FROM control.dim_tenant t
            JOIN control.plan p ON p.plan = t.plan
            WHERE t.tenant_id = :tenant
            """)
        .param("tenant", tenant.value())
        .query(
            (row, number) ->
                new Limits(row.getLong("events_per_s_max"), row.getLong("bytes_per_s_max")))
        .single();
  }
}
