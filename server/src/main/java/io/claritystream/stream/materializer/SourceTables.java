package io.claritystream.stream.materializer;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.source.SourceRef;
import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
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

  private static final String FIND =
      """
      SELECT t.table_name, t.schema_fingerprint, t.schema_version, t.mapping::text,
        CASE WHEN octet_length(t.schema) <= %1$d THEN t.schema END
      FROM unnest(?, ?) AS wanted (table_name, schema_fingerprint)
      JOIN control.source_table t
        ON t.source_id = ?::uuid AND t.table_name = wanted.table_name
        AND t.schema_fingerprint = wanted.schema_fingerprint
      """
          .formatted(SourceTableRows.NAME_ALONE_BYTES_MAX);

  private static final String OF_VERSION =
      """
      SELECT schema, mapping::text
      FROM control.source_table
      WHERE source_id = ?::uuid AND table_name = ? AND schema_version = ?
      """;

  private record Key(UUID sourceId, String table, long fingerprint) {}

  /// @param version counts the schemas of the table, from 1
  /// @param nameAlone whether no more was told of the table than its name
  record Known(int version, Mapping mapping, boolean nameAlone) {}

  /// A schema, and the number of the event with which it comes into force: the first one that has
  /// it, or that has it again.
  public record First(TableSchema schema, long fingerprint, long seq) {}

  private final DataSource service;
  private final MappingJson json = new MappingJson();
  private final SourceTableRows rows = new SourceTableRows(json);
  private final Cache<Key, Known> cache =
      Caffeine.newBuilder().maximumSize(VERSIONS_CACHED).build();

  /// By source. Never changed, but replaced.
  private final Cache<UUID, Map<String, TableInForce>> inForce =
      Caffeine.newBuilder()
          .<UUID, Map<String, TableInForce>>weigher((_, tables) -> 1 + tables.size())
          .maximumWeight(VERSIONS_CACHED)
          .build();

  private final SchemaAllowance allowance;

  SourceTables(DataSource service, SchemaAllowance allowance) {
    this.service = service;
    this.allowance = allowance;
  }

  /// The versions of schemas, in their order; those that are new are made known, all in one
  /// transaction. Of each table the last one is in force from here on, unless events that come
  /// later in the source have said otherwise already.
  ///
  /// @throws TooManySchemasException if the source makes more of them than it may; those it had
  ///     before are known all the same
  public List<Integer> versions(SourceRef source, int epoch, List<First> schemas)
      throws SQLException {
    return known(source, epoch, schemas).stream().map(Known::version).toList();
  }

  /// The same of one schema. One that is known already may be that of an old event: it says nothing
  /// of what is in force.
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
    inForce.invalidate(sourceId);
  }

  private List<Known> known(SourceRef source, int epoch, List<First> schemas) throws SQLException {
    var found = new HashMap<Key, Known>();
    for (var attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      var missing = missing(source, schemas, found);
      try (var connection = service.getConnection()) {
        if (!missing.isEmpty()) {
          find(connection, source, missing.values(), found);
        }
        if (enter(connection, source, epoch, schemas, found)) {
          return schemas.stream().map(first -> found.get(key(source, first))).toList();
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
          var nameAlone = SourceTableRows.isNameAlone(rows.getBytes(5));
          var known = new Known(rows.getInt(3), mapping, nameAlone);
          found.put(key, known);
          cache.put(key, known);
        }
      }
    }
  }

  /// Makes known what is not, and writes down which versions come into force.
  ///
  /// @return false if another process was faster with something
  private boolean enter(
      Connection connection,
      SourceRef source,
      int epoch,
      List<First> schemas,
      Map<Key, Known> found)
      throws SQLException {
    var before = tables(connection, source, schemas, found);
    if (schemas.stream().noneMatch(first -> comes(first, epoch, source, before, found))) {
      return true;
    }
    var tables = new HashMap<>(before);
    var mappings = new HashMap<String, Mapping>();
    tables.forEach((table, known) -> mappings.put(table, known.newest().mapping()));
    var made = new LinkedHashMap<Key, SourceTableRows.Made>();
    var entered = new LinkedHashMap<String, TableInForce>();
    var schemasBefore = new HashMap<String, Version>();
    var missing = schemas.stream().map(first -> key(source, first)).distinct();
    var count = (int) missing.filter(key -> !found.containsKey(key)).count();
    if (count > 0) {
      allowance.take(source.sourceId(), tables.size(), count);
    }
    for (var first : schemas) {
      if (!comes(first, epoch, source, tables, found)) {
        continue;
      }
      var table = first.schema().qualifiedName();
      var key = key(source, first);
      var previous = tables.get(table);
      var seq = Ordinal.of(epoch, first.seq());
      var known = found.get(key);
      var isNew = known == null;
      if (known == null) {
        known = made(connection, source, first, tables, mappings, schemasBefore);
        made.put(key, new SourceTableRows.Made(first, known, json.write(known.mapping()), seq));
        mappings.put(table, known.mapping());
        found.put(key, known);
      }
      var newest = isNew || previous == null ? known : previous.newest();
      var now = new TableInForce(newest, known, seq);
      tables.put(table, now);
      if (!isNew) {
        entered.put(table, now);
      }
      if (!known.nameAlone()) {
        schemasBefore.put(table, new Version(first.schema(), known.mapping()));
      }
    }
    if (rows.add(connection, source, epoch, made.values()) < made.size()) {
      made.keySet().forEach(found::remove);
      forget(source.sourceId());
      return false;
    }
    // Behind the new ones: one that is new may come into force again in the same batch.
    rows.enter(connection, source.sourceId(), entered);
    inForce.put(source.sourceId(), tables);
    made.forEach((key, one) -> cache.put(key, one.known()));
    return true;
  }

  /// Whether the schema is new, or comes into force again.
  private static boolean comes(
      First first,
      int epoch,
      SourceRef source,
      Map<String, TableInForce> tables,
      Map<Key, Known> found) {
    var known = found.get(key(source, first));
    var table = tables.get(first.schema().qualifiedName());
    return known == null
        || table == null
        || table.inForce().version() != known.version()
            && table.seq() < Ordinal.of(epoch, first.seq());
  }

  /// @param mappings of the source's tables; that of this one is taken out
  /// @param schemasBefore what tables were when their columns were told last, as far as is known
  private Known made(
      Connection connection,
      SourceRef source,
      First first,
      Map<String, TableInForce> tables,
      Map<String, Mapping> mappings,
      Map<String, Version> schemasBefore)
      throws SQLException {
    var schema = first.schema();
    var table = schema.qualifiedName();
    var previous = tables.get(table);
    mappings.remove(table);
    var renamed =
        previous == null ? renamed(connection, source, schema, tables, schemasBefore) : null;
    return new Known(
        previous == null ? 1 : previous.newest().version() + 1,
        renamed == null
            ? mapping(previous == null ? null : previous.newest(), schema, mappings)
            : renamed,
        schema.columns().isEmpty());
  }

  /// What a table that was never seen has been under another name, if it was: the mapping of the
  /// one that it was then.
  private @Nullable Mapping renamed(
      Connection connection,
      SourceRef source,
      TableSchema schema,
      Map<String, TableInForce> tables,
      Map<String, Version> schemasBefore)
      throws SQLException {
    var candidates = RenamedTable.candidates(schema, tables);
    var unknown = new HashMap<>(candidates);
    unknown.keySet().removeAll(schemasBefore.keySet());
    if (!unknown.isEmpty()) {
      schemasBefore.putAll(rows.lastWithColumns(connection, source.sourceId(), unknown));
    }
    return RenamedTable.mapping(schema, candidates.keySet(), schemasBefore);
  }

  private Map<String, TableInForce> tables(
      Connection connection, SourceRef source, List<First> schemas, Map<Key, Known> found)
      throws SQLException {
    var remembered = inForce.getIfPresent(source.sourceId());
    if (remembered != null
        && schemas.stream().allMatch(first -> knows(remembered, first, source, found))) {
      return remembered;
    }
    var tables = rows.read(connection, source.sourceId());
    inForce.put(source.sourceId(), tables);
    return tables;
  }

  /// Another process may have made a version known since.
  private static boolean knows(
      Map<String, TableInForce> tables, First first, SourceRef source, Map<Key, Known> found) {
    var known = found.get(key(source, first));
    var table = tables.get(first.schema().qualifiedName());
    return known == null || table != null && table.newest().version() >= known.version();
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

  static <T> Array texts(Connection connection, Collection<T> rows, Function<T, String> value)
      throws SQLException {
    return array(connection, "text", rows, value);
  }

  static <T> Array array(
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
