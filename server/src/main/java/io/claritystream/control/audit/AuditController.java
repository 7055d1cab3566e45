package io.claritystream.control.audit;

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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

@RestController
@Tag(name = "Audit")
class AuditController {

  private static final String LIST = "audit";
  private static final TypeReference<Map<String, String>> DETAIL = new TypeReference<>() {};

  private final TenantTransactions transactions;
  private final JsonMapper json;

  AuditController(TenantTransactions transactions, JsonMapper json) {
    this.transactions = transactions;
    this.json = json;
  }

  @Schema(name = "AuditEntry")
  record Entry(
      UUID id,
      Instant at,
      @Schema(allowableValues = {"person", "agent", "platform"}) String actorKind,
      @Nullable UUID actorId,
      String actorName,
      String action,
      @Nullable String subjectKind,
      @Nullable String subjectId,
      Map<String, String> detail,
      @Nullable String remoteAddress) {}

  @GetMapping("/v1/audit")
  @RequiresPermission(Permission.AUDIT_READ)
  @Operation(operationId = "listAudit", summary = "Who did what in the workspace, newest first")
  Page<Entry> list(
      Caller caller,
      @RequestParam(name = "action", required = false) @Nullable String action,
      PageRequest page) {
    Optional<Cursor> after = page.after(LIST, 2);
    List<Entry> rows =
        transactions.read(
            caller.tenantId(),
            sql ->
                sql.sql(
                        """
                        SELECT audit_id, at, actor_kind, actor_id, actor_name, action,
                               subject_kind, subject_id, detail::text AS detail, remote_address
                        FROM control.audit_log
                        WHERE tenant_id = :tenant
                          AND (CAST(:action AS text) IS NULL OR action = :action)
                          AND (CAST(:at AS timestamptz) IS NULL OR (at, audit_id) < (:at, :id))
                        ORDER BY at DESC, audit_id DESC
                        LIMIT :rows
                        """)
                    .param("tenant", caller.tenantId().value())
                    .param("action", action)
                    .param("at", after.map(cursor -> SqlTime.of(cursor.instant(0))).orElse(null))
                    .param("id", after.map(cursor -> cursor.uuid(1)).orElse(null))
                    .param("rows", page.rows())
                    .query(this::entry)
                    .list());
    return Page.of(rows, page, entry -> Cursor.of(LIST, entry.at(), entry.id()));
  }

  private Entry entry(ResultSet row, int number) throws SQLException {
    return new Entry(
        row.getObject("audit_id", UUID.class),
        SqlTime.read(row, "at"),
        row.getString("actor_kind"),
        row.getObject("actor_id", UUID.class),
        row.getString("actor_name"),
        row.getString("action"),
        row.getString("subject_kind"),
        row.getString("subject_id"),
        json.readValue(row.getString("detail"), DETAIL),
        row.getString("remote_address"));
  }
}
