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
import io.claritystream.insight.dashboard.ExtraEntities.Entity;
import io.claritystream.insight.dashboard.ExtraKeys.After;
import io.claritystream.insight.dashboard.ExtraKeys.Example;
import io.claritystream.insight.dashboard.ExtraKeys.Filter;
import io.claritystream.insight.dashboard.ExtraKeys.Key;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/// The keys of extras, and those of them whose values have several types.
@RestController
@RunsAs(ProcessRole.API)
@Tag(name = "Extras")
class ExtraKeyController {
  private static final String KEYS = "extra-keys";
  private static final String CONFLICTS = "extra-conflicts";
  private static final int CHARS_MAX = 200;

  private final TenantTransactions transactions;

  ExtraKeyController(TenantTransactions transactions) {
    this.transactions = transactions;
  }

  /// @param entities how many have a value of the type
  @Schema(name = "ExtraKeyType")
  record KeyType(
      @Schema(allowableValues = {"text", "num", "bool", "time"}) String type, long entities) {}

  /// @param table whose rows say the values: for a key that begins with it, those of readings
  @Schema(name = "ExtraKey")
  record ExtraKey(UUID sourceId, String table, String key, List<KeyType> types) {}

  /// @param entities how many have a value of the type
  /// @param sample the first of its values; null where other tables have the key too and none of
  ///     the values looked through is this one's. A long text is cut.
  /// @param examples the entities of the first values, three at most
  @Schema(name = "ExtraConflictType")
  record ConflictType(
      @Schema(allowableValues = {"text", "num", "bool", "time"}) String type,
      long entities,
      @Nullable Object sample,
      List<Entity> examples) {}

  /// @param table whose rows say the values: for a key that begins with it, those of readings
  @Schema(name = "ExtraConflict")
  record Conflict(UUID sourceId, String table, String key, List<ConflictType> types) {}

  @GetMapping("/v1/extras/keys")
  @RequiresPermission(Permission.EXTRAS_READ)
  @Operation(
      operationId = "listExtraKeys",
      summary = "The keys of captured fields without a column of their own, and their types",
      description = "By source, table and key; key_prefix as it is written.")
  Page<ExtraKey> keys(
      Caller caller,
      @RequestParam(name = "source_id", required = false) @Nullable UUID sourceId,
      @RequestParam(name = "table", required = false) @Nullable String table,
      @RequestParam(name = "key_prefix", required = false) @Nullable String keyPrefix,
      PageRequest page) {
    var filter = filter(sourceId, table, keyPrefix);
    var after = after(KEYS, page);
    var found =
        transactions.read(
            caller.tenantId(),
            sql ->
                Page.of(ExtraKeys.all(sql, filter, after, page), page, key -> cursor(KEYS, key)));
    return new Page<>(
        found.data().stream()
            .map(key -> new ExtraKey(key.sourceId(), key.table(), key.key(), types(key)))
            .toList(),
        found.nextCursor());
  }

  @GetMapping("/v1/extras/conflicts")
  @RequiresPermission(Permission.EXTRAS_READ)
  @Operation(
      operationId = "listExtraConflicts",
      summary = "Keys whose values have several types within a table",
      description =
          "By source, table and key. Values of each type are kept apart and all of them are found"
              + " by /v1/extras; a key is listed until the last value of all types but one is"
              + " gone. key_prefix as it is written.")
  Page<Conflict> conflicts(
      Caller caller,
      @RequestParam(name = "source_id", required = false) @Nullable UUID sourceId,
      @RequestParam(name = "table", required = false) @Nullable String table,
      @RequestParam(name = "key_prefix", required = false) @Nullable String keyPrefix,
      PageRequest page) {
    var filter = filter(sourceId, table, keyPrefix);
    var after = after(CONFLICTS, page);
    return transactions.read(
        caller.tenantId(),
        sql -> {
          var found =
              Page.of(
                  ExtraKeys.mixed(sql, filter, after, page), page, key -> cursor(CONFLICTS, key));
          var examples = ExtraKeys.examples(sql, found.data());
          var ids = new ArrayList<UUID>();
          examples
              .values()
              .forEach(
                  types ->
                      types.values().forEach(each -> each.forEach(one -> ids.add(one.entityId()))));
          var entities = ExtraEntities.of(sql, ids);
          return new Page<>(
              found.data().stream()
                  .map(key -> conflict(key, examples.getOrDefault(key, Map.of()), entities))
                  .toList(),
              found.nextCursor());
        });
  }

  static List<KeyType> types(Key key) {
    return key.entities().entrySet().stream()
        .map(type -> new KeyType(type.getKey().key(), type.getValue()))
        .toList();
  }

  private static Conflict conflict(
      Key key, Map<ExtraType, List<Example>> examples, Map<UUID, Entity> entities) {
    var types = new ArrayList<ConflictType>();
    key.entities()
        .forEach(
            (type, count) -> {
              var first = examples.getOrDefault(type, List.of());
              types.add(
                  new ConflictType(
                      type.key(),
                      count,
                      first.isEmpty() ? null : first.getFirst().value(),
                      first.stream()
                          .map(example -> entities.get(example.entityId()))
                          .filter(Objects::nonNull)
                          .toList()));
            });
    return new Conflict(key.sourceId(), key.table(), key.key(), types);
  }

  private static Filter filter(
      @Nullable UUID source, @Nullable String table, @Nullable String prefix) {
    limit("table", table);
    limit("key_prefix", prefix);
    return new Filter(source, table, prefix == null || prefix.isEmpty() ? null : prefix);
  }

  private static void limit(String name, @Nullable String text) {
    if (text != null && text.length() > CHARS_MAX) {
      throw Problem.invalid(name, "must have at most " + CHARS_MAX + " characters");
    }
  }

  private static @Nullable After after(String list, PageRequest page) {
    return page.after(list, 3)
        .map(
            cursor ->
                new After(
                    cursor.uuid(0),
                    ExtraSearch.text(cursor.text(1)),
                    ExtraSearch.text(cursor.text(2))))
        .orElse(null);
  }

  private static Cursor cursor(String list, Key key) {
    return Cursor.of(
        list, key.sourceId(), ExtraSearch.encoded(key.table()), ExtraSearch.encoded(key.key()));
  }
}
