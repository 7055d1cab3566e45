package io.claritystream.stream.deadletter;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.RequiresPermission;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient.StatementSpec;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Dead letters")
class DeadLetterController {
  private static final String LIST = "dead-letters";

  /// Of the letters `l` those that are asked for.
  private static final String ASKED =
      """
      WHERE tenant_id = :tenant
        AND (CAST(:source AS uuid) IS NULL OR source_id = :source)
        AND (CAST(:table AS text) IS NULL OR table_name = :table)
        AND (CAST(:cause AS text) IS NULL OR cause = :cause)
        AND (CAST(:sqlstate AS text) IS NULL OR sqlstate = :sqlstate)
        AND (CAST(:from AS timestamptz) IS NULL OR at >= :from)
        AND (CAST(:to AS timestamptz) IS NULL OR at < :to)
      """;

  /// Of the same failure of the same row in several epochs only the newest. One that no mending has
  /// settled tells more than one that is settled, however new that is: a
  /// copy that is not shown yet settles what it adds, while the older letter is of what is shown.
  private static final String ONCE =
      """
        AND NOT EXISTS (
          SELECT FROM control.dead_letter n
          WHERE n.source_id = l.source_id AND n.failure = l.failure AND n.epoch <> l.epoch
            AND (n.settled_at IS NULL, n.epoch) > (l.settled_at IS NULL, l.epoch)
            AND (n.epoch > l.epoch OR CAST(:from AS timestamptz) IS NULL OR n.at >= :from)
            AND (CAST(:to AS timestamptz) IS NULL OR n.at < :to))
      """;

  private static final String WANTED =
      ASKED + " AND (settled_at IS NOT NULL OR dismissed_at IS NOT NULL) = :settled\n" + ONCE;

  static final String COLUMNS =
      """
      SELECT dead_letter_id, source_id, table_name, epoch, seq, seq_end, lsn, cause, sqlstate, detail,
        sample, at, settled_at, dismissed_at, dismissed_by_name,
        settled_at IS NULL AND dismissed_at IS NULL AS dismissible,
        (SELECT q.row_key
         FROM analytics.model m
         JOIN control.quarantine q USING (model_id)
         WHERE m.source_id = l.source_id AND m.state = 'live'
           AND q.table_name = l.table_name AND q.row_key IN (l.row_key, l.row_key_before)
         ORDER BY q.row_key = l.row_key DESC
         LIMIT 1) AS row_key,
        (SELECT count(DISTINCT b.epoch)
         FROM control.dead_letter b
         WHERE b.source_id = l.source_id AND b.failure = l.failure
           AND b.epoch < l.epoch) AS epochs_before
      FROM control.dead_letter l
      """;

  private static final String SELECT =
      COLUMNS
          + WANTED
          + """
        AND (CAST(:at AS timestamptz) IS NULL OR (at, dead_letter_id) < (:at, :id))
      ORDER BY at DESC, dead_letter_id DESC
      LIMIT :rows
      """;

  private static final String STATES =
      """
      SELECT count(*) FILTER (WHERE settled_at IS NULL AND dismissed_at IS NULL) AS open,
        count(*) FILTER (WHERE settled_at IS NOT NULL OR dismissed_at IS NOT NULL) AS settled
      FROM control.dead_letter l
      """
          + ASKED
          + ONCE;

  private static final int GROUPS_MAX = 500;

  /// The sample is the newest letter's.
  private static final String GROUPS =
      """
      SELECT source_id, table_name, cause, sqlstate, count(*) AS letters,
        sum(seq_end - seq + 1)::bigint AS events,
        min((SELECT min(b.at)
             FROM control.dead_letter b
             WHERE b.source_id = l.source_id AND b.failure = l.failure)) AS first_at,
        max(at) AS last_at,
        (array_agg(dead_letter_id ORDER BY at DESC, dead_letter_id DESC))[1] AS newest
      FROM control.dead_letter l
      """
          + WANTED
          + """
      GROUP BY source_id, table_name, cause, sqlstate
      """;

  private static final String GROUPS_WITH_SAMPLES =
      """
      SELECT g.source_id, g.table_name, g.cause, g.sqlstate, g.letters, g.events, g.first_at,
        g.last_at, l.lsn, l.epoch, l.seq, l.detail, l.sample
      FROM (
      """
          + GROUPS
          + """
      ) g
      JOIN control.dead_letter l ON l.dead_letter_id = g.newest
      ORDER BY g.last_at DESC, l.dead_letter_id DESC
      LIMIT :rows
      """;

  private static final String DROPPED =
      """
      SELECT source_id, letters, newest_at
      FROM control.dead_letter_dropped
      WHERE tenant_id = :tenant AND (CAST(:source AS uuid) IS NULL OR source_id = :source)
      ORDER BY source_id
      LIMIT :rows
      """;

  private static final int TEXT_CHARS_MAX = 200;

  private final TenantTransactions transactions;

  DeadLetterController(TenantTransactions transactions) {
    this.transactions = transactions;
  }

  /// @param table absent where a whole batch could not be decoded, and for a range of several
  ///     tables
  /// @param rowKey the row that is not folded any more until an event tells it whole or takes it
  ///     away, dismissed or not; of a change of a key perhaps the one that had the old key
  /// @param seqEnd the last number of the range, `seq` for one event
  /// @param sample the beginning of the payload
  /// @param settledAt when what is shown held nothing of the failure any more: its row was mended
  ///     or taken away at the source, its table was emptied or read again, or it was built anew
  /// @param dismissedAt when a person said that it need not be seen any more
  /// @param dismissedBy that person's name of then
  /// @param dismissible whether it is open, so that a person may dismiss it
  /// @param epochsBefore in how many epochs before this one the same row failed in the same way;
  ///     those letters are not listed
  @Schema(name = "DeadLetter")
  record Letter(
      UUID id,
      UUID sourceId,
      @Nullable String table,
      @Nullable String rowKey,
      int epoch,
      long seq,
      long seqEnd,
      @Nullable String lsn,
      @Schema(implementation = Cause.class) String cause,
      @Nullable String sqlstate,
      String detail,
      String sample,
      int epochsBefore,
      Instant at,
      @Nullable Instant settledAt,
      @Nullable Instant dismissedAt,
      @Nullable String dismissedBy,
      boolean dismissible) {}

  /// Letters of one cause, table and SQLSTATE. What is said of one event is said of the newest.
  ///
  /// @param letters how many there are; one may stand for a range
  /// @param events how many numbers their ranges have
  @Schema(name = "DeadLetterGroup")
  record Group(
      UUID sourceId,
      @Nullable String table,
      @Schema(implementation = Cause.class) String cause,
      @Nullable String sqlstate,
      long letters,
      long events,
      Instant firstAt,
      Instant lastAt,
      @Nullable String lsn,
      int epoch,
      long seq,
      String detail,
      String sample) {}

  /// @param letters of the source that are gone, because they were too old or too many
  /// @param newestAt when the newest of them was found
  @Schema(name = "DroppedDeadLetters")
  record Dropped(UUID sourceId, long letters, Instant newestAt) {}

  /// @param letters in all groups that are shown
  /// @param openLetters of all groups, as they are asked for, that are open
  /// @param settledLetters those that are settled or dismissed
  /// @param truncated whether there are more groups than are shown
  /// @param keptDays after which a letter is dropped
  /// @param keptLettersMax of one source; the oldest beyond it are dropped
  @Schema(name = "DeadLetterGroups")
  record Groups(
      List<Group> data,
      long letters,
      long openLetters,
      long settledLetters,
      boolean truncated,
      List<Dropped> dropped,
      long keptDays,
      int keptLettersMax) {}

  private record Filter(
      Caller caller,
      @Nullable UUID source,
      @Nullable String table,
      @Nullable String cause,
      @Nullable String sqlstate,
      @Nullable Instant from,
      @Nullable Instant to,
      boolean settled) {
    Filter {
      if (table != null && table.length() > TEXT_CHARS_MAX) {
        throw Problem.invalid("table", "must have at most " + TEXT_CHARS_MAX + " characters");
      }
      if (cause != null && Arrays.stream(Cause.values()).noneMatch(c -> c.key().equals(cause))) {
        throw Problem.invalid(
            "cause",
            "must be one of "
                + Arrays.stream(Cause.values()).map(Cause::key).collect(Collectors.joining(", ")));
      }
      if (sqlstate != null && !sqlstate.matches("[0-9A-Z]{5}")) {
        throw Problem.invalid("sqlstate", "must be five capital letters or digits, as 22003");
      }
      if (from != null && to != null && !from.isBefore(to)) {
        throw Problem.invalid("to", "must be after from");
      }
    }

    StatementSpec bind(StatementSpec statement) {
      return statement
          .param("tenant", caller.tenantId().value())
          .param("source", source)
          .param("table", table)
          .param("cause", cause)
          .param("sqlstate", sqlstate)
          .param("settled", settled)
          .param("from", from == null ? null : SqlTime.of(from))
          .param("to", to == null ? null : SqlTime.of(to));
    }
  }

  @GetMapping("/v1/dead-letters")
  @RequiresPermission(Permission.DEAD_LETTERS_READ)
  @Operation(
      operationId = "listDeadLetters",
      summary = "The events that could not be folded into what is shown, newest first",
      description =
          "A row that fails in the same way in each epoch that brings it again is listed once, with"
              + " its newest letter. A letter is settled once what is shown holds nothing of the"
              + " failure any more: its row was mended or taken away at the source, its table was"
              + " emptied or read again, or it was built anew and could be folded. What is open a"
              + " person may dismiss.")
  Page<Letter> list(
      Caller caller,
      @RequestParam(name = "source_id", required = false) @Nullable UUID sourceId,
      @RequestParam(name = "table", required = false) @Nullable String table,
      @RequestParam(name = "cause", required = false)
          @Nullable
          @Schema(implementation = Cause.class)
          String cause,
      @RequestParam(name = "sqlstate", required = false) @Nullable String sqlstate,
      @RequestParam(name = "from", required = false) @Nullable Instant from,
      @RequestParam(name = "to", required = false) @Nullable Instant to,
      @Parameter(
              description = "Those that are settled or dismissed, in place of those that are open")
          @RequestParam(name = "settled", defaultValue = "false")
          boolean settled,
      PageRequest page) {
    var filter = new Filter(caller, sourceId, table, cause, sqlstate, from, to, settled);
    var after = page.after(LIST, 2);
    var rows =
        transactions.read(
            caller.tenantId(),
            sql ->
                filter
                    .bind(sql.sql(SELECT))
                    .param("at", after.map(cursor -> SqlTime.of(cursor.instant(0))).orElse(null))
                    .param("id", after.map(cursor -> cursor.uuid(1)).orElse(null))
                    .param("rows", page.rows())
                    .query(DeadLetterController::letter)
                    .list());
    return Page.of(rows, page, letter -> Cursor.of(LIST, letter.at(), letter.id()));
  }

  @GetMapping("/v1/dead-letters/groups")
  @RequiresPermission(Permission.DEAD_LETTERS_READ)
  @Operation(
      operationId = "listDeadLetterGroups",
      summary = "The same by source, table, cause and SQLSTATE, with exact counts",
      description =
          "Also says how many are open and how many settled, and how many are gone because they"
              + " were too old or too many.")
  Groups groups(
      Caller caller,
      @RequestParam(name = "source_id", required = false) @Nullable UUID sourceId,
      @RequestParam(name = "table", required = false) @Nullable String table,
      @RequestParam(name = "cause", required = false)
          @Nullable
          @Schema(implementation = Cause.class)
          String cause,
      @RequestParam(name = "sqlstate", required = false) @Nullable String sqlstate,
      @RequestParam(name = "from", required = false) @Nullable Instant from,
      @RequestParam(name = "to", required = false) @Nullable Instant to,
      @Parameter(
              description = "Those that are settled or dismissed, in place of those that are open")
          @RequestParam(name = "settled", defaultValue = "false")
          boolean settled) {
    var filter = new Filter(caller, sourceId, table, cause, sqlstate, from, to, settled);
    return transactions.read(
        caller.tenantId(),
        sql -> {
          var groups =
              filter
                  .bind(sql.sql(GROUPS_WITH_SAMPLES))
                  .param("rows", GROUPS_MAX + 1)
                  .query(DeadLetterController::group)
                  .list();
          var dropped =
              sql.sql(DROPPED)
                  .param("tenant", caller.tenantId().value())
                  .param("source", sourceId)
                  .param("rows", GROUPS_MAX)
                  .query(DeadLetterController::dropped)
                  .list();
          var states = filter.bind(sql.sql(STATES)).query(DeadLetterController::states).single();
          var more = groups.size() > GROUPS_MAX;
          var shown = more ? groups.subList(0, GROUPS_MAX) : groups;
          return new Groups(
              shown,
              shown.stream().mapToLong(Group::letters).sum(),
              states.open(),
              states.settled(),
              more,
              dropped,
              DeadLetterRetention.KEPT_FOR.toDays(),
              DeadLetterRetention.LETTERS_MAX);
        });
  }

  private static Group group(ResultSet row, int number) throws SQLException {
    return new Group(
        row.getObject("source_id", UUID.class),
        row.getString("table_name"),
        row.getString("cause"),
        row.getString("sqlstate"),
        row.getLong("letters"),
        row.getLong("events"),
        SqlTime.read(row, "first_at"),
        SqlTime.read(row, "last_at"),
        row.getString("lsn"),
        row.getInt("epoch"),
        row.getLong("seq"),
        row.getString("detail"),
        row.getString("sample"));
  }

  private record States(long open, long settled) {}

  private static States states(ResultSet row, int number) throws SQLException {
    return new States(row.getLong("open"), row.getLong("settled"));
  }

  private static Dropped dropped(ResultSet row, int number) throws SQLException {
    return new Dropped(
        row.getObject("source_id", UUID.class),
        row.getLong("letters"),
        SqlTime.read(row, "newest_at"));
  }

  static Letter letter(ResultSet row, int number) throws SQLException {
    return new Letter(
        row.getObject("dead_letter_id", UUID.class),
        row.getObject("source_id", UUID.class),
        row.getString("table_name"),
        row.getString("row_key"),
        row.getInt("epoch"),
        row.getLong("seq"),
        row.getLong("seq_end"),
        row.getString("lsn"),
        row.getString("cause"),
        row.getString("sqlstate"),
        row.getString("detail"),
        row.getString("sample"),
        row.getInt("epochs_before"),
        SqlTime.read(row, "at"),
        SqlTime.readNullable(row, "settled_at"),
        SqlTime.readNullable(row, "dismissed_at"),
        row.getString("dismissed_by_name"),
        row.getBoolean("dismissible"));
  }
}
