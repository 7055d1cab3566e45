package io.claritystream.agent.postgres;

import io.claritystream.agent.postgres.TableFacts.Fact;
import io.claritystream.agent.postgres.TableFacts.TypeFact;
import io.claritystream.agent.postgres.TableFacts.TypeKey;
import io.claritystream.protocol.block.ForeignKey;
import io.claritystream.protocol.block.ValueKind;
import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What PostgreSQL's catalogue says, as far as capture needs it.
final class Catalog {
  /// More tables than this in one source are refused rather than half captured.
  static final int TABLES_MAX = 10_000;

  private final Connection connection;
  private final int version;

  Catalog(Connection connection) throws SQLException {
    this.connection = connection;
    version = serverVersion(connection);
  }

  /// `180006`
  static int serverVersion(Connection connection) throws SQLException {
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery("SHOW server_version_num")) {
      rows.next();
      return Integer.parseInt(rows.getString(1));
    }
  }

  int version() {
    return version;
  }

  /// A table that could be captured, and what stands in the way.
  ///
  /// @param identified whether its rows can be told apart, in all partitions: without that, UPDATE
  ///     and DELETE fail once they are published
  /// @param owned whether the user may publish it
  /// @param reachable whether the user may use its schema
  /// @param selectable whether the user may read it, given the schema
  /// @param filtered whether row-level security would hide rows of it from the user
  /// @param named whether a publication of ours names it already
  /// @param covered whether one brings it because it is made for all tables, or all of its schema
  record Candidate(
      long oid,
      TableName table,
      boolean partitioned,
      boolean unlogged,
      boolean identified,
      boolean owned,
      boolean reachable,
      boolean selectable,
      boolean filtered,
      boolean named,
      boolean covered) {
    boolean readable() {
      return reachable && selectable;
    }

    boolean published() {
      return named || covered;
    }
  }

  /// All ordinary and partitioned tables of people, in order; partitions count as their root.
  List<Candidate> candidates(Publications ours) throws SQLException {
    var sql =
        """
        WITH RECURSIVE root AS (
          SELECT c.oid, c.relname, c.relnamespace, c.relkind, c.relpersistence, c.relowner,
                 c.relreplident
          FROM pg_class c
          WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
            AND NOT EXISTS (
              SELECT 1 FROM pg_depend d
              WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        ), part AS (
          SELECT r.oid AS root, r.oid, r.relkind, r.relreplident FROM root r
          UNION ALL
          SELECT p.root, c.oid, c.relkind, c.relreplident
          FROM part p
          JOIN pg_inherits i ON i.inhparent = p.oid
          JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
        ), identity AS (
          SELECT p.root, bool_and(
            p.relreplident = 'f'
            OR p.relreplident = 'd' AND EXISTS (
              SELECT 1 FROM pg_index x
              WHERE x.indrelid = p.oid AND x.indisprimary AND x.indimmediate AND x.indisvalid)
            OR p.relreplident = 'i' AND EXISTS (
              SELECT 1 FROM pg_index x
              WHERE x.indrelid = p.oid AND x.indisreplident AND x.indisvalid)) AS identified
          FROM part p
          GROUP BY p.root
        )
        SELECT r.oid, n.nspname, r.relname, r.relkind = 'p', r.relpersistence = 'u',
               y.identified,
               pg_has_role(current_user, r.relowner, 'USAGE'),
               has_schema_privilege(current_user, n.oid, 'USAGE'),
               has_table_privilege(current_user, r.oid, 'SELECT'),
               row_security_active(r.oid),
               EXISTS (
                 SELECT 1 FROM pg_publication_rel pr JOIN pg_publication pb ON pb.oid = pr.prpubid
                 WHERE pr.prrelid = r.oid AND pb.pubname IN (?, ?))
        FROM root r
        JOIN pg_namespace n ON n.oid = r.relnamespace
        JOIN identity y ON y.root = r.oid
        WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
        ORDER BY n.nspname COLLATE "C", r.relname COLLATE "C"
        LIMIT ?
        """;
    var publications = Published.read(connection, ours).values();
    var result = new ArrayList<Candidate>();
    try (var statement = connection.prepareStatement(sql)) {
      statement.setString(1, ours.full());
      statement.setString(2, ours.inserts());
      statement.setInt(3, TABLES_MAX + 1);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          var table = new TableName(rows.getString(2), rows.getString(3));
          var partitioned = rows.getBoolean(4);
          result.add(
              new Candidate(
                  rows.getLong(1),
                  table,
                  partitioned,
                  rows.getBoolean(5),
                  rows.getBoolean(6),
                  rows.getBoolean(7),
                  rows.getBoolean(8),
                  rows.getBoolean(9),
                  rows.getBoolean(10),
                  rows.getBoolean(11),
                  (!partitioned || version >= Publications.ROOTS_FROM)
                      && publications.stream().anyMatch(each -> each.covers(table))));
        }
      }
    }
    if (result.size() > TABLES_MAX) {
      throw new SQLException(
          "the database has more than " + TABLES_MAX + " tables; name the ones to capture");
    }
    return result;
  }

  /// The table with this oid, or null if there is none any more.
  @Nullable TableFacts table(long oid) throws SQLException {
    var sql =
        """
        WITH RECURSIVE part AS (
          SELECT c.oid, c.relkind, c.relreplident FROM pg_class c WHERE c.oid = ?
          UNION ALL
          SELECT c.oid, c.relkind, c.relreplident
          FROM part p
          JOIN pg_inherits i ON i.inhparent = p.oid
          JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
        )
        SELECT n.nspname, c.relname, c.relkind = 'p',
               CASE WHEN c.relkind = 'p' AND c.relreplident = 'f' AND EXISTS (
                      SELECT 1 FROM part p WHERE p.relkind <> 'p' AND p.relreplident <> 'f')
                    THEN 'd' ELSE c.relreplident::text END,
               left(coalesce(obj_description(c.oid, 'pg_class'), ''), 2000)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = ?
        """;
    try (var statement = connection.prepareStatement(sql)) {
      statement.setLong(1, oid);
      statement.setLong(2, oid);
      try (var rows = statement.executeQuery()) {
        if (!rows.next()) {
          return null;
        }
        return new TableFacts(
            oid,
            new TableName(rows.getString(1), rows.getString(2)),
            rows.getBoolean(3),
            rows.getString(4).charAt(0),
            rows.getString(5),
            columns(oid),
            foreignKeys(oid));
      }
    }
  }

  /// Which of these numbers are no table's any more.
  Set<Long> absent(List<Long> oids) throws SQLException {
    var sql = "SELECT o FROM unnest(?) o WHERE NOT EXISTS (SELECT 1 FROM pg_class WHERE oid = o)";
    var result = new HashSet<Long>();
    try (var statement = connection.prepareStatement(sql)) {
      statement.setArray(1, connection.createArrayOf("oid", oids.toArray()));
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          result.add(rows.getLong(1));
        }
      }
    }
    return result;
  }

  /// The partitions that hold the rows of these tables, each with the number of the file they lie
  /// in and the transactions that attached it and what it is below of: `oid:file.xid,oid:file.xid`.
  /// TRUNCATE gives a partition another file.
  Map<Long, String> leaves(List<Long> roots) throws SQLException {
    var sql =
        """
        WITH RECURSIVE part AS (
          SELECT c.oid AS root, c.oid, c.relkind, c.relfilenode, '' AS attached FROM pg_class c
          WHERE c.oid = ANY (?) AND c.relkind = 'p'
          UNION ALL
          SELECT p.root, c.oid, c.relkind, c.relfilenode, p.attached || '.' || i.xmin::text
          FROM part p
          JOIN pg_inherits i ON i.inhparent = p.oid
          JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
        )
        SELECT root, string_agg(oid || ':' || relfilenode || attached, ',' ORDER BY oid)
        FROM part WHERE relkind <> 'p'
        GROUP BY root
        """;
    var result = new HashMap<Long, String>();
    roots.forEach(root -> result.put(root, ""));
    try (var statement = connection.prepareStatement(sql)) {
      statement.setArray(1, connection.createArrayOf("oid", roots.toArray()));
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          result.put(rows.getLong(1), rows.getString(2));
        }
      }
    }
    return result;
  }

  /// How much a table's rows take on the server's disk, with those of its partitions.
  long bytes(long oid) throws SQLException {
    var sql =
        """
        WITH RECURSIVE part AS (
          SELECT c.oid FROM pg_class c WHERE c.oid = ?
          UNION ALL
          SELECT c.oid
          FROM part p
          JOIN pg_inherits i ON i.inhparent = p.oid
          JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
        )
        SELECT coalesce(sum(pg_table_size(oid)), 0) FROM part
        """;
    try (var statement = connection.prepareStatement(sql)) {
      statement.setLong(1, oid);
      try (var rows = statement.executeQuery()) {
        rows.next();
        return rows.getLong(1);
      }
    }
  }

  /// The transactions that wrote what the catalogue says of these tables, in 32 bits.
  Set<Long> changedBy(List<Long> oids) throws SQLException {
    var result = new HashSet<Long>();
    try (var statement =
        connection.prepareStatement("SELECT xmin::text FROM pg_class WHERE oid = ANY (?)")) {
      statement.setArray(1, connection.createArrayOf("oid", oids.toArray()));
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          result.add(Long.valueOf(rows.getString(1)));
        }
      }
    }
    return result;
  }

  /// Whether a partition may hold rows that it held before it became one, which the stream never
  /// brought. One that was created as a partition cannot, unless whoever created it filled it
  /// before attaching it in one transaction.
  ///
  /// Asked through the root, which is all that the user may read: a partition has rights and
  /// policies of its own. The partition's bounds keep the server from looking into the others.
  boolean broughtRows(long root, long leaf) throws SQLException {
    var sql =
        """
        SELECT quote_ident(n.nspname) || '.' || quote_ident(r.relname), i.xmin::text,
               t.xmin = i.xmin, pg_get_partition_constraintdef(c.oid), pg_relation_size(c.oid) = 0
        FROM pg_class c
        JOIN pg_type t ON t.oid = c.reltype
        JOIN pg_inherits i ON i.inhrelid = c.oid
        JOIN pg_class r ON r.oid = ?
        JOIN pg_namespace n ON n.oid = r.relnamespace
        WHERE c.oid = ?
        """;
    try (var statement = connection.prepareStatement(sql)) {
      statement.setLong(1, root);
      statement.setLong(2, leaf);
      try (var rows = statement.executeQuery()) {
        if (!rows.next() || rows.getBoolean(5)) {
          return false;
        }
        var where = new StringBuilder(" WHERE tableoid = ").append(leaf);
        if (rows.getString(4) != null) {
          where.append(" AND ").append(rows.getString(4));
        }
        if (rows.getBoolean(3)) {
          where.append(" AND xmin = '").append(rows.getString(2)).append("'::xid");
        }
        try (var look = connection.createStatement();
            var found =
                look.executeQuery(
                    "SELECT EXISTS (SELECT 1 FROM " + rows.getString(1) + where + ")")) {
          found.next();
          return found.getBoolean(1);
        }
      }
    }
  }

  /// A primary key that is deferrable is none to us, as it is none to the log: within a transaction
  /// two rows may have the same.
  ///
  /// Generated columns are left out where the stream leaves them out: before 18 all, from 18 on the
  /// virtual ones.
  private List<Fact> columns(long oid) throws SQLException {
    var sql =
        """
        SELECT a.attname, a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod),
               a.attnotnull, left(coalesce(col_description(a.attrelid, a.attnum), ''), 2000),
               EXISTS (
                 SELECT 1 FROM pg_index x
                 WHERE x.indrelid = a.attrelid AND x.indisprimary AND x.indimmediate
                   AND a.attnum = ANY (x.indkey)),
               EXISTS (
                 SELECT 1 FROM pg_index x
                 WHERE x.indrelid = a.attrelid AND x.indisreplident AND a.attnum = ANY (x.indkey))
        FROM pg_attribute a
        WHERE a.attrelid = ? AND a.attnum > 0 AND NOT a.attisdropped
          AND (a.attgenerated = '' OR a.attgenerated = 's' AND ?)
        ORDER BY a.attnum
        """;
    record Raw(
        String name,
        long type,
        int modifier,
        String typeName,
        boolean required,
        String comment,
        boolean primaryKey,
        boolean identity) {}
    var raws = new ArrayList<Raw>();
    try (var statement = connection.prepareStatement(sql)) {
      statement.setLong(1, oid);
      statement.setBoolean(2, version >= Publications.GENERATED_COLUMNS_FROM);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          raws.add(
              new Raw(
                  rows.getString(1),
                  rows.getLong(2),
                  rows.getInt(3),
                  rows.getString(4),
                  rows.getBoolean(5),
                  rows.getString(6),
                  rows.getBoolean(7),
                  rows.getBoolean(8)));
        }
      }
    }
    var kinds = kinds(raws.stream().map(Raw::type).distinct().toList());
    var result = new ArrayList<Fact>(raws.size());
    for (var raw : raws) {
      result.add(
          new Fact(
              raw.name(),
              raw.type(),
              raw.modifier(),
              raw.typeName(),
              kinds.getOrDefault(raw.type(), ValueKind.OTHER),
              raw.required(),
              raw.primaryKey(),
              raw.identity(),
              raw.comment()));
    }
    return result;
  }

  private List<ForeignKey> foreignKeys(long oid) throws SQLException {
    var sql =
        """
        SELECT n.nspname, t.relname,
               (SELECT array_agg(a.attname::text ORDER BY k.at)
                FROM unnest(c.conkey) WITH ORDINALITY k (num, at)
                JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num),
               (SELECT array_agg(a.attname::text ORDER BY k.at)
                FROM unnest(c.confkey) WITH ORDINALITY k (num, at)
                JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num)
        FROM pg_constraint c
        JOIN pg_class t ON t.oid = c.confrelid
        JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE c.conrelid = ? AND c.contype = 'f' AND NOT t.relispartition
        ORDER BY c.conname COLLATE "C"
        LIMIT 1000
        """;
    var result = new ArrayList<ForeignKey>();
    try (var statement = connection.prepareStatement(sql)) {
      statement.setLong(1, oid);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          result.add(
              new ForeignKey(
                  strings(rows.getArray(3)),
                  rows.getString(1),
                  rows.getString(2),
                  strings(rows.getArray(4))));
        }
      }
    }
    return result;
  }

  /// Names and kinds of types as columns use them; a type that is gone is left out.
  Map<TypeKey, TypeFact> types(List<RelationMessage.Column> columns) throws SQLException {
    var kinds = kinds(columns.stream().map(RelationMessage.Column::typeOid).distinct().toList());
    var result = new HashMap<TypeKey, TypeFact>();
    try (var statement = connection.prepareStatement("SELECT format_type(?::oid, ?)")) {
      for (var column : columns) {
        var kind = kinds.get(column.typeOid());
        if (kind == null) {
          continue;
        }
        statement.setLong(1, column.typeOid());
        statement.setInt(2, column.typeModifier());
        try (var rows = statement.executeQuery()) {
          rows.next();
          result.put(
              new TypeKey(column.typeOid(), column.typeModifier()),
              new TypeFact(rows.getString(1), kind));
        }
      }
    }
    return result;
  }

  private Map<Long, ValueKind> kinds(List<Long> types) throws SQLException {
    var sql =
        """
        WITH RECURSIVE base AS (
          SELECT t.oid AS type, t.oid, t.typtype, t.typbasetype, 0 AS depth
          FROM pg_type t WHERE t.oid = ANY (?)
          UNION ALL
          SELECT b.type, t.oid, t.typtype, t.typbasetype, b.depth + 1
          FROM base b JOIN pg_type t ON b.typtype = 'd' AND t.oid = b.typbasetype
          WHERE b.depth < 100
        )
        SELECT DISTINCT ON (b.type) b.type, t.typname, t.typtype::text, t.typcategory::text,
               t.typelem <> 0 AND t.typlen = -1 AND t.typsubscript::text = 'array_subscript_handler',
               n.nspname = 'pg_catalog'
        FROM base b JOIN pg_type t ON t.oid = b.oid JOIN pg_namespace n ON n.oid = t.typnamespace
        ORDER BY b.type, b.depth DESC
        """;
    // Before 14 there is no typsubscript; the category tells arrays there.
    var text =
        version >= 140_000
            ? sql
            : sql.replace(
                "t.typelem <> 0 AND t.typlen = -1 AND t.typsubscript::text ="
                    + " 'array_subscript_handler'",
                "t.typelem <> 0 AND t.typlen = -1 AND t.typcategory = 'A'");
    var result = new LinkedHashMap<Long, ValueKind>();
    try (var statement = connection.prepareStatement(text)) {
      statement.setArray(1, connection.createArrayOf("oid", types.toArray()));
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          result.put(
              rows.getLong(1),
              kind(
                  rows.getString(2),
                  rows.getString(3).charAt(0),
                  rows.getBoolean(5),
                  rows.getBoolean(6)));
        }
      }
    }
    return result;
  }

  private static ValueKind kind(String name, char type, boolean array, boolean builtIn) {
    if (array) {
      return ValueKind.ARRAY;
    }
    if (type == 'e' || name.equals("citext")) {
      return ValueKind.TEXT;
    }
    if (!builtIn) {
      return ValueKind.OTHER;
    }
    return switch (name) {
      case "bool" -> ValueKind.BOOL;
      case "int2", "int4", "int8", "oid" -> ValueKind.INT;
      case "numeric" -> ValueKind.NUMERIC;
      case "float4", "float8" -> ValueKind.FLOAT;
      case "text", "varchar", "bpchar", "name", "char" -> ValueKind.TEXT;
      case "date" -> ValueKind.DATE;
      case "time" -> ValueKind.TIME;
      case "timestamp" -> ValueKind.TIMESTAMP;
      case "timestamptz" -> ValueKind.TIMESTAMPTZ;
      case "json" -> ValueKind.JSON;
      case "jsonb" -> ValueKind.JSONB;
      case "uuid" -> ValueKind.UUID;
      case "bytea" -> ValueKind.BINARY;
      default -> ValueKind.OTHER;
    };
  }

  private static List<String> strings(@Nullable Array array) throws SQLException {
    return array == null ? List.of() : List.of((String[]) array.getArray());
  }
}
