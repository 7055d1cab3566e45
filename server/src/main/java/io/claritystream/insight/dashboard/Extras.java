package io.claritystream.insight.dashboard;

import io.claritystream.base.db.SqlTime;
import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Reads typed extras from the four tables as one, by entity and key.
final class Extras {
  /// A value is a text, a number, a boolean or an instant, as `type` says. Numbers that JSON
  /// cannot write (NaN, infinities) are their names.
  record Extra(UUID entityId, String key, ExtraType type, Object value) {}

  /// The place behind which a page begins.
  record After(UUID entityId, String key) {}

  /// Model by model, because only within one is an index in the order of the page.
  static final String ALL =
      """
      SELECT entity_id, key, type, text_value, num_value, bool_value, time_value
      FROM unnest(analytics.live_models()) AS live (model_id)
      CROSS JOIN LATERAL (
        (SELECT entity_id, key, 'text' AS type, value AS text_value, NULL::numeric AS num_value,
           NULL::boolean AS bool_value, NULL::timestamptz AS time_value
         FROM analytics.extras_text
         WHERE model_id = live.model_id AND (:any_type OR :type = 'text')
           AND (CAST(:after_id AS uuid) IS NULL OR (entity_id, key) > (:after_id, :after_key))
         ORDER BY entity_id, key LIMIT :rows)
        UNION ALL
        (SELECT entity_id, key, 'num', NULL, value, NULL, NULL
         FROM analytics.extras_num
         WHERE model_id = live.model_id AND (:any_type OR :type = 'num')
           AND (CAST(:after_id AS uuid) IS NULL OR (entity_id, key) > (:after_id, :after_key))
         ORDER BY entity_id, key LIMIT :rows)
        UNION ALL
        (SELECT entity_id, key, 'bool', NULL, NULL, value, NULL
         FROM analytics.extras_bool
         WHERE model_id = live.model_id AND (:any_type OR :type = 'bool')
           AND (CAST(:after_id AS uuid) IS NULL OR (entity_id, key) > (:after_id, :after_key))
         ORDER BY entity_id, key LIMIT :rows)
        UNION ALL
        (SELECT entity_id, key, 'time', NULL, NULL, NULL, value
         FROM analytics.extras_time
         WHERE model_id = live.model_id AND (:any_type OR :type = 'time')
           AND (CAST(:after_id AS uuid) IS NULL OR (entity_id, key) > (:after_id, :after_key))
         ORDER BY entity_id, key LIMIT :rows)
      ) extras
      ORDER BY entity_id, key
      LIMIT :rows
      """;

  private static final String OF_ENTITIES =
      """
      SELECT entity_id, key, type, text_value, num_value, bool_value, time_value
      FROM (
        SELECT entity_id, key, 'text' AS type, value AS text_value, NULL::numeric AS num_value,
          NULL::boolean AS bool_value, NULL::timestamptz AS time_value
        FROM analytics.extras_text
        WHERE entity_id = ANY (:ids) AND (:any_type OR :type = 'text')
          AND (CAST(:prefix AS text) IS NULL OR starts_with(value, CAST(:prefix AS text)))
          AND (CAST(:contains AS text) IS NULL
            OR position(lower(CAST(:contains AS text)) IN lower(value)) > 0)
        UNION ALL
        SELECT entity_id, key, 'num', NULL, value, NULL, NULL
        FROM analytics.extras_num
        WHERE entity_id = ANY (:ids) AND (:any_type OR :type = 'num')
          AND (CAST(:from_number AS numeric) IS NULL OR value >= CAST(:from_number AS numeric))
          AND (CAST(:to_number AS numeric) IS NULL OR value <= CAST(:to_number AS numeric))
        UNION ALL
        SELECT entity_id, key, 'bool', NULL, NULL, value, NULL
        FROM analytics.extras_bool
        WHERE entity_id = ANY (:ids) AND (:any_type OR :type = 'bool')
        UNION ALL
        SELECT entity_id, key, 'time', NULL, NULL, NULL, value
        FROM analytics.extras_time
        WHERE entity_id = ANY (:ids) AND (:any_type OR :type = 'time')
          AND (CAST(:from_time AS timestamptz) IS NULL OR value >= CAST(:from_time AS timestamptz))
          AND (CAST(:to_time AS timestamptz) IS NULL OR value <= CAST(:to_time AS timestamptz))
      ) extras
      WHERE (CAST(:key AS text) IS NULL OR key = :key)
        AND (CAST(:after_id AS uuid) IS NULL OR (entity_id, key) > (:after_id, :after_key))
        AND (CAST(:table AS text) IS NULL
          OR EXISTS (
            SELECT FROM analytics.entities e
            WHERE e.entity_id = extras.entity_id AND e.table_name = CAST(:table AS text)))
      ORDER BY entity_id, key
      LIMIT :rows
      """;

  private Extras() {}

  /// All of a tenant, of one type or of any.
  static List<Extra> all(
      JdbcClient sql, @Nullable ExtraType type, @Nullable After after, int rows) {
    return sql.sql(ALL)
        .param("any_type", type == null)
        .param("type", type == null ? "" : type.key())
        .param("after_id", after == null ? null : after.entityId())
        .param("after_key", after == null ? null : after.key())
        .param("rows", rows)
        .query(Extras::extra)
        .list();
  }

  static List<Extra> of(JdbcClient sql, UUID entity, int rows) {
    var all = new ExtraFilter(entity, null, null, null, null, null, null, null, null, null);
    return of(sql, List.of(entity), all, null, rows);
  }

  /// Those of some entities that the filter wants.
  static List<Extra> of(
      JdbcClient sql, List<UUID> entities, ExtraFilter filter, @Nullable After after, int rows) {
    var type = filter.type();
    return sql.sql(OF_ENTITIES)
        .param("ids", entities.toArray(UUID[]::new))
        .param("any_type", type == null)
        .param("type", type == null ? "" : type.key())
        .param("key", filter.key())
        .param("table", filter.table())
        .param("prefix", filter.prefix())
        .param("contains", filter.contains())
        .param("from_number", filter.fromNumber())
        .param("to_number", filter.toNumber())
        .param("from_time", sqlTime(filter.fromTime()))
        .param("to_time", sqlTime(filter.toTime()))
        .param("after_id", after == null ? null : after.entityId())
        .param("after_key", after == null ? null : after.key())
        .param("rows", rows)
        .query(Extras::extra)
        .list();
  }

  private static @Nullable Object sqlTime(@Nullable Instant time) {
    return time == null ? null : SqlTime.of(time);
  }

  private static Extra extra(ResultSet row, int number) throws SQLException {
    var type = ExtraType.of(row.getString("type")).orElseThrow();
    return new Extra(
        row.getObject("entity_id", UUID.class),
        row.getString("key"),
        type,
        value(row, type, type.key() + "_value"));
  }

  /// The value in a column, as the API shows it.
  static Object value(ResultSet row, ExtraType type, String column) throws SQLException {
    return switch (type) {
      case NUM -> number(row.getString(column));
      case BOOL -> row.getBoolean(column);
      case TIME -> SqlTime.read(row, column);
      case TEXT -> row.getString(column);
    };
  }

  private static Object number(String text) {
    var last = text.charAt(text.length() - 1);
    return Character.isDigit(last) ? new BigDecimal(text) : text;
  }
}
