package io.claritystream.stream.source;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.LineOfText;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/// New snapshots that people have ordered: `control.source_snapshot`. An order is said to the
/// source's agent, whenever that is there, until it tells that it has ended, or until it is given
/// up here. An agent that has begun one which is given up ends it all the same, and is not asked
/// about it any more.
///
/// ```
/// asked           the agent has begun                          running
/// asked           the agent does not capture a table of it     failed
/// running         all its rows are captured                    done
/// asked, running  a person gives it up                         cancelled
/// asked           no agent has begun it for seven days         expired
/// running         its agent has said nothing of it for as long  expired
/// ```
///
/// So each one ends: an agent that is there says how a running one stands as long as it runs, and a
/// person who does not want to wait for it any more gives it up.
public final class SourceSnapshots {
  /// So that none is carried out when nobody thinks of it any more.
  static final Duration ASKED_FOR_MAX = Duration.ofDays(7);

  private static final int REASON_LENGTH_MAX = 1_000;
  private static final String NOBODY_BEGAN =
      "No agent began it for 7 days. Order it again when the agent is back.";
  private static final String NOBODY_TELLS =
      "Its agent said nothing of it for 7 days. Order it again when the agent is back.";

  /// An agent says the same every few seconds; so often it is written down.
  private static final Duration HEARD_EVERY = Duration.ofHours(1);

  private final JdbcClient sql;
  private final TransactionTemplate transactions;
  private final AuditLog audit;
  private final Clock clock;

  SourceSnapshots(JdbcClient sql, TransactionTemplate transactions, AuditLog audit, Clock clock) {
    this.sql = sql;
    this.transactions = transactions;
    this.audit = audit;
    this.clock = clock;
  }

  /// Those that an agent tells of.
  public enum State {
    ASKED,
    RUNNING,
    DONE,
    FAILED
  }

  /// How an agent says that one stands, with text made fit to be stored and shown.
  public record Told(UUID id, State state, String reason, int tablesDone, int tablesTotal) {
    public Told {
      reason = LineOfText.told(reason, REASON_LENGTH_MAX);
    }
  }

  /// Keeps what was told; one that has ended stays as it is.
  public void store(SourceRef of, Told told) {
    var now = clock.instant();
    sql.sql(
            """
            UPDATE control.source_snapshot
            SET state = :state, reason = nullif(:reason, ''), tables_done = :done,
                tables_total = :total, told_at = :now,
                started_at = CASE WHEN :state = 'asked' THEN started_at
                                  ELSE coalesce(started_at, :now) END,
                ended_at = CASE WHEN :state IN ('done', 'failed') THEN CAST(:now AS timestamptz) END
            WHERE source_id = :source AND snapshot_id = :snapshot AND ended_at IS NULL
              AND ((state, coalesce(reason, ''), tables_done, tables_total)
                    IS DISTINCT FROM (:state, :reason, :done, :total)
                  OR coalesce(told_at, '-infinity') <= :heard)
            """)
        .param("state", told.state().name().toLowerCase(Locale.ROOT))
        .param("reason", told.reason())
        .param("done", told.tablesDone())
        .param("total", told.tablesTotal())
        .param("now", SqlTime.of(now))
        .param("heard", SqlTime.of(now.minus(HEARD_EVERY)))
        .param("source", of.sourceId())
        .param("snapshot", told.id())
        .update();
  }

  private record Expired(TenantId tenant, UUID sourceId, UUID id) {}

  /// Gives up what no agent has begun in time, or tells of any more; to be called now and then.
  public void expire() {
    transactions.executeWithoutResult(
        _ -> {
          var now = clock.instant();
          for (var expired : expire(now)) {
            audit.append(
                sql,
                AuditEntry.of(
                        expired.tenant(),
                        now,
                        AuditEntry.Actor.platform("gateway"),
                        "source.snapshot_expired")
                    .on("source", expired.sourceId())
                    .with("snapshot", expired.id().toString()));
          }
        });
  }

  private List<Expired> expire(Instant now) {
    return sql.sql(
            """
            UPDATE control.source_snapshot
            SET state = 'expired', ended_at = :now,
                reason = CASE state WHEN 'asked' THEN :nobody_began ELSE :nobody_tells END
            WHERE ended_at IS NULL
              AND CASE state WHEN 'asked' THEN requested_at ELSE told_at END <= :latest
            RETURNING tenant_id, source_id, snapshot_id
            """)
        .param("nobody_began", NOBODY_BEGAN)
        .param("nobody_tells", NOBODY_TELLS)
        .param("now", SqlTime.of(now))
        .param("latest", SqlTime.of(now.minus(ASKED_FOR_MAX)))
        .query(
            (row, number) ->
                new Expired(
                    new TenantId(row.getObject("tenant_id", UUID.class)),
                    row.getObject("source_id", UUID.class),
                    row.getObject("snapshot_id", UUID.class)))
        .list();
  }

  /// @param tables none means all
  public record Order(UUID sourceId, UUID id, List<String> tables) {
    public Order {
      tables = List.copyOf(tables);
    }
  }

  /// What these sources' agents have to be told, one a source at most.
  public List<Order> open(Collection<UUID> sourceIds) {
    return sql.sql(
            """
            SELECT source_id, snapshot_id, tables FROM control.source_snapshot
            WHERE ended_at IS NULL AND source_id = ANY (:sources)
            """)
        .param("sources", sourceIds.toArray(UUID[]::new))
        .query(
            (row, number) ->
                new Order(
                    row.getObject("source_id", UUID.class),
                    row.getObject("snapshot_id", UUID.class),
                    List.of((String[]) row.getArray("tables").getArray())))
        .list();
  }
}
