package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.source.SourceRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The tables of one model, and the plans of their versions: those that events come with, and those
/// that stored rows were made with.
final class Plans {
  private record Version(int tableId, int version) {}

  private final SourceModel model;
  private final Dictionary dictionary;
  private final SourceTables sourceTables;
  private final Map<Long, TablePlan> byFingerprint = new HashMap<>();
  private final Map<Version, TablePlan> byVersion = new HashMap<>();
  private final Map<String, ModelTable> tables = new HashMap<>();
  private final Map<Integer, ModelTable> tablesById = new HashMap<>();
  private final Map<String, KeySpace> keySpaces = new HashMap<>();
  private @Nullable Connection connection;
  private boolean loaded;
  private String tableIds = "{}";
  private @Nullable TableSchema lastSchema;
  private @Nullable TablePlan lastPlan;

  Plans(SourceModel model, Dictionary dictionary, SourceTables sourceTables) {
    this.model = model;
    this.dictionary = dictionary;
    this.sourceTables = sourceTables;
  }

  /// The connection whose transaction the next questions are of.
  void within(Connection transaction) {
    connection = transaction;
  }

  TablePlan of(SourceRef source, ChangeEvent event) throws SQLException {
    var schema = event.schema();
    var last = lastPlan;
    if (schema == lastSchema && last != null) {
      return last;
    }
    var fingerprint = event.schemaFingerprint();
    var plan = byFingerprint.get(fingerprint);
    if (plan == null) {
      var known = sourceTables.known(source, schema, fingerprint, source.epoch(), event.seq());
      plan = add(table(schema.qualifiedName()), known.version(), schema, known.mapping());
      byFingerprint.put(fingerprint, plan);
    }
    lastSchema = schema;
    lastPlan = plan;
    return plan;
  }

  /// The plan that a stored row was made with.
  TablePlan of(int tableId, int version) throws SQLException {
    var plan = byVersion.get(new Version(tableId, version));
    if (plan != null) {
      return plan;
    }
    load();
    var table = tablesById.get(tableId);
    if (table == null) {
      throw new IllegalStateException("model " + model.id + " has no table " + tableId);
    }
    var stored = sourceTables.ofVersion(model.source, table.name, version);
    return add(table, version, stored.schema(), stored.mapping());
  }

  private TablePlan add(ModelTable table, int version, TableSchema schema, Mapping mapping)
      throws SQLException {
    var known = byVersion.get(new Version(table.id, version));
    if (known != null) {
      return known;
    }
    var plan = new TablePlan(table, version, schema, mapping, keySpace(table), model);
    byVersion.put(new Version(table.id, version), plan);
    return plan;
  }

  private ModelTable table(String name) throws SQLException {
    load();
    var table = tables.get(name);
    if (table == null) {
      table = dictionary.addTable(model.id, model.source, name);
      put(table);
    }
    return table;
  }

  /// Those that events of this process have not named yet too: their rows may be asked for.
  private void load() throws SQLException {
    var transaction = connection;
    if (!loaded && transaction != null) {
      for (var table : Dictionary.tables(transaction, model.id)) {
        put(table);
      }
      loaded = true;
    }
  }

  private void put(ModelTable table) {
    tables.put(table.name, table);
    tablesById.put(table.id, table);
    var ids = new ArrayText(tables.size(), 6);
    tablesById.keySet().stream().sorted().forEach(ids::add);
    tableIds = ids.end();
  }

  /// The numbers of all tables, as an array of PostgreSQL.
  String tableIds() {
    return tableIds;
  }

  /// The tables whose readings name sites.
  List<ModelTable> tablesNamingSites() {
    var naming = new ArrayList<ModelTable>();
    for (var table : tables.values()) {
      if (table.namesSite) {
        naming.add(table);
      }
    }
    naming.sort(Comparator.comparingInt(table -> table.id));
    return naming;
  }

  Iterable<KeySpace> keySpaces() {
    return keySpaces.values();
  }

  KeySpace keySpace(ModelTable table) throws SQLException {
    var keys = keySpaces.get(table.name);
    if (keys == null) {
      keys = new KeySpace(table.name, dictionary.keys(model.tenant, model.source, table.name));
      keySpaces.put(table.name, keys);
    }
    return keys;
  }
}
