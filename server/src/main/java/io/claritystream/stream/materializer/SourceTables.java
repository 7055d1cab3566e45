package io.claritystream.stream.materializer;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.source.SourceRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// The captured tables of the sources: each version of a table's schema, with the mapping that
/// holds for it. A schema seen for the first time gets the next version and a mapping, in a
/// short transaction of its own that stays whatever becomes of the batch.
public final class SourceTables {
  private static final int VERSIONS_CACHED = 50_000;
  private static final int ATTEMPTS_MAX = 5;

  private static final String FIND =
      """
      SELECT schema_version, mapping::text
      FROM control.source_table
      WHERE source_id = ?::uuid AND table_name = ? AND schema_fingerprint = ?
      """;

  private static final String OF_VERSION =
      """
      SELECT schema, mapping::text
      FROM control.source_table
      WHERE source_id = ?::uuid AND table_name = ? AND schema_version = ?
      """;

  private static final String NEWEST =
      """
      SELECT DISTINCT ON (table_name) table_name, schema_version, mapping::text
      FROM control.source_table
      WHERE source_id = ?::uuid
      ORDER BY table_name, schema_version DESC
      """;

  private static final String ADD =
      """
      INSERT INTO control.source_table
        (source_id, table_name, schema_version, tenant_id, schema_fingerprint, schema, mapping,
         first_seq, first_epoch)
      VALUES (?::uuid, ?, ?, ?::uuid, ?, ?, ?::jsonb, ?, ?)
      ON CONFLICT DO NOTHING
      """;

  private record Key(UUID sourceId, String table, long fingerprint) {}

  /// @param version counts the schemas of the table, from 1
  record Known(int version, Mapping mapping) {}

  private final DataSource service;
  private final MappingJson json = new MappingJson();
  private final Cache<Key, Known> cache =
      Caffeine.newBuilder().maximumSize(VERSIONS_CACHED).build();

  SourceTables(DataSource service) {
    this.service = service;
  }

  /// The version of a schema; it is made known if it is new.
  ///
  /// @param seq of the first event that has it
  public int version(SourceRef source, TableSchema schema, long fingerprint, int epoch, long seq)
      throws SQLException {
    return known(source, schema, fingerprint, epoch, seq).version();
  }

  Known known(SourceRef source, TableSchema schema, long fingerprint, int epoch, long seq)
      throws SQLException {
    var key = new Key(source.sourceId(), schema.qualifiedName(), fingerprint);
    var known = cache.getIfPresent(key);
    if (known == null) {
      known = findOrAdd(source, schema, fingerprint, epoch, seq);
      cache.put(key, known);
    }
    return known;
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

  private Known findOrAdd(
      SourceRef source, TableSchema schema, long fingerprint, int epoch, long seq)
      throws SQLException {
    try (var connection = service.getConnection()) {
      for (var attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        var known = find(connection, source.sourceId(), schema.qualifiedName(), fingerprint);
        if (known != null) {
          return known;
        }
        add(connection, source, schema, fingerprint, epoch, seq);
      }
    }
    throw new IllegalStateException(
        "table " + schema.qualifiedName() + " of source " + source.sourceId() + " keeps changing");
  }

  private @Nullable Known find(Connection connection, UUID source, String table, long fingerprint)
      throws SQLException {
    try (var find = connection.prepareStatement(FIND)) {
      find.setString(1, source.toString());
      find.setString(2, table);
      find.setLong(3, fingerprint);
      try (var rows = find.executeQuery()) {
        return rows.next() ? new Known(rows.getInt(1), json.read(rows.getString(2))) : null;
      }
    }
  }

  private void add(
      Connection connection,
      SourceRef source,
      TableSchema schema,
      long fingerprint,
      int epoch,
      long seq)
      throws SQLException {
    Map<String, Mapping> others = new HashMap<>();
    var version = 1;
    try (var newest = connection.prepareStatement(NEWEST)) {
      newest.setString(1, source.sourceId().toString());
      try (var rows = newest.executeQuery()) {
        while (rows.next()) {
          others.put(rows.getString(1), json.read(rows.getString(3)));
          if (rows.getString(1).equals(schema.qualifiedName())) {
            version = rows.getInt(2) + 1;
          }
        }
      }
    }
    var previous = others.remove(schema.qualifiedName());
    var mapping =
        previous != null && fits(previous, schema)
            ? MappingInference.extend(previous, schema, others)
            : MappingInference.infer(schema, others);
    try (var add = connection.prepareStatement(ADD)) {
      add.setString(1, source.sourceId().toString());
      add.setString(2, schema.qualifiedName());
      add.setInt(3, version);
      add.setString(4, source.tenantId().toString());
      add.setLong(5, fingerprint);
      add.setBytes(6, schema.encode());
      add.setString(7, json.write(mapping));
      add.setLong(8, seq);
      add.setInt(9, epoch);
      add.executeUpdate();
    }
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
