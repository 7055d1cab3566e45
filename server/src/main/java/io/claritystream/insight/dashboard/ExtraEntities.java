package io.claritystream.insight.dashboard;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Says of what extras are.
final class ExtraEntities {
  private static final String OF_IDS =
      """
      SELECT e.entity_id, e.kind, e.source_id, nullif(e.table_name, '') AS table_name, e.key,
        coalesce(d.name, s.name) AS name
      FROM analytics.entities e
      LEFT JOIN analytics.devices d ON d.model_id = e.model_id AND d.device_id = e.entity_id
      LEFT JOIN analytics.sites s ON s.model_id = e.model_id AND s.site_id = e.entity_id
      WHERE e.entity_id = ANY (:ids)
      """;

  private ExtraEntities() {}

  /// @param table whose row describes it; null if it is only known by others
  /// @param name of a site or a device
  @Schema(name = "ExtraEntity")
  record Entity(
      UUID id,
      @Schema(allowableValues = {"site", "device", "row"}) String kind,
      UUID sourceId,
      @Nullable String table,
      String key,
      @Nullable String name) {}

  /// Those that are there, by id.
  static Map<UUID, Entity> of(JdbcClient sql, Collection<UUID> ids) {
    var found = new HashMap<UUID, Entity>();
    if (!ids.isEmpty()) {
      sql.sql(OF_IDS)
          .param("ids", new HashSet<>(ids).toArray(UUID[]::new))
          .query(
              (row, number) ->
                  new Entity(
                      row.getObject("entity_id", UUID.class),
                      row.getString("kind"),
                      row.getObject("source_id", UUID.class),
                      row.getString("table_name"),
                      row.getString("key"),
                      row.getString("name")))
          .list()
          .forEach(entity -> found.put(entity.id(), entity));
    }
    return found;
  }
}
