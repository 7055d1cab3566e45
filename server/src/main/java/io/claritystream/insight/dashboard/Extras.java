package io.claritystream.insight.dashboard;

import io.claritystream.base.db.SqlTime;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Reads typed extras, from the four tables as one.
final class Extras {
  /// A value is a text, a number, a boolean or an instant, as `type` says. Numbers that JSON
  /// cannot write (NaN, infinities) are their names.
  ///
  /// @param seq the number, within its epoch, of the event that gave the value
  record Extra(UUID entityId, String key, String type, Object value, long seq) {}

  /// The place behind which a page begins.
  record After(UUID entityId, String key) {}

  /// Model by model, because only within one is an index in the order of the page.
  private static final String SELECT =
      """
      SELECT entity_id, key, type, text_value, num_value, bool_value, time_value, value_seq
      FROM unnest(analytics.live_models()) AS live (model_id)
      CROSS JOIN LATERAL (
        (SELECT entity_id, key, 'text' AS type, value AS text_value, NULL::numeric AS num_value,
           NULL::boolean AS bool_value, NULL::timestamptz AS time_value, value_seq
         FROM analytics.extras_text
         WHERE model_id = live.model_id AND (:any_type OR :type = 'text')
           AND (CAST(:entity AS uuid) IS NULL OR entity_id = :entity)
           AND (CAST(:key AS text) IS NULL OR key = :key)
           AND (CAST(:after_id AS uuid) IS NULL OR (entity_id, key) > (:after_id, :after_key))
         ORDER BY entity_id, key LIMIT :rows)
        UNION ALL
        (SELECT entity_id, key, 'num', NULL, value, NULL, NULL, value_seq
         FROM analytics.extras_num
         WHERE model_id = live.model_id AND (:any_type OR :type = 'num')
           AND (CAST(:entity AS uuid) IS NULL OR entity_id = :entity)
           AND (CAST(:key AS text) IS NULL OR key = :key)
           AND (CAST(:after_id AS uuid) IS NULL OR (entity_id, key) > (:after_id, :after_key))
         ORDER BY entity_id, key LIMIT :rows)
        UNION ALL
        (SELECT entity_id, key, 'bool', NULL, NULL, value, NULL, value_seq
         FROM analytics.extras_bool
         WHERE model_id = live.model_id AND (:any_type OR :type = 'bool')
           AND (CAST(:entity AS uuid) IS NULL OR entity_id = :entity)
           AND (CAST(:key AS text) IS NULL OR key = :key)
           AND (CAST(:after_id AS uuid) IS NULL OR (entity_id, key) > (:after_id, :after_key))
         ORDER BY entity_id, key LIMIT :rows)
        UNION ALL
        (SELECT entity_id, key, 'time', NULL, NULL, NULL, value, value_seq
         FROM analytics.extras_time
         WHERE model_id = live.model_id AND (:any_type OR :type = 'time')
           AND (CAST(:entity AS uuid) IS NULL OR entity_id = :entity)
           AND (CAST(:key AS text) IS NULL OR key = :key)
           AND (CAST(:after_id AS uuid) IS NULL OR (entity_id, key) > (:after_id, :after_key))
         ORDER BY entity_id, key LIMIT :rows)
      ) extras
      ORDER BY entity_id, key
      LIMIT :rows
      """;

  private static final long SEQ_MASK = (1L << 40) - 1;

  private Extras() {}

  static List<Extra> of(JdbcClient sql, UUID entity, int rows) {
    return read(sql, entity, null, null, null, rows);
  }

  static List<Extra> read(
      JdbcClient sql,
      @Nullable UUID entity,
      @Nullable String key,
      @Nullable String type,
      @Nullable After after,
      int rows) {
    return sql.sql(SELECT)
        .param("any_type", type == null)
        .param("type", type == null ? "" : type)
        .param("entity", entity)
        .param("key", key)
        .param("after_id", after == null ? null : after.entityId())
        .param("after_key", after == null ? null : after.key())
        .param("rows", rows)
        .query(Extras::extra)
        .list();
  }

  private static Extra extra(ResultSet row, int number) throws SQLException {
    var type = row.getString("type");
    var value =
        switch (type) {
          case "num" -> number(row.getString("num_value"));
          case "bool" -> row.getBoolean("bool_value");
          case "time" -> SqlTime.read(row, "time_value");
          default -> row.getString("text_value");
        };
    return new Extra(
        row.getObject("entity_id", UUID.class),
        row.getString("key"),
        type,
        value,
        row.getLong("value_seq") & SEQ_MASK);
  }

  private static Object number(String text) {
    var last = text.charAt(text.length() - 1);
    return Character.isDigit(last) ? new java.math.BigDecimal(text) : text;
  }
}
