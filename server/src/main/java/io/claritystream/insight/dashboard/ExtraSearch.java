package io.claritystream.insight.dashboard;

import io.claritystream.base.http.ApiTime;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.insight.dashboard.Extras.After;
import io.claritystream.insight.dashboard.Extras.Extra;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// A page of the extras that a filter wants.
///
/// With an entity, a table or nothing but a type, they come by entity and key. With a key, they
/// come by type and value, as an index has them. What an index cannot tell is sifted: a text
/// *within* values, a table. For that at most [#SIFTED_MAX] values are looked at, and the next page
/// begins behind them; an index over the parts of every text would cost each write more than
/// searches are worth.
final class ExtraSearch {
  private static final String BY_ENTITY = "extras";
  private static final String BY_VALUE = "extras-by-value";
  private static final UUID BEFORE_ALL = new UUID(0, 0);

  /// What is looked at for one page at most.
  static final int SIFTED_MAX = 20_000;

  private static final int SIFTED_AT_A_TIME = 1_000;
  private static final int ENTITIES_AT_A_TIME = 100;

  private static final String ENTITIES_OF_TABLE =
      """
      SELECT each.entity_id
      FROM unnest(analytics.live_models()) AS live (model_id)
      CROSS JOIN LATERAL (
        SELECT e.entity_id
        FROM analytics.entities e
        WHERE e.model_id = live.model_id AND e.table_name = :table
          AND e.entity_id >= CAST(:from AS uuid)
        ORDER BY e.entity_id
        LIMIT :rows
      ) each
      ORDER BY each.entity_id
      LIMIT :rows
      """;

  /// @param extra null where it was looked at and is not wanted
  private record Seen(String place, UUID entityId, @Nullable Extra extra) {}

  private final JdbcClient sql;
  private final ExtraFilter filter;
  private final PageRequest page;

  ExtraSearch(JdbcClient sql, ExtraFilter filter, PageRequest page) {
    this.sql = sql;
    this.filter = filter;
    this.page = page;
  }

  Page<Extra> find() {
    if (filter.entity() != null) {
      return shown(Extras.of(sql, List.of(filter.entity()), filter, after(), page.rows()));
    }
    if (filter.key() != null) {
      return byValue(filter.key());
    }
    return filter.table() != null
        ? ofTable(filter.table())
        : shown(Extras.all(sql, filter.type(), after(), page.rows()));
  }

  private @Nullable After after() {
    return page.after(BY_ENTITY, 2)
        .map(cursor -> new After(cursor.uuid(0), text(cursor.text(1))))
        .orElse(null);
  }

  private Page<Extra> shown(List<Extra> rows) {
    return Page.of(
        rows, page, extra -> Cursor.of(BY_ENTITY, extra.entityId(), encoded(extra.key())));
  }

  /// Entity by entity. One without extras counts as looked at as well.
  private Page<Extra> ofTable(String table) {
    var after = after();
    var from = after == null ? BEFORE_ALL : after.entityId();
    var found = new ArrayList<Extra>();
    for (var looked = 0; looked < SIFTED_MAX; looked += ENTITIES_AT_A_TIME) {
      var ids =
          sql.sql(ENTITIES_OF_TABLE)
              .param("table", table)
              .param("from", from)
              .param("rows", ENTITIES_AT_A_TIME + 1)
              .query(UUID.class)
              .list();
      var more = ids.size() > ENTITIES_AT_A_TIME;
      var part = more ? ids.subList(0, ENTITIES_AT_A_TIME) : ids;
      found.addAll(Extras.of(sql, part, filter, after, page.rows() - found.size()));
      if (!more || found.size() > page.limit()) {
        return shown(found);
      }
      from = ids.getLast();
    }
    // Nothing of this one was looked at yet, and no key comes before the empty one.
    return new Page<>(found, Cursor.of(BY_ENTITY, from, encoded("")).encode());
  }

  private Page<Extra> byValue(String key) {
    var cursor = page.after(BY_VALUE, 3).orElse(null);
    var begun = cursor == null ? null : ExtraType.of(cursor.text(0)).orElseThrow(ExtraSearch::odd);
    var found = new ArrayList<Extra>();
    var looked = 0;
    for (var type : ExtraType.values()) {
      if (filter.type() != null && filter.type() != type
          || begun != null && type.compareTo(begun) < 0) {
        continue;
      }
      var at = new Seen(filter.lowest(type), BEFORE_ALL, null);
      if (cursor != null && type == begun) {
        at = new Seen(place(type, text(cursor.text(1))), cursor.uuid(2), null);
      }
      for (var whole = false; !whole; ) {
        var rows = filter.sifts() ? SIFTED_AT_A_TIME : page.rows() - found.size();
        var seen = behind(type, key, at, rows);
        whole = seen.size() < rows;
        for (var each : seen) {
          if (each.extra() != null && found.size() == page.limit()) {
            return new Page<>(found, next(type, at));
          }
          if (each.extra() != null) {
            found.add(each.extra());
          }
          at = each;
        }
        looked += seen.size();
        if (!whole && looked >= SIFTED_MAX) {
          return new Page<>(found, next(type, at));
        }
      }
    }
    return new Page<>(found, null);
  }

  private List<Seen> behind(ExtraType type, String key, Seen after, int rows) {
    return sql.sql(type.byPlace)
        .param("key", key)
        .param("table", filter.table())
        .param("prefix", filter.prefix())
        .param("contains", filter.contains())
        .param("from_number", filter.fromNumber())
        .param("to_number", filter.toNumber())
        .param("after", after.place())
        .param("after_id", after.entityId())
        .param("high", filter.highest(type))
        .param("rows", rows)
        .query(
            (row, number) -> {
              var id = row.getObject("entity_id", UUID.class);
              return new Seen(
                  row.getString("place"),
                  id,
                  row.getBoolean("wanted")
                      ? new Extra(id, row.getString("key"), type, Extras.value(row, type, "value"))
                      : null);
            })
        .list();
  }

  private static String next(ExtraType type, Seen at) {
    return Cursor.of(BY_VALUE, type.key(), encoded(at.place()), at.entityId()).encode();
  }

  /// A place from a cursor, which anybody may have made up.
  private static String place(ExtraType type, String text) {
    var known =
        switch (type) {
          case BOOL -> text.equals("t") || text.equals("f") || text.equals("false");
          case NUM -> isNumber(text);
          case TIME ->
              text.equals("-infinity")
                  || ApiTime.parse(text.replace(' ', 'T').replace("+00", "Z")).isPresent();
          case TEXT -> text.length() <= 63;
        };
    if (!known) {
      throw odd();
    }
    return text;
  }

  private static boolean isNumber(String text) {
    if (Arrays.asList("NaN", "Infinity", "-Infinity").contains(text)) {
      return true;
    }
    try {
      return text.length() < 40 && Double.isFinite(new BigDecimal(text).doubleValue());
    } catch (NumberFormatException other) {
      return false;
    }
  }

  private static Problem odd() {
    return Problem.of(
        ProblemCode.INVALID_CURSOR, "It is not one that this API gave for such a search.");
  }

  /// Keys and values may hold whatever parts the texts of a cursor.
  static String encoded(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  static String text(String encoded) {
    try {
      var text = new String(Base64.getUrlDecoder().decode(encoded), StandardCharsets.UTF_8);
      if (text.indexOf('\0') >= 0) {
        throw odd();
      }
      return text;
    } catch (IllegalArgumentException other) {
      throw odd();
    }
  }
}
