package io.claritystream.stream.materializer;

import java.util.ArrayList;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;

/// All that a model holds, as text, with the dictionaries' numbers replaced by what they stand for:
/// two models that hold the same give the same.
public final class ModelContents {
  private static final String TABLES =
      """
      SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE a.attname = 'model_id' AND c.relkind = 'r' AND c.relnamespace = 'analytics'::regnamespace
        AND c.relname NOT IN ('model', 'model_table', 'series')
      ORDER BY 1
      """;

  private static final String MINUTES =
      """
      SELECT 'minute ' || ((to_jsonb(m) - 'series_id')
        || jsonb_build_object('device', s.device_id, 'metric', k.key))::text AS row
      FROM analytics.series s
      JOIN analytics.metric_key k USING (metric_id)
      JOIN analytics.metrics_min m USING (series_id)
      WHERE s.model_id = :model
      ORDER BY 1
      """;

  private static final String ROWS =
      """
      SELECT 'row ' || ((to_jsonb(r) - 'table_id')
        || jsonb_build_object('table', t.table_name))::text AS row
      FROM analytics.model_table t JOIN analytics.row_state r USING (table_id)
      WHERE t.model_id = :model
      ORDER BY 1
      """;

  private ModelContents() {}

  public static List<String> of(JdbcClient superuser, int model) {
    var all = new ArrayList<String>();
    for (var table : superuser.sql(TABLES).query(String.class).list()) {
      all.addAll(
          superuser
              .sql(
                  "SELECT '%1$s ' || (to_jsonb(t) - 'model_id')::text FROM analytics.%1$s t"
                          .formatted(table)
                      + " WHERE model_id = :model ORDER BY 1")
              .param("model", model)
              .query(String.class)
              .list());
    }
    all.addAll(superuser.sql(MINUTES).param("model", model).query(String.class).list());
    all.addAll(superuser.sql(ROWS).param("model", model).query(String.class).list());
    return all;
  }
}
