package io.claritystream.base.db;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A table, partition or view as the catalogue has it, and rows for it that are made up from that,
/// so that a table added tomorrow is tested tomorrow.
///
/// Numbers tell rows apart. Names and whatever else people choose are the same in rows 1 and 2;
/// identifiers and hashes differ.
///
/// @param kind as `pg_class.relkind` has it
record Relation(String name, String kind, boolean partition, List<Column> columns) {

  /// Executions are seen by their people as long as the plan keeps them.
  static final LocalDate DAY = LocalDate.now(ZoneOffset.UTC);

  private static final String COLUMNS =
      """
      SELECT n.nspname || '.' || c.relname AS relation, c.relkind::text AS kind, c.relispartition AS partition,
             quote_ident(a.attname) AS name, format_type(a.atttypid, NULL) AS type,
             a.attnotnull AND a.attidentity = '' AND a.attgenerated = '' AND NOT a.atthasdef AS required,
             a.attidentity <> '' AS identity, a.attgenerated <> '' AS generated,
             EXISTS (SELECT FROM pg_index i
                     WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY (i.indkey)) AS unique,
             (SELECT substring(pg_get_constraintdef(k.oid) FROM '''([^'']+)''')
              FROM pg_constraint k
              WHERE k.conrelid = c.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey)
                AND pg_get_constraintdef(k.oid) ~ ''''
              LIMIT 1) AS word
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      ORDER BY 1, a.attnum
      """;

  /// @param word one of those that a check takes
  record Column(
      String name,
      String type,
      boolean required,
      boolean identity,
      boolean generated,
      boolean unique,
      @Nullable String word) {}

  static List<Relation> all(Connection connection) throws SQLException {
    Map<String, Relation> relations = new TreeMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(COLUMNS)) {
      while (row.next()) {
        Relation relation =
            new Relation(
                row.getString("relation"),
                row.getString("kind"),
                row.getBoolean("partition"),
                new ArrayList<>());
        Relation known = relations.putIfAbsent(relation.name(), relation);
        (known == null ? relation : known)
            .columns()
            .add(
                new Column(
                    row.getString("name"),
                    row.getString("type"),
                    row.getBoolean("required"),
                    row.getBoolean("identity"),
                    row.getBoolean("generated"),
                    row.getBoolean("unique"),
                    row.getString("word")));
      }
    }
    return List.copyOf(relations.values());
  }

  /// The identifier of a tenant, and of its person.
  static String id(int number) {
    return "00000000-0000-4000-8000-%012d".formatted(number);
  }

  boolean view() {
    return kind.equals("v");
  }

  /// Whether COPY takes it by its name.
  boolean copied() {
    return kind.equals("r");
  }

  boolean ofDays() {
    return partition && name.matches(".*_\\d{8}");
  }

  boolean hasTenant() {
    return columns.stream().anyMatch(column -> column.name().equals("tenant_id"));
  }

  /// The column that tells whose a row is.
  Column marker() {
    return columns.stream()
        .filter(column -> column.name().equals("tenant_id"))
        .findFirst()
        .or(
            () ->
                columns.stream()
                    .filter(column -> column.type().equals("uuid") || column.name().endsWith("_id"))
                    .findFirst())
        .orElse(columns.getFirst());
  }

  Column column(String called) {
    return columns.stream()
        .filter(column -> column.name().equals(called))
        .findFirst()
        .orElseThrow();
  }

  /// What a new row has to say.
  Map<String, String> row(int number, int tenant) {
    Map<String, String> row = new LinkedHashMap<>();
    for (Column column : columns) {
      if (column.required() || column.name().equals("tenant_id")) {
        row.put(column.name(), value(column, number, tenant));
      }
    }
    if (name.startsWith("maestro.execution_ended")) {
      row.put("finished_at", DAY + "T10:00:00Z");
      row.put("outcome", "success");
    } else if (row.containsKey("ended")) {
      row.put("ready_at", DAY + "T10:00:00Z");
    }
    if (row.isEmpty()) {
      row.put(columns.getFirst().name(), value(columns.getFirst(), number, tenant));
    }
    return row;
  }

  /// As [#row], and with the numbers that the database would give.
  Map<String, String> numberedRow(int number) {
    Map<String, String> row = row(number, number);
    columns.stream()
        .filter(Column::identity)
        .forEach(column -> row.put(column.name(), value(column, number, number)));
    return row;
  }

  static String insert(String relation, Map<String, String> row, String overriding) {
    return "INSERT INTO "
        + relation
        + " ("
        + String.join(", ", row.keySet())
        + ")"
        + overriding
        + " VALUES ("
        + row.values().stream().map(value -> "'" + value + "'").collect(Collectors.joining(", "))
        + ")";
  }

  String value(Column column, int number, int tenant) {
    boolean ended = name.startsWith("maestro.execution_ended");
    return switch (column.name()) {
      case "tenant_id", "user_id" -> id(tenant);
      case "email" -> "p" + number + "@example.com";
      case "plan" -> "standard";
      case "execution_id" -> ofDay(number);
      case "event_id" -> ofDay(number);
      case "ended" -> Boolean.toString(ended);
      case "status" ->
          name.startsWith("maestro.execution")
              ? (ended ? "success" : "pending")
              : byType(column, number);
      default -> byType(column, number);
    };
  }

  private static String byType(Column column, int number) {
    return switch (column.type()) {
      case "uuid" -> id(number);
      case "text", "character varying" ->
          column.word() != null ? column.word() : number <= 2 ? "x" : "n" + number;
      case "integer", "bigint", "smallint", "numeric", "real", "double precision" ->
          column.name().endsWith("_id") ? Integer.toString(number) : "1";
      case "boolean" -> "true";
      case "timestamp with time zone", "timestamp without time zone" -> DAY + "T10:00:00Z";
      case "bytea" -> "\\x" + "%02x".formatted(number).repeat(32);
      case "jsonb" -> "{}";
      case "text[]" -> "{x}";
      default ->
          throw new IllegalStateException(
              "no sample of type " + column.type() + " for " + column.name());
    };
  }

  /// As `bronze.first_id_of` has it, and some more.
  private static String ofDay(int number) {
    String millis = "%012x".formatted(DAY.atStartOfDay().toInstant(ZoneOffset.UTC).toEpochMilli());
    return millis.substring(0, 8)
        + "-"
        + millis.substring(8)
        + "-0000-0000-%012d".formatted(number);
  }
}
