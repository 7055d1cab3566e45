package io.claritystream.stream.materializer;

import static io.claritystream.stream.materializer.SourceTables.array;
import static io.claritystream.stream.materializer.SourceTables.texts;

import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.materializer.SourceTables.First;
import io.claritystream.stream.materializer.SourceTables.Known;
import io.claritystream.stream.materializer.SourceTables.Version;
import io.claritystream.stream.source.SourceRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The rows of `control.source_table`.
final class SourceTableRows {
  /// Nothing but a table's name does not take more: the rest is a few bytes.
  static final int NAME_ALONE_BYTES_MAX = 2 * TableSchema.NAME_BYTES_MAX + 100;

  private static final String READ =
      """
      SELECT n.table_name, n.schema_version, n.mapping, n.schema, f.schema_version, f.mapping,
        f.schema, f.in_force_seq
      FROM (
        SELECT DISTINCT ON (table_name) table_name, schema_version, mapping::text,
          CASE WHEN octet_length(schema) <= %1$d THEN schema END AS schema
        FROM control.source_table
        WHERE source_id = ?::uuid
        ORDER BY table_name, schema_version DESC
      ) n
      JOIN (
        SELECT DISTINCT ON (table_name) table_name, schema_version, mapping::text, in_force_seq,
          CASE WHEN octet_length(schema) <= %1$d THEN schema END AS schema
        FROM control.source_table
        WHERE source_id = ?::uuid
        ORDER BY table_name, in_force_seq DESC
      ) f USING (table_name)
      """
          .formatted(NAME_ALONE_BYTES_MAX);

  private static final String LAST_WITH_COLUMNS =
      """
      SELECT DISTINCT ON (t.table_name) t.table_name, t.schema, t.mapping::text
      FROM unnest(?, ?) AS wanted (table_name, name_alone)
      JOIN control.source_table t
        ON t.source_id = ?::uuid AND t.table_name = wanted.table_name
        AND t.schema_version <> wanted.name_alone
      ORDER BY t.table_name, t.in_force_seq DESC
      """;

  private static final String ADD =
      """
      INSERT INTO control.source_table
        (source_id, table_name, schema_version, tenant_id, schema_fingerprint, schema, mapping,
         first_seq, first_epoch, in_force_seq)
      SELECT ?::uuid, table_name, schema_version, ?::uuid, schema_fingerprint, schema, mapping::jsonb,
        first_seq, ?, in_force_seq
      FROM unnest(?, ?, ?, ?, ?, ?, ?)
        AS made (table_name, schema_version, schema_fingerprint, schema, mapping, first_seq,
          in_force_seq)
      ON CONFLICT DO NOTHING
      """;

  private static final String ENTER =
      """
      UPDATE control.source_table t
      SET in_force_seq = greatest(t.in_force_seq, entered.seq)
      FROM unnest(?, ?, ?) AS entered (table_name, schema_version, seq)
      WHERE t.source_id = ?::uuid AND t.table_name = entered.table_name
        AND t.schema_version = entered.schema_version
      """;

  /// @param seq of `first`, as an [Ordinal]
  record Made(First first, Known known, String mapping, long seq) {}

  private final MappingJson json;

  SourceTableRows(MappingJson json) {
    this.json = json;
  }

  /// @param schema null if it is too long to be that
  static boolean isNameAlone(byte @Nullable [] schema) {
    return schema != null && TableSchema.decode(schema).columns().isEmpty();
  }

  Map<String, TableInForce> read(Connection connection, UUID source) throws SQLException {
    var tables = new HashMap<String, TableInForce>();
    try (var select = connection.prepareStatement(READ)) {
      select.setString(1, source.toString());
      select.setString(2, source.toString());
      try (var rows = select.executeQuery()) {
        while (rows.next()) {
          var newest =
              new Known(
                  rows.getInt(2), json.read(rows.getString(3)), isNameAlone(rows.getBytes(4)));
          var inForce =
              rows.getInt(5) == newest.version()
                  ? newest
                  : new Known(
                      rows.getInt(5), json.read(rows.getString(6)), isNameAlone(rows.getBytes(7)));
          tables.put(rows.getString(1), new TableInForce(newest, inForce, rows.getLong(8)));
        }
      }
    }
    return tables;
  }

  /// What tables were before no more was told of them than their names, which is told as one
  /// version.
  Map<String, Version> lastWithColumns(
      Connection connection, UUID source, Map<String, Known> nameAlone) throws SQLException {
    var last = new HashMap<String, Version>();
    try (var select = connection.prepareStatement(LAST_WITH_COLUMNS)) {
      select.setArray(1, texts(connection, nameAlone.keySet(), name -> name));
      select.setArray(2, array(connection, "int4", nameAlone.values(), Known::version));
      select.setString(3, source.toString());
      try (var rows = select.executeQuery()) {
        while (rows.next()) {
          last.put(
              rows.getString(1),
              new Version(TableSchema.decode(rows.getBytes(2)), json.read(rows.getString(3))));
        }
      }
    }
    return last;
  }

  /// @return how many were added: less than all if another process was faster with one
  int add(Connection connection, SourceRef source, int epoch, Collection<Made> made)
      throws SQLException {
    if (made.isEmpty()) {
      return 0;
    }
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
      add.setArray(8, texts(connection, made, Made::mapping));
      add.setArray(9, array(connection, "int8", made, one -> one.first().seq()));
      add.setArray(10, array(connection, "int8", made, Made::seq));
      return add.executeUpdate();
    }
  }

  /// Versions that were known are in force again.
  void enter(Connection connection, UUID source, Map<String, TableInForce> entered)
      throws SQLException {
    if (entered.isEmpty()) {
      return;
    }
    var tables = entered.values();
    try (var update = connection.prepareStatement(ENTER)) {
      update.setArray(1, texts(connection, entered.keySet(), name -> name));
      update.setArray(2, array(connection, "int4", tables, table -> table.inForce().version()));
      update.setArray(3, array(connection, "int8", tables, TableInForce::seq));
      update.setString(4, source.toString());
      update.executeUpdate();
    }
  }
}
