package io.claritystream.insight.dashboard;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RunsAs(ProcessRole.API)
@Tag(name = "Sites")
class SiteController {
  private static final String LIST = "sites";

  private final TenantTransactions transactions;
  private final Snapshots snapshots;
  private final Clock clock;

  SiteController(TenantTransactions transactions, Snapshots snapshots, Clock clock) {
    this.transactions = transactions;
    this.snapshots = snapshots;
    this.clock = clock;
  }

  @Schema(name = "Site")
  record Site(
      UUID id,
      UUID sourceId,
      String key,
      String name,
      int devices,
      int reporting,
      int late,
      int silent) {}

  private record Row(UUID id, UUID sourceId, String key, String name) {
    static Row of(ResultSet row, int number) throws SQLException {
      return new Row(
          row.getObject("site_id", UUID.class),
          row.getObject("source_id", UUID.class),
          row.getString("key"),
          row.getString("name"));
    }
  }

  @GetMapping("/v1/sites")
  @RequiresPermission(Permission.DEVICES_READ)
  @Operation(operationId = "listSites", summary = "Sites and how their devices report, by name")
  Page<Site> list(Caller caller, PageRequest page) {
    var after = page.after(LIST, 2);
    var rows =
        transactions.read(
            caller.tenantId(),
            sql ->
                sql.sql(
                        """
                        SELECT site_id, source_id, key, name
                        FROM analytics.sites
                        WHERE tenant_id = :tenant
                          AND (CAST(:name AS text) IS NULL
                            OR (name, site_id) > (:name, CAST(:id AS uuid)))
                        ORDER BY name, site_id
                        LIMIT :rows
                        """)
                    .param("tenant", caller.tenantId().value())
                    .param("name", after.map(cursor -> cursor.text(0)).orElse(null))
                    .param("id", after.map(cursor -> cursor.uuid(1)).orElse(null))
                    .param("rows", page.rows())
                    .query(Row::of)
                    .list());
    var counts = counts(caller);
    return Page.of(
        rows.stream().map(row -> site(row, counts.getOrDefault(row.id(), Map.of()))).toList(),
        page,
        site -> Cursor.of(LIST, site.name(), site.id()));
  }

  private Map<UUID, Map<DeviceState, Integer>> counts(Caller caller) {
    var now = clock.instant();
    var counts = new HashMap<UUID, Map<DeviceState, Integer>>();
    for (var machine : snapshots.fleet(caller.tenantId())) {
      if (machine.siteId() != null) {
        counts
            .computeIfAbsent(machine.siteId(), site -> new EnumMap<>(DeviceState.class))
            .merge(machine.state(now), 1, Integer::sum);
      }
    }
    return counts;
  }

  private static Site site(Row row, Map<DeviceState, Integer> counts) {
    return new Site(
        row.id(),
        row.sourceId(),
        row.key(),
        row.name(),
        counts.values().stream().mapToInt(Integer::intValue).sum(),
        counts.getOrDefault(DeviceState.REPORTING, 0),
        counts.getOrDefault(DeviceState.LATE, 0),
        counts.getOrDefault(DeviceState.SILENT, 0));
  }
}
