package io.claritystream.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/// One of the tables whose readings come in while everything is killed: each kind tells its rows
/// apart in another way.
record ChaosTable(Kind kind) {
  static final String SCHEMA = "plant";

  /// @param place ends the names of its columns, so that no two tables have a metric in common
  enum Kind {
    COMPOSITE("inlet", "PRIMARY KEY (asset_id, read_at)"),
    NUMBERED_AND_TOAST("outlet", "PRIMARY KEY (id)"),
    KEYLESS_FULL("casing", ""),
    KEYLESS("header", ""),
    PARTITIONED("supply", "PRIMARY KEY (asset_id, read_at)"),
    BY_INDEX("bypass", "UNIQUE (id)"),
    KEYED_FULL("drain", "PRIMARY KEY (asset_id, read_at, id)");

    final String place;
    final String constraint;

    Kind(String place, String constraint) {
      this.place = place;
      this.constraint = constraint;
    }
  }

  /// Some kinds, always one with a key and one without.
  static List<ChaosTable> some(Random random) {
    List<Kind> kinds = new ArrayList<>(List.of(Kind.values()));
    Collections.shuffle(kinds, random);
    return kinds.subList(0, 4 + random.nextInt(kinds.size() - 3)).stream()
        .map(ChaosTable::new)
        .toList();
  }

  /// As events name it.
  String qualified() {
    return SCHEMA + ".reading_" + kind.place;
  }

  /// Whether the source tells what is changed and deleted.
  boolean tellsChanges() {
    return kind != Kind.KEYLESS;
  }

  String pressure() {
    return "pressure_" + kind.place;
  }

  String flow() {
    return "flow_" + kind.place;
  }

  /// Makes it.
  String ddl() {
    StringBuilder sql = new StringBuilder("CREATE TABLE ").append(qualified());
    sql.append(" (id bigint NOT NULL, asset_id integer NOT NULL REFERENCES plant.asset, ");
    sql.append("read_at timestamptz NOT NULL, ");
    sql.append(pressure()).append(" numeric, ").append(flow()).append(" double precision, ");
    sql.append("note text");
    if (!kind.constraint.isEmpty()) {
      sql.append(", ").append(kind.constraint);
    }
    sql.append(')');
    if (kind == Kind.PARTITIONED) {
      sql.append(" PARTITION BY RANGE (asset_id)");
    }
    sql.append(';');
    switch (kind) {
      case NUMBERED_AND_TOAST ->
          sql.append("ALTER TABLE %1$s ALTER note SET STORAGE EXTERNAL;".formatted(qualified()));
      case KEYLESS_FULL, KEYED_FULL ->
          sql.append("ALTER TABLE %1$s REPLICA IDENTITY FULL;".formatted(qualified()));
      case PARTITIONED ->
          sql.append(
              """
              CREATE TABLE %1$s_low PARTITION OF %1$s FOR VALUES FROM (MINVALUE) TO (5);
              CREATE TABLE %1$s_high PARTITION OF %1$s FOR VALUES FROM (5) TO (MAXVALUE);
              """
                  .formatted(qualified()));
      case BY_INDEX ->
          sql.append(
              "ALTER TABLE %1$s REPLICA IDENTITY USING INDEX reading_%2$s_id_key;"
                  .formatted(qualified(), kind.place));
      case COMPOSITE, KEYLESS -> {}
    }
    return sql.toString();
  }
}
