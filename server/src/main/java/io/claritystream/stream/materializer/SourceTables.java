package io.claritystream.stream.materializer;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.source.SourceRef;
import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// The captured tables of the sources: each version of a table's schema, with the mapping that
/// holds for it. Schemas seen for the first time get the next versions and mappings, those of a
/// batch in one short transaction that stays whatever becomes of the batch.
public final class SourceTables {
  private static final int VERSIONS_CACHED = 50_000;
  private static final int ATTEMPTS_MAX = 5;

  /// Nothing but a table's name does not take more: the rest is a few bytes.
  private static final int NAME_ALONE_BYTES_MAX = 2 * TableSchema.NAME_BYTES_MAX + 100;

  private static final String FIND =
      """
      SELECT t.table_name, t.schema_fingerprint, t.schema_version, t.mapping::text,
        CASE WHEN octet_length(t.schema) <= %1$d THEN t.schema END
      FROM unnest(?, ?) AS wanted (table_name, schema_fingerprint)
      JOIN control.source_table t
        ON t.source_id = ?::uuid AND t.table_name = wanted.table_name
        AND t.schema_fingerprint = wanted.schema_fingerprint
      """
          .formatted(NAME_ALONE_BYTES_MAX);

  private static final String OF_VERSION =
      """
      SELECT schema, mapping::text
      FROM control.source_table
      WHERE source_id = ?::uuid AND table_name = ? AND schema_version = ?
      """;

  private static final String NEWEST =
      """
      SELECT DISTINCT ON (table_name) table_name, schema_version, mapping::text,
        CASE WHEN octet_length(schema) <= %1$d THEN schema END
      FROM control.source_table
      WHERE source_id = ?::uuid
      ORDER BY table_name, schema_version DESC
      """
          .formatted(NAME_ALONE_BYTES_MAX);

  private static final String SCHEMAS =
      """
      SELECT t.table_name, t.schema
      FROM unnest(?, ?) AS wanted (table_name, schema_version)
      JOIN control.source_table t
        ON t.source_id = ?::uuid AND t.table_name = wanted.table_name
        AND t.schema_version = wanted.schema_version
      """;

  private static final String ADD =
      """
      INSERT INTO control.source_table
        (source_id, table_name, schema_version, tenant_id, schema_fingerprint, schema, mapping,
         first_seq, first_epoch)
      SELECT ?::uuid, table_name, schema_version, ?::uuid, schema_fingerprint, schema, mapping::jsonb,
        first_seq, ?
      FROM unnest(?, ?, ?, ?, ?, ?)
        AS made (table_name, schema_version, schema_fingerprint, schema, mapping, first_seq)
      ON CONFLICT DO NOTHING
      """;

  private record Key(UUID sourceId, String table, long fingerprint) {}

  /// @param version counts the schemas of the table, from 1
  /// @param nameAlone whether no more was told of the table than its name
  record Known(int version, Mapping mapping, boolean nameAlone) {}

  /// A schema, and the number of the first event that has it.
  public record First(TableSchema schema, long fingerprint, long seq) {}

  private record Made(First first, Known known, String mappingJson) {}

  private final DataSource service;
  private final MappingJson json = new MappingJson();
  private final Cache<Key, Known> cache =
      Caffeine.newBuilder().maximumSize(VERSIONS_CACHED).build();

  /// The newest of each table, by source. Never changed, but replaced.
  private final Cache<UUID, Map<String, Known>> newest =
      Caffeine.newBuilder()
          .<UUID, Map<String, Known>>weigher((_, tables) -> 1 + tables.size())
          .maximumWeight(VERSIONS_CACHED)
          .build();

  private final SchemaAllowance allowance;

  SourceTables(DataSource service, SchemaAllowance allowance) {
    this.service = service;
    this.allowance = allowance;
  }

  /// The versions of schemas, in their order; those that are new are made known, all in one
  /// transaction.
  ///
  /// @throws TooManySchemasException if the source makes more of them than it may; those it had
  ///     before are known all the same
  public List<Integer> versions(SourceRef source, int epoch, List<First> schemas)
      throws SQLException {
    return known(source, epoch, schemas).stream().map(Known::version).toList();
  }

  Known known(SourceRef source, TableSchema schema, long fingerprint, int epoch, long seq)
      throws SQLException {
    var known = cache.getIfPresent(new Key(source.sourceId(), schema.qualifiedName(), fingerprint));
    return known != null
        ? known
        : known(source, epoch, List.of(new First(schema, fingerprint, seq))).getFirst();
  }

  /// A schema that was made known before, and its mapping.
  record Version(TableSchema schema, Mapping mapping) {}

  Version ofVersion(UUID source, String table, int version) throws SQLException {
    try (var connection = service.getConnection();
        var find = connection.prepareStatement(OF_VERSION)) {
      find.setString(1, source.toString());
      find.setString(2, table);
      find.setInt(3, version);
      try (var rows = find.executeQuery()) {
        if (!rows.next()) {
          throw new IllegalStateException(
              "table " + table + " of source " + source + " has no version " + version);
        }
        return new Version(TableSchema.decode(rows.getBytes(1)), json.read(rows.getString(2)));
      }
    }
  }

  /// Another process may have made some known since: what is remembered of the source's tables is
  /// read anew when it is next needed.
  public void forget(UUID sourceId) {
    newest.invalidate(sourceId);
  }

  private List<Known> known(SourceRef source, int epoch, List<First> schemas) throws SQLException {
    var found = new HashMap<Key, Known>();
    for (var attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      var missing = missing(source, schemas, found);
      if (missing.isEmpty()) {
        return schemas.stream().map(first -> found.get(key(source, first))).toList();
      }
      try (var connection = service.getConnection()) {
        find(connection, source, missing.values(), found);
        missing.keySet().removeAll(found.keySet());
        if (!missing.isEmpty()) {
          add(connection, source, epoch, missing.values(), found);
        }
      }
    }
    throw new IllegalStateException("tables of source " + source.sourceId() + " keep changing");
  }

  private static Key key(SourceRef source, First first) {
    return new Key(source.sourceId(), first.schema().qualifiedName(), first.fingerprint());
  }

  private Map<Key, First> missing(SourceRef source, List<First> schemas, Map<Key, Known> found) {
    var missing = new LinkedHashMap<Key, First>();
    for (var first : schemas) {
      var key = key(source, first);
      var known = found.containsKey(key) ? null : cache.getIfPresent(key);
      if (known != null) {
        found.put(key, known);
      } else if (!found.containsKey(key)) {
        missing.putIfAbsent(key, first);
      }
    }
    return missing;
  }

  private void find(
      Connection connection, SourceRef source, Collection<First> wanted, Map<Key, Known> found)
      throws SQLException {
    try (var find = connection.prepareStatement(FIND)) {
      find.setArray(1, texts(connection, wanted, first -> first.schema().qualifiedName()));
      find.setArray(2, array(connection, "int8", wanted, First::fingerprint));
      find.setString(3, source.sourceId().toString());
      try (var rows = find.executeQuery()) {
        while (rows.next()) {
          var key = new Key(source.sourceId(), rows.getString(1), rows.getLong(2));
          var mapping = json.read(rows.getString(4));
          remember(key, new Known(rows.getInt(3), mapping, isNameAlone(rows.getBytes(5))), found);
        }
      }
    }
  }

  /// @param schema null if it is too long to be that
  private static boolean isNameAlone(byte @Nullable [] schema) {
    return schema != null && TableSchema.decode(schema).columns().isEmpty();
  }

  private void remember(Key key, Known known, Map<Key, Known> found) {
    found.put(key, known);
    cache.put(key, known);
  }

  /// Leaves out of `found` what another process was faster with.
  private void add(
      Connection connection,
      SourceRef source,
      int epoch,
      Collection<First> missing,
      Map<Key, Known> found)
      throws SQLException {
    var tables = new HashMap<>(newest(connection, source.sourceId()));
    allowance.take(source.sourceId(), tables.size(), missing.size());
    var mappings = new HashMap<String, Mapping>();
    tables.forEach((table, known) -> mappings.put(table, known.mapping()));
    var schemas = new HashMap<String, TableSchema>();
    var made = new ArrayList<Made>();
    for (var first : missing) {
      var table = first.schema().qualifiedName();
      var previous = tables.get(table);
      mappings.remove(table);
      var renamed =
          previous == null ? renamed(connection, source, first.schema(), tables, schemas) : null;
      var mapping = renamed == null ? mapping(previous, first.schema(), mappings) : renamed;
      mappings.put(table, mapping);
      var nameAlone = first.schema().columns().isEmpty();
      var known = new Known(previous == null ? 1 : previous.version() + 1, mapping, nameAlone);
      tables.put(table, known);
      if (!nameAlone) {
        schemas.put(table, first.schema());
      }
      made.add(new Made(first, known, json.write(mapping)));
    }
    if (insert(connection, source, epoch, made) < made.size()) {
      forget(source.sourceId());
      return;
    }
    newest.put(source.sourceId(), tables);
    made.forEach(one -> remember(key(source, one.first()), one.known(), found));
  }

  /// What a table that was never seen has been under another name, if it was: the mapping of the
  /// one that it was then.
  ///
  /// @param schemas those that are known already, by table
  private static @Nullable Mapping renamed(
      Connection connection,
      SourceRef source,
      TableSchema schema,
      Map<String, Known> tables,
      Map<String, TableSchema> schemas)
      throws SQLException {
    var candidates = RenamedTable.candidates(schema, tables);
    var unknown = new HashMap<>(candidates);
    unknown.keySet().removeAll(schemas.keySet());
    if (!unknown.isEmpty()) {
      schemas.putAll(lastSchemas(connection, source.sourceId(), unknown));
    }
    return RenamedTable.mapping(schema, candidates, schemas);
  }

  /// The schemas that tables had before no more was told of them than their names: that is told as
  /// one version, and the newest.
  private static Map<String, TableSchema> lastSchemas(
      Connection connection, UUID source, Map<String, Known> tables) throws SQLException {
    var schemas = new HashMap<String, TableSchema>();
    try (var select = connection.prepareStatement(SCHEMAS)) {
      select.setArray(1, texts(connection, tables.keySet(), name -> name));
      select.setArray(2, array(connection, "int4", tables.values(), known -> known.version() - 1));
      select.setString(3, source.toString());
      try (var rows = select.executeQuery()) {
        while (rows.next()) {
          schemas.put(rows.getString(1), TableSchema.decode(rows.getBytes(2)));
        }
      }
    }
    return schemas;
  }

  /// A table of which no more than the name was told is what it was before, and is guessed anew
  /// when its columns are known.
  private static Mapping mapping(
      @Nullable Known previous, TableSchema schema, Map<String, Mapping> others) {
    if (previous == null) {
      return MappingInference.infer(schema, others);
    }
    var before = previous.mapping();
    if (schema.columns().isEmpty()) {
      return before;
    }
    var saysNothing =
        before.entity() == Entity.ROW && before.id().isEmpty() && before.extras().isEmpty();
    return !saysNothing && fits(before, schema)
        ? MappingInference.extend(before, schema, others)
        : MappingInference.infer(schema, others);
  }

  private Map<String, Known> newest(Connection connection, UUID source) throws SQLException {
    var remembered = newest.getIfPresent(source);
    if (remembered != null) {
      return remembered;
    }
    var tables = new HashMap<String, Known>();
    try (var select = connection.prepareStatement(NEWEST)) {
      select.setString(1, source.toString());
      try (var rows = select.executeQuery()) {
        while (rows.next()) {
          var mapping = json.read(rows.getString(3));
          tables.put(
              rows.getString(1), new Known(rows.getInt(2), mapping, isNameAlone(rows.getBytes(4))));
        }
      }
    }
    return tables;
  }

  private static int insert(
      Connection connection, SourceRef source, int epoch, Collection<Made> made)
      throws SQLException {
    try (var add = connection.prepareStatement(ADD)) {
      add.setString(1, source.sourceId().toString());
      add.setString(2, source.tenantId().toString());
      add.setInt(3, epoch);
      add.setArray(4, texts(connection, made, one -> one.first().schema().qualifiedName()));
      add.setArray(5, array(connection, "int4", made, one -> one.known().version()));
      add.setArray(6, array(connection, "int8", made, one -> one.first().fingerprint()));
      add.setArray(
          7,
          connection.createArrayOf(
              "bytea",
              made.stream().map(one -> one.first().schema().encode()).toArray(byte[][]::new)));
      add.setArray(8, texts(connection, made, Made::mappingJson));
      add.setArray(9, array(connection, "int8", made, one -> one.first().seq()));
      return add.executeUpdate();
    }
  }

  private static <T> Array texts(
      Connection connection, Collection<T> rows, Function<T, String> value) throws SQLException {
    return array(connection, "text", rows, value);
  }

  private static <T> Array array(
      Connection connection, String type, Collection<T> rows, Function<T, ?> value)
      throws SQLException {
    return connection.createArrayOf(type, rows.stream().map(value).toArray());
  }

  /// Whether the columns that carry a mapping are all still there.
  private static boolean fits(Mapping mapping, TableSchema schema) {
    var needed = new HashSet<>(mapping.id());
    if (mapping.parent() != null) {
      needed.addAll(mapping.parent().columns());
    }
    for (var name : new String[] {mapping.time(), mapping.metric(), mapping.value()}) {
      if (name != null) {
        needed.add(name);
      }
    }
    var session = mapping.session();
    if (session != null) {
      needed.add(session.start());
      var until = session.untilNext() ? session.state() : session.end();
      if (until != null) {
        needed.add(until);
      }
    }
    for (var column : schema.columns()) {
      needed.remove(column.name());
    }
    return needed.isEmpty();
  }
}
