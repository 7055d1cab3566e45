package io.claritystream.insight.dashboard;

import java.util.Locale;
import java.util.Optional;

/// The types of extras, in the order that the values of one key are listed in.
///
/// A *place* is what an index orders values by. It may be coarser than the value: a number's is a
/// double, a text's its first 63 bytes.
enum ExtraType {
  BOOL("analytics.extras_bool", "x.value", "boolean", "false", "true", "true"),
  NUM(
      "analytics.extras_num",
      "x.place",
      "double precision",
      "-Infinity",
      "NaN",
      """
      (CAST(:from_number AS numeric) IS NULL OR seen.value >= CAST(:from_number AS numeric))
        AND (CAST(:to_number AS numeric) IS NULL OR seen.value <= CAST(:to_number AS numeric))\
      """),
  TIME("analytics.extras_time", "x.value", "timestamptz", "-infinity", "infinity", "true"),
  TEXT(
      "analytics.extras_text",
      "(x.value::name COLLATE \"C\")",
      "name",
      "",
      "\udbff\udfff\udbff\udfff",
      """
      (CAST(:prefix AS text) IS NULL OR starts_with(seen.value, CAST(:prefix AS text)))
        AND (CAST(:contains AS text) IS NULL
          OR position(lower(CAST(:contains AS text)) IN lower(seen.value)) > 0)\
      """);

  /// A stretch of one key's values by place. Model by model, because only within one is an index in
  /// that order; what is not wanted is looked at and left out, so that whoever asks can bound it.
  private static final String BY_PLACE =
      """
      SELECT found.entity_id, found.key, found.place, found.wanted,
        CASE WHEN found.wanted THEN found.value END AS value
      FROM (
        SELECT seen.entity_id, seen.key, seen.value, seen.place,
          (CAST(:table AS text) IS NULL
            OR EXISTS (
              SELECT FROM analytics.entities e
              WHERE e.model_id = seen.model_id AND e.entity_id = seen.entity_id
                AND e.table_name = CAST(:table AS text)))
          AND {wanted} AS wanted
        FROM (
          SELECT each.model_id, each.entity_id, each.key, each.value, each.place
          FROM unnest(analytics.live_models()) AS live (model_id)
          CROSS JOIN LATERAL (
            SELECT x.model_id, x.entity_id, x.key, x.value, {place} AS place
            FROM {table} x
            WHERE x.model_id = live.model_id AND x.key = :key
              AND ({place}, x.entity_id) > (CAST(:after AS {type}), CAST(:after_id AS uuid))
              AND {place} <= CAST(:high AS {type})
            ORDER BY {place}, x.entity_id
            LIMIT :rows
          ) each
          ORDER BY each.place, each.entity_id
          LIMIT :rows
        ) seen
      ) found
      ORDER BY found.place, found.entity_id
      """;

  /// A key of which other tables have values of the type too is sifted, within so many values.
  private static final String FIRST_OF_KEYS =
      """
      SELECT wanted.number, found.entity_id, found.value
      FROM unnest(CAST(:numbers AS int[]), CAST(:models AS int[]), CAST(:keys AS text[]),
          CAST(:tables AS text[]))
        AS wanted (number, model_id, key, table_name)
      CROSS JOIN LATERAL (
        SELECT seen.entity_id, seen.value, seen.place
        FROM (
          SELECT x.entity_id, x.value, {place} AS place
          FROM {table} x
          WHERE x.model_id = wanted.model_id AND x.key = wanted.key
          ORDER BY {place}, x.entity_id
          LIMIT :looked
        ) seen
        WHERE wanted.table_name IS NULL
          OR EXISTS (
            SELECT FROM analytics.entities e
            WHERE e.model_id = wanted.model_id AND e.entity_id = seen.entity_id
              AND e.table_name = wanted.table_name)
        ORDER BY seen.place, seen.entity_id
        LIMIT :each
      ) found
      ORDER BY wanted.number, found.place, found.entity_id
      """;

  /// The lowest and the highest place there is, as PostgreSQL reads it.
  final String lowest;

  final String highest;
  final String byPlace;

  /// The first values of some keys, by place: [ExtraKeys].
  final String firstOfKeys;

  ExtraType(
      String table, String place, String sqlType, String lowest, String highest, String wanted) {
    this.lowest = lowest;
    this.highest = highest;
    byPlace =
        BY_PLACE
            .replace("{wanted}", wanted)
            .replace("{place}", place)
            .replace("{table}", table)
            .replace("{type}", sqlType);
    firstOfKeys = FIRST_OF_KEYS.replace("{place}", place).replace("{table}", table);
  }

  /// As the API calls it.
  String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Optional<ExtraType> of(String key) {
    for (var type : values()) {
      if (type.key().equals(key)) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
