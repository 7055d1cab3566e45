package io.claritystream.stream.source;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.LineOfText;
import io.swagger.v3.oas.annotations.media.Schema;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// What of a source was not captured, as its agents told: `control.source_gap`. A gap is written by
/// the newest revision that came; it is never taken back.
public final class SourceGaps {
  /// More would be an agent that is out of its mind: further ones are not kept.
  private static final int PER_SOURCE_MAX = 10_000;

  private static final int WORDS_LENGTH_MAX = 1_000;
  private static final int POSITION_LENGTH_MAX = 200;

  private final JdbcClient sql;

  SourceGaps(JdbcClient sql) {
    this.sql = sql;
  }

  /// A gap as an agent tells it, with texts made fit to be stored and shown.
  ///
  /// @param from all that committed up to here was captured; empty if not known
  /// @param to all from here on is captured; empty if not known yet
  public record Gap(
      UUID id,
      int revision,
      String cause,
      String words,
      String from,
      String to,
      Instant noticedAt,
      @Nullable Instant repairedAt) {
    public Gap {
      words = LineOfText.told(words, WORDS_LENGTH_MAX);
      from = LineOfText.made(from, POSITION_LENGTH_MAX);
      to = LineOfText.made(to, POSITION_LENGTH_MAX);
    }
  }

  /// As the API shows it.
  ///
  /// @param words what the agent found
  /// @param fromPosition in the source's log: all that committed up to here was captured
  /// @param toPosition all from here on is captured; null while nothing is
  /// @param repairedAt when a snapshot taken since was whole at the agent: the read models hold
  ///     what the source holds, and only the history lacks the changes between
  @Schema(name = "SourceGap")
  record Shown(
      UUID id,
      @Schema(
              allowableValues = {
                "slot_dropped",
                "slot_moved",
                "slot_invalidated",
                "log_diverged",
                "spool_lost",
                "publication_changed",
                "log_undecodable",
                "other"
              })
          String cause,
      String words,
      @Nullable String fromPosition,
      @Nullable String toPosition,
      Instant noticedAt,
      @Nullable Instant repairedAt) {}

  /// Keeps the newest of what was told. Told twice, it is there once.
  public void store(SourceRef of, Gap gap) {
    sql.sql(
            """
            INSERT INTO control.source_gap AS g
              (source_id, gap_id, tenant_id, revision, cause, words, from_position, to_position,
               noticed_at, repaired_at)
            SELECT :source, :gap, :tenant, :revision, :cause, :words, nullif(:from, ''),
                   nullif(:to, ''), :noticed, CAST(:repaired AS timestamptz)
            WHERE (SELECT count(*) FROM control.source_gap o WHERE o.source_id = :source) < :most
               OR EXISTS (SELECT 1 FROM control.source_gap o
                          WHERE o.source_id = :source AND o.gap_id = :gap)
            ON CONFLICT (source_id, gap_id) DO UPDATE SET
              revision = excluded.revision, cause = excluded.cause, words = excluded.words,
              from_position = excluded.from_position, to_position = excluded.to_position,
              repaired_at = excluded.repaired_at
            WHERE g.revision < excluded.revision
            """)
        .param("source", of.sourceId())
        .param("gap", gap.id())
        .param("tenant", of.tenantId().value())
        .param("revision", gap.revision())
        .param("cause", gap.cause())
        .param("words", gap.words())
        .param("from", gap.from())
        .param("to", gap.to())
        .param("noticed", SqlTime.of(gap.noticedAt()))
        .param("repaired", gap.repairedAt() == null ? null : SqlTime.of(gap.repairedAt()))
        .param("most", PER_SOURCE_MAX)
        .update();
  }

  /// Where a list goes on: behind this gap.
  record After(Instant noticedAt, UUID id) {}

  /// The gaps of a source, newest first, in a transaction of the tenant.
  static List<Shown> list(
      JdbcClient sql, TenantId tenant, UUID source, @Nullable After after, int rows) {
    return sql.sql(
            """
            SELECT g.gap_id, g.cause, g.words, g.from_position, g.to_position, g.noticed_at,
                   g.repaired_at
            FROM control.source_gap g
            WHERE g.tenant_id = :tenant AND g.source_id = :source
              AND (CAST(:at AS timestamptz) IS NULL OR (g.noticed_at, g.gap_id) < (:at, :after))
            ORDER BY g.noticed_at DESC, g.gap_id DESC
            LIMIT :rows
            """)
        .param("tenant", tenant.value())
        .param("source", source)
        .param("at", after == null ? null : SqlTime.of(after.noticedAt()))
        .param("after", after == null ? null : after.id())
        .param("rows", rows)
        .query(SourceGaps::shown)
        .list();
  }

  private static Shown shown(ResultSet row, int number) throws SQLException {
    return new Shown(
        row.getObject("gap_id", UUID.class),
        row.getString("cause"),
        row.getString("words"),
        row.getString("from_position"),
        row.getString("to_position"),
        SqlTime.read(row, "noticed_at"),
        SqlTime.readNullable(row, "repaired_at"));
  }
}
