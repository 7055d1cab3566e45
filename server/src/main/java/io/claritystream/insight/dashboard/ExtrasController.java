package io.claritystream.insight.dashboard;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RunsAs(ProcessRole.API)
@Tag(name = "Extras")
class ExtrasController {
  private static final String LIST = "extras";
  private static final int KEY_CHARS_MAX = 200;
  private static final Set<String> TYPES = Set.of("text", "num", "bool", "time");

  private final TenantTransactions transactions;

  ExtrasController(TenantTransactions transactions) {
    this.transactions = transactions;
  }

  @Schema(name = "Extra")
  record Extra(
      UUID entityId,
      String key,
      @Schema(allowableValues = {"text", "num", "bool", "time"}) String type,
      Object value,
      long updatedSeq) {}

  @GetMapping("/v1/extras")
  @RequiresPermission(Permission.EXTRAS_READ)
  @Operation(operationId = "listExtras", summary = "Captured fields without a column of their own")
  Page<Extra> list(
      Caller caller,
      @RequestParam(name = "entity_id", required = false) @Nullable UUID entityId,
      @RequestParam(name = "key", required = false) @Nullable String key,
      @RequestParam(name = "type", required = false)
          @Nullable
          @Schema(allowableValues = {"text", "num", "bool", "time"})
          String type,
      PageRequest page) {
    if (key != null && key.length() > KEY_CHARS_MAX) {
      throw Problem.invalid("key", "must have at most " + KEY_CHARS_MAX + " characters");
    }
    if (type != null && !TYPES.contains(type)) {
      throw Problem.invalid("type", "must be text, num, bool or time");
    }
    var after =
        page.after(LIST, 2)
            .map(cursor -> new Extras.After(cursor.uuid(0), cursor.text(1)))
            .orElse(null);
    var rows =
        transactions.read(
            caller.tenantId(),
            sql ->
                Extras.read(sql, entityId, key, type, after, page.rows()).stream()
                    .map(
                        extra ->
                            new Extra(
                                extra.entityId(),
                                extra.key(),
                                extra.type(),
                                extra.value(),
                                extra.seq()))
                    .toList());
    return Page.of(rows, page, extra -> Cursor.of(LIST, extra.entityId(), extra.key()));
  }
}
