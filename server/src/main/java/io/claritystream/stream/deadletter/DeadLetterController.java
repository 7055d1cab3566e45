package io.claritystream.stream.deadletter;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.RequiresPermission;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Dead letters")
class DeadLetterController {
  private static final String LIST = "dead-letters";

  private static final String SELECT =
      """
      SELECT dead_letter_id, source_id, table_name, epoch, seq, seq_end, lsn, cause, sqlstate, detail,
        sample, at,
        (SELECT q.row_key
         FROM analytics.model m
         JOIN control.quarantine q USING (model_id)
         WHERE m.source_id = l.source_id AND m.state = 'live'
           AND q.table_name = l.table_name AND q.row_key = l.row_key) AS row_key
      FROM control.dead_letter l
      WHERE tenant_id = :tenant
        AND (CAST(:source AS uuid) IS NULL OR source_id = :source)
        AND (CAST(:at AS timestamptz) IS NULL OR (at, dead_letter_id) < (:at, :id))
      ORDER BY at DESC, dead_letter_id DESC
      LIMIT :rows
      """;

  private final TenantTransactions transactions;

  DeadLetterController(TenantTransactions transactions) {
    this.transactions = transactions;
  }

  /// @param table absent where a whole batch could not be decoded
  /// @param rowKey the row that is not folded any more until this is dealt with
  /// @param seqEnd the last number of the range, `seq` for one event
  /// @param sample the beginning of the payload
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
      @Schema(
              allowableValues = {
                "refused_by_database",
                "mapping_failed",
                "too_many_in_batch",
                "row_in_quarantine",
                "payload_wrapped",
                "not_in_bronze",
                "batch_corrupt"
              })
          String cause,
      @Nullable String sqlstate,
      String detail,
      String sample,
      Instant at) {}

  @GetMapping("/v1/dead-letters")
  @RequiresPermission(Permission.DEAD_LETTERS_READ)
  @Operation(
      operationId = "listDeadLetters",
      summary = "The events that could not be folded into what is shown, newest first")
  Page<Letter> list(
      Caller caller,
      @RequestParam(name = "source_id", required = false) @Nullable UUID sourceId,
      PageRequest page) {
    var after = page.after(LIST, 2);
    var rows =
        transactions.read(
            caller.tenantId(),
            sql ->
                sql.sql(SELECT)
                    .param("tenant", caller.tenantId().value())
                    .param("source", sourceId)
                    .param("at", after.map(cursor -> SqlTime.of(cursor.instant(0))).orElse(null))
                    .param("id", after.map(cursor -> cursor.uuid(1)).orElse(null))
                    .param("rows", page.rows())
                    .query(DeadLetterController::letter)
                    .list());
    return Page.of(rows, page, letter -> Cursor.of(LIST, letter.at(), letter.id()));
  }

  private static Letter letter(ResultSet row, int number) throws SQLException {
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
        SqlTime.read(row, "at"));
  }
}
