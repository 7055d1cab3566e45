package io.claritystream.insight.dashboard;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
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
import io.claritystream.insight.dashboard.Fleet.After;
import io.claritystream.insight.dashboard.Fleet.Filter;
import io.claritystream.insight.dashboard.Fleet.Machine;
import io.claritystream.stream.source.SourceStates;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RunsAs(ProcessRole.API)
@Tag(name = "Devices")
class DeviceController {
  private static final String LIST = "devices";
  private static final int QUERY_CHARS_MAX = 100;

  /// With a filter by state, how many devices are looked at for one page at most; the next page
  /// begins behind them.
  private static final int SCANNED_MAX = 20_000;

  private static final int SCANNED_AT_A_TIME = 1_000;
  private static final int METRICS_MAX = 2_000;
  private static final int ATTRIBUTES_MAX = 2_000;

  private static final String METRICS =
      """
      SELECT k.key, k.name, k.unit, newest.value_last, newest.last_at
      FROM analytics.series s
      JOIN analytics.metric_key k ON k.metric_id = s.metric_id
      LEFT JOIN LATERAL (
        SELECT m.value_last, m.last_at
        FROM analytics.metrics_min m
        WHERE m.series_id = s.series_id
        ORDER BY m.bucket DESC
        LIMIT 1
      ) newest ON true
      WHERE s.tenant_id = :tenant AND s.device_id = :device
      ORDER BY k.key
      LIMIT :rows
      """;

  private final TenantTransactions transactions;
  private final SourceStates states;
  private final Clock clock;

  DeviceController(TenantTransactions transactions, SourceStates states, Clock clock) {
    this.transactions = transactions;
    this.states = states;
    this.clock = clock;
  }

  @Schema(name = "Device")
  record Device(
      UUID id,
      String key,
      String name,
      @Nullable String kind,
      @Nullable UUID siteId,
      @Nullable String siteName,
      UUID sourceId,
      DeviceState state,
      @Nullable Instant lastEventAt,
      @Nullable Long ageS,
      long expectedIntervalS,
      int metrics) {

    static Device of(Machine machine, Instant now) {
      return new Device(
          machine.id(),
          machine.key(),
          machine.name(),
          machine.kind(),
          machine.siteId(),
          machine.siteName(),
          machine.sourceId(),
          machine.state(now),
          machine.lastAt(),
          machine.ageS(now),
          machine.interval().toSeconds(),
          machine.metrics());
    }
  }

  @Schema(name = "DeviceMetric")
  record DeviceMetric(
      String key,
      String name,
      @Nullable String unit,
      @Nullable BigDecimal lastValue,
      @Nullable Instant lastAt) {}

  /// A key of an attribute that has values of another type with other devices, or rows, of its
  /// table.
  ///
  /// @param type of this device's value
  @Schema(name = "MixedAttribute")
  record MixedAttribute(
      String key,
      String table,
      @Schema(allowableValues = {"text", "num", "bool", "time"}) String type,
      List<ExtraKeyController.KeyType> types) {}

  /// @param attributeTypes what each attribute is, as JSON tells a time and a text apart by
  ///     nothing: `text`, `num`, `bool` or `time`
  /// @param mixedAttributes those of the attributes whose keys have values of several types
  @Schema(name = "DeviceDetail")
  record DeviceDetail(
      UUID id,
      String key,
      String name,
      @Nullable String kind,
      @Nullable UUID siteId,
      @Nullable String siteName,
      UUID sourceId,
      DeviceState state,
      @Nullable Instant lastEventAt,
      @Nullable Long ageS,
      long expectedIntervalS,
      Map<String, Object> attributes,
      Map<String, String> attributeTypes,
      List<MixedAttribute> mixedAttributes,
      List<DeviceMetric> metrics) {}

  @GetMapping("/v1/devices")
  @RequiresPermission(Permission.DEVICES_READ)
  @Operation(
      operationId = "listDevices",
      summary = "Devices and how they report, by name",
      description =
          "With a state, a page may be short, or empty, and still have one after it: next_cursor"
              + " alone says.")
  Page<Device> list(
      Caller caller,
      @RequestParam(name = "site_id", required = false) @Nullable UUID siteId,
      @RequestParam(name = "state", required = false)
          @Nullable
          @Schema(allowableValues = {"reporting", "late", "silent", "never", "loading", "removed"})
          String state,
      @RequestParam(name = "q", required = false) @Nullable String q,
      PageRequest page) {
    if (q != null && q.length() > QUERY_CHARS_MAX) {
      throw Problem.invalid("q", "must have at most " + QUERY_CHARS_MAX + " characters");
    }
    var wanted = state == null ? null : stateOf(state);
    var after =
        page.after(LIST, 2).map(cursor -> new After(cursor.text(0), cursor.uuid(1))).orElse(null);
    var filter = new Filter(siteId, q == null || q.isBlank() ? null : q.strip(), null);
    var now = clock.instant();
    var tenant = caller.tenantId();
    var found =
        transactions.read(
            tenant,
            sql ->
                wanted == null
                    ? Part.of(
                        Fleet.read(sql, states, tenant, filter, after, page.rows(), now), page)
                    : inState(sql, tenant, filter, wanted, after, page.limit(), now));
    var next = found.next();
    return new Page<>(
        found.machines().stream().map(machine -> Device.of(machine, now)).toList(),
        next == null ? null : Cursor.of(LIST, next.name(), next.id()).encode());
  }

  /// @param next behind which the list goes on; null at its end
  private record Part(List<Machine> machines, @Nullable After next) {
    static Part of(List<Machine> rows, PageRequest page) {
      if (rows.size() <= page.limit()) {
        return new Part(rows, null);
      }
      var shown = rows.subList(0, page.limit());
      return new Part(shown, behind(shown.getLast()));
    }
  }

  private static After behind(Machine machine) {
    return new After(machine.name(), machine.id());
  }

  private Part inState(
      JdbcClient sql,
      TenantId tenant,
      Filter filter,
      DeviceState wanted,
      @Nullable After after,
      int limit,
      Instant now) {
    var found = new ArrayList<Machine>();
    var from = after;
    for (var scanned = 0; scanned < SCANNED_MAX; scanned += SCANNED_AT_A_TIME) {
      var some = Fleet.read(sql, states, tenant, filter, from, SCANNED_AT_A_TIME, now);
      for (var machine : some) {
        if (machine.state(now) == wanted) {
          if (found.size() == limit) {
            return new Part(found, behind(found.getLast()));
          }
          found.add(machine);
        }
      }
      if (some.size() < SCANNED_AT_A_TIME) {
        return new Part(found, null);
      }
      from = behind(some.getLast());
    }
    return new Part(found, from);
  }

  private static DeviceState stateOf(String text) {
    for (var state : DeviceState.values()) {
      if (state.name().toLowerCase(Locale.ROOT).equals(text)) {
        return state;
      }
    }
    throw Problem.invalid("state", "must be reporting, late, silent, never, loading or removed");
  }

  @GetMapping("/v1/devices/{id}")
  @RequiresPermission(Permission.DEVICES_READ)
  @Operation(operationId = "getDevice", summary = "A device, its attributes and newest values")
  DeviceDetail get(Caller caller, @PathVariable("id") UUID id) {
    var now = clock.instant();
    var tenant = caller.tenantId();
    return transactions.read(
        tenant,
        sql -> {
          var device =
              Fleet.find(sql, states, tenant, id, now)
                  .orElseThrow(() -> Problem.notFound("device", id));
          var metrics =
              sql.sql(METRICS)
                  .param("tenant", tenant.value())
                  .param("device", id)
                  .param("rows", METRICS_MAX)
                  .query(DeviceController::metric)
                  .list();
          var attributes = new TreeMap<String, Object>();
          var types = new HashMap<String, ExtraType>();
          for (var extra : Extras.of(sql, id, ATTRIBUTES_MAX)) {
            attributes.put(extra.key(), extra.value());
            types.put(extra.key(), extra.type());
          }
          return new DeviceDetail(
              device.id(),
              device.key(),
              device.name(),
              device.kind(),
              device.siteId(),
              device.siteName(),
              device.sourceId(),
              device.state(now),
              device.lastAt(),
              device.ageS(now),
              device.interval().toSeconds(),
              attributes,
              typeKeys(types),
              mixed(sql, id, types),
              metrics);
        });
  }

  private static Map<String, String> typeKeys(Map<String, ExtraType> types) {
    var keys = new TreeMap<String, String>();
    types.forEach((key, type) -> keys.put(key, type.key()));
    return keys;
  }

  private static List<MixedAttribute> mixed(
      JdbcClient sql, UUID device, Map<String, ExtraType> types) {
    return ExtraKeys.mixedOf(sql, device, types.keySet()).stream()
        .map(
            key ->
                new MixedAttribute(
                    key.key(),
                    key.table(),
                    types.getOrDefault(key.key(), ExtraType.TEXT).key(),
                    ExtraKeyController.types(key)))
        .toList();
  }

  private static DeviceMetric metric(ResultSet row, int number) throws SQLException {
    var unit = row.getString("unit");
    return new DeviceMetric(
        row.getString("key"),
        row.getString("name"),
        unit.isEmpty() ? null : unit,
        row.getBigDecimal("value_last"),
        SqlTime.readNullable(row, "last_at"));
  }
}
