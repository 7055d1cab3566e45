package io.claritystream.maestro.engine;

import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.maestro.engine.ExecutionReads.Filter;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// A tenant's executions, newest first, narrowed to a filter; within a transaction of the tenant's.
///
/// They lie in a leaf for each day, and mostly a page is found in the last two. So a list is read
/// in spans of days, each twice as long as the one after it, until the page is full: neither the
/// planner nor anybody else looks at months of leaves for what yesterday holds, and what is rare
/// costs few statements more.
final class ExecutionList {
  private static final String LIST = "executions";

  /// No span is longer; of names shorter ones, because of a name all that a span has of it may be
  /// read.
  private static final int LONGEST_DAYS = 256;

  private static final int LONGEST_OF_NAMES_DAYS = 16;

  /// How many of a span's newest are looked at for a name before the index of names is asked, which
  /// has to give all that begin so before the newest of them are known.
  private static final int NEAR = 1_000;

  /// For each span a plan of its own: what is told of its leaves is only known with their bounds.
  /// And the first id of what has ended and is still kept.
  private static final String BEGIN =
      "SELECT maestro.first_kept() FROM set_config('plan_cache_mode', 'force_custom_plan', true)";

  private final JdbcClient sql;
  private final Filter filter;
  private final int rows;
  private final @Nullable UUID after;

  private ExecutionList(JdbcClient sql, Filter filter, PageRequest page) {
    this.sql = sql;
    this.filter = filter;
    this.rows = page.rows();
    this.after = page.after(LIST, 1).map(cursor -> cursor.uuid(0)).orElse(null);
  }

  static Page<ExecutionViews.Execution> read(
      JdbcClient sql, Filter filter, PageRequest page, Instant now) {
    var found = new ExecutionList(sql, filter, page).read(now);
    return Page.of(
        ExecutionReads.withRetries(sql, found), page, last -> Cursor.of(LIST, last.id()));
  }

  /// Ids from one to below another; null where nothing bounds them.
  ///
  /// @param open whether it is for open ones alone, which are all in one leaf
  record Span(@Nullable UUID low, @Nullable UUID high, boolean open) {
    void bound(List<String> conditions, Map<String, Object> parameters) {
      if (open) {
        conditions.add("NOT e.ended");
      }
      ExecutionReads.add(conditions, parameters, "e.execution_id >= :low", "low", low);
      ExecutionReads.add(conditions, parameters, "e.execution_id < :high", "high", high);
    }
  }

  /// The spans of a list, the newest first.
  ///
  /// @param kept since when those that have ended are kept; an open one may be older
  static List<Span> spans(Filter filter, @Nullable UUID after, Instant now, Instant kept) {
    if (filter.status() != null && !filter.status().ended()) {
      return List.of(new Span(null, null, true));
    }
    var newest = now;
    if (after != null) {
      newest = earlier(newest, ExecutionReads.at(after));
    }
    if (filter.to() != null) {
      newest = earlier(newest, filter.to());
    }
    var oldest = filter.from() == null ? kept : later(kept, filter.from());
    List<Span> spans = new ArrayList<>();
    var low = later(newest, Instant.EPOCH).truncatedTo(ChronoUnit.DAYS);
    UUID high = null;
    for (var days = 1; low.isAfter(oldest); days = Math.min(2 * days, longest(filter))) {
      low = low.minus(days, ChronoUnit.DAYS);
      var id = ExecutionReads.lowest(low);
      spans.add(new Span(id, high, false));
      high = id;
    }
    if (spans.isEmpty()) {
      // All of it is of one day.
      spans.add(new Span(null, null, false));
    } else if (filter.status() == null && high != null) {
      spans.add(new Span(null, high, true));
    }
    return spans;
  }

  private static int longest(Filter filter) {
    return filter.named() ? LONGEST_OF_NAMES_DAYS : LONGEST_DAYS;
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  private List<ExecutionViews.Execution> read(Instant now) {
    var kept = ExecutionReads.at(sql.sql(BEGIN).query(UUID.class).single());
    List<ExecutionViews.Execution> found = new ArrayList<>();
    for (var span : spans(filter, after, now, kept)) {
      var missing = rows - found.size();
      found.addAll(filter.named() ? named(span, missing) : within(span, missing));
      if (found.size() >= rows) {
        break;
      }
    }
    return found;
  }

  private List<ExecutionViews.Execution> within(Span span, int max) {
    var statement = new Statement(span);
    return statement.rows(listing(statement.narrowed(), max));
  }

  private static String listing(String conditions, int max) {
    return ExecutionReads.LISTED
        + "WHERE "
        + conditions
        + " ORDER BY e.execution_id DESC LIMIT "
        + max;
  }

  /// Those with a name. Of a common one the newest are near; a rare one the index finds among
  /// millions. Either way is slow where the other is quick, and the planner can't tell which it is.
  private List<ExecutionViews.Execution> named(Span span, int max) {
    var ids = near(span, max);
    if (ids.size() < max) {
      ids = indexed(span, max);
    }
    if (ids.isEmpty()) {
      return List.of();
    }
    var statement = new Statement(span);
    statement.parameters.put("ids", ids.toArray(UUID[]::new));
    return statement.rows(listing(statement.narrowed() + " AND e.execution_id = ANY (:ids)", max));
  }

  private List<UUID> near(Span span, int max) {
    var statement = new Statement(span);
    ExecutionReads.narrowButByName(filter, statement.conditions, statement.parameters);
    List<String> name = new ArrayList<>();
    ExecutionReads.narrowByName(filter, name, statement.parameters);
    return statement.ids(
        """
        SELECT e.execution_id
        FROM (SELECT e.execution_id, e.name_key FROM maestro.execution e WHERE %s
          ORDER BY e.execution_id DESC LIMIT %d) e
        WHERE %s
        ORDER BY e.execution_id DESC LIMIT %d
        """
            .formatted(statement.where(), NEAR, String.join(" AND ", name), max));
  }

  private List<UUID> indexed(Span span, int max) {
    var statement = new Statement(span);
    // Behind OFFSET the planner sees neither order nor limit, which would draw it to the key.
    return statement.ids(
        """
        SELECT execution_id
        FROM (SELECT e.execution_id FROM maestro.execution e WHERE %s OFFSET 0) named
        ORDER BY execution_id DESC LIMIT %d
        """
            .formatted(statement.narrowed(), max));
  }

  /// What a statement is narrowed to, and with which values.
  private final class Statement {
    final List<String> conditions = new ArrayList<>();
    final Map<String, Object> parameters = new LinkedHashMap<>();

    Statement(Span span) {
      span.bound(conditions, parameters);
      ExecutionReads.add(conditions, parameters, "e.execution_id < :after", "after", after);
    }

    String where() {
      return String.join(" AND ", conditions);
    }

    String narrowed() {
      ExecutionReads.narrow(filter, conditions, parameters);
      return where();
    }

    List<ExecutionViews.Execution> rows(String text) {
      return sql.sql(text)
          .params(parameters)
          .query((row, number) -> ExecutionReads.execution(row))
          .list();
    }

    List<UUID> ids(String text) {
      return sql.sql(text).params(parameters).query(UUID.class).list();
    }
  }
}
