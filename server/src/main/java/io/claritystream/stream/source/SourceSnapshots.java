package io.claritystream.stream.source;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.http.LineOfText;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/// New snapshots that people have ordered: `control.source_snapshot`. An order is said to the
/// source's agent, whenever that is there, until it tells that it has ended.
///
/// ```
/// asked    the agent has begun                          running
/// asked    the agent does not capture a table of it     failed
/// running  all its rows are captured                    done
/// ```
public final class SourceSnapshots {
  private static final int REASON_LENGTH_MAX = 1_000;

  private final JdbcClient sql;
  private final Clock clock;

  SourceSnapshots(JdbcClient sql, Clock clock) {
    this.sql = sql;
    this.clock = clock;
  }

  public enum State {
    ASKED,
    RUNNING,
    DONE,
    FAILED
  }

  /// How an agent says that one stands, with text made fit to be stored and shown.
  public record Told(UUID id, State state, String reason, int tablesDone, int tablesTotal) {
    public Told {
      reason = LineOfText.made(reason, REASON_LENGTH_MAX);
    }
  }

  /// Keeps what was told; one that has ended stays as it is.
  public void store(SourceRef of, Told told) {
    sql.sql(
            """
            UPDATE control.source_snapshot
            SET state = :state, reason = nullif(:reason, ''), tables_done = :done,
                tables_total = :total,
                started_at = CASE WHEN :state = 'asked' THEN started_at
                                  ELSE coalesce(started_at, :now) END,
                ended_at = CASE WHEN :state IN ('done', 'failed') THEN CAST(:now AS timestamptz) END
            WHERE source_id = :source AND snapshot_id = :snapshot AND ended_at IS NULL
              AND (state, coalesce(reason, ''), tables_done, tables_total)
                  IS DISTINCT FROM (:state, :reason, :done, :total)
            """)
        .param("state", told.state().name().toLowerCase(Locale.ROOT))
        .param("reason", told.reason())
        .param("done", told.tablesDone())
        .param("total", told.tablesTotal())
        .param("now", SqlTime.of(clock.instant()))
        .param("source", of.sourceId())
        .param("snapshot", told.id())
        .update();
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
