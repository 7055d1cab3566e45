package io.claritystream.insight.dashboard;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.claritystream.insight.dashboard.ExtraEntities.Entity;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RunsAs(ProcessRole.API)
@Tag(name = "Extras")
class ExtrasController {
  private final TenantTransactions transactions;

  ExtrasController(TenantTransactions transactions) {
    this.transactions = transactions;
  }

  /// @param entity what the value is of; null if it went in this moment
  @Schema(name = "Extra")
  record Extra(
      UUID entityId,
      String key,
      @Schema(allowableValues = {"text", "num", "bool", "time"}) String type,
      Object value,
      @Nullable Entity entity) {}

  @GetMapping("/v1/extras")
  @RequiresPermission(Permission.EXTRAS_READ)
  @Operation(
      operationId = "listExtras",
      summary = "Captured fields without a column of their own",
      description =
          "With a key they come by type and value, otherwise by entity and key. from and to, both"
              + " included, are for numbers or times; prefix (as it is written) and contains"
              + " (whatever the case) for texts; either needs a key or an entity_id. With contains"
              + " or a table, a page may be short, or empty, and still have one after it:"
              + " next_cursor alone says.")
  Page<Extra> list(
      Caller caller,
      @RequestParam(name = "entity_id", required = false) @Nullable UUID entityId,
      @RequestParam(name = "key", required = false) @Nullable String key,
      @RequestParam(name = "type", required = false)
          @Nullable
          @Schema(allowableValues = {"text", "num", "bool", "time"})
          String type,
      @RequestParam(name = "table", required = false) @Nullable String table,
      @RequestParam(name = "from", required = false) @Nullable String from,
      @RequestParam(name = "to", required = false) @Nullable String to,
      @RequestParam(name = "prefix", required = false) @Nullable String prefix,
      @RequestParam(name = "contains", required = false) @Nullable String contains,
      PageRequest page) {
    var filter =
        new ExtraFilter.Sent(entityId, key, type, table, from, to, prefix, contains).read();
    return transactions.read(
        caller.tenantId(),
        sql -> {
          var found = new ExtraSearch(sql, filter, page).find();
          var entities =
              ExtraEntities.of(sql, found.data().stream().map(Extras.Extra::entityId).toList());
          return new Page<>(
              found.data().stream()
                  .map(
                      extra ->
                          new Extra(
                              extra.entityId(),
                              extra.key(),
                              extra.type().key(),
                              extra.value(),
                              entities.get(extra.entityId())))
                  .toList(),
              found.nextCursor());
        });
  }
}
