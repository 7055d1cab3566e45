package io.claritystream.insight.dashboard;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Problem;
import io.claritystream.insight.dashboard.SessionController.Session;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Which sessions are wanted, the latest to begin first; null means any.
///
/// @param from sessions that are over by then are not wanted
/// @param to sessions that begin then or later are not wanted
/// @param lasting only those without an end
record SessionSearch(
    @Nullable UUID deviceId,
    @Nullable UUID siteId,
    @Nullable UUID sourceId,
    @Nullable String table,
    @Nullable String state,
    @Nullable Instant from,
    @Nullable Instant to,
    boolean lasting) {
  private static final String LIST = "sessions";
  private static final int CHARS_MAX = 200;

  /// How many sessions are looked at for one page at most; the next page begins behind them.
  static final int SCANNED_MAX = 20_000;

  /// Each live model is read in the order of its index, and no more of each than one page looks at.
  /// What ends a state is looked up for those alone that the page looks at, whatever the number of
  /// models; a session that ended before it began is where it began. A session is found by its
  /// start as well, so that any index does: before a new model's statistics are there, PostgreSQL
  /// may take one.
  static final String SELECT =
      """
      SELECT seen.*
      FROM (
        SELECT scanned.place, i.*,
          d.name AS device_name, site.site_id AS shown_site_id, site.name AS site_name,
          (CAST(:source AS uuid) IS NULL OR i.source_id = :source)
          AND (CAST(:table AS text) IS NULL OR i.table_name = :table)
          AND (CAST(:state AS text) IS NULL OR i.state = :state)
          AND (CAST(:site AS uuid) IS NULL OR coalesce(d.site_id, i.site_id) = :site)
          AND (NOT :lasting OR i.ended_at IS NULL)
          AND (CAST(:from AS timestamptz) IS NULL OR i.started_at >= :from
            OR i.ended_at IS NULL OR i.ended_at > :from) AS wanted
        FROM (
          SELECT row_number() OVER (ORDER BY one.started_at DESC, one.session_id DESC) AS place,
            one.model_id, one.session_id, one.started_at
          FROM unnest(analytics.live_models()) AS live (model_id)
          CROSS JOIN LATERAL (
            SELECT s.model_id, s.session_id, s.started_at
            FROM analytics.sessions s
            WHERE s.tenant_id = :tenant AND s.model_id = live.model_id
              AND (CAST(:device AS uuid) IS NULL OR s.device_id = :device)
              AND (CAST(:to AS timestamptz) IS NULL OR s.started_at < :to)
              AND (CAST(:after_at AS timestamptz) IS NULL
                OR (s.started_at, s.session_id) < (:after_at, CAST(:after_id AS uuid)))
            ORDER BY s.started_at DESC, s.session_id DESC
            LIMIT :scanned
          ) one
          ORDER BY place
          LIMIT :scanned
        ) scanned
        JOIN analytics.session_intervals i
          ON i.model_id = scanned.model_id AND i.session_id = scanned.session_id
            AND i.started_at = scanned.started_at
        LEFT JOIN analytics.devices d
          ON d.model_id = i.model_id AND d.device_id = i.device_id
        LEFT JOIN analytics.sites site
          ON site.model_id = i.model_id AND site.site_id = coalesce(d.site_id, i.site_id)
      ) seen
      WHERE seen.wanted OR seen.place = :scanned
      ORDER BY seen.place
      LIMIT :rows
      """;

  SessionSearch {
    limit("table", table);
    limit("state", state);
    if (from != null && to != null && !to.isAfter(from)) {
      throw Problem.invalid("to", "must be after from");
    }
  }

  private static void limit(String name, @Nullable String text) {
    if (text != null && (text.isEmpty() || text.length() > CHARS_MAX)) {
      throw Problem.invalid(name, "must have 1 to " + CHARS_MAX + " characters");
    }
    if (text != null && text.indexOf('\0') >= 0) {
      throw Problem.invalid(name, "must not hold U+0000");
    }
  }

  /// Whether each session that is looked at is wanted, so that no more are than are shown.
  private boolean isAny() {
    return siteId == null
        && sourceId == null
        && table == null
        && state == null
        && from == null
        && !lasting;
  }

  /// @param place among those that are looked at for the page, from 1 on
  /// @param wanted false for one that is here because it was the last that was looked at
  private record Seen(Session session, int place, boolean wanted) {}

  Page<Session> page(JdbcClient sql, TenantId tenant, PageRequest page) {
    var after = page.after(LIST, 2);
    var scanned = isAny() ? page.rows() : SCANNED_MAX;
    var seen =
        sql.sql(SELECT)
            .param("tenant", tenant.value())
            .param("device", deviceId)
            .param("site", siteId)
            .param("source", sourceId)
            .param("table", table)
            .param("state", state)
            .param("from", from == null ? null : SqlTime.of(from))
            .param("to", to == null ? null : SqlTime.of(to))
            .param("lasting", lasting)
            .param("after_at", after.map(cursor -> SqlTime.of(cursor.instant(0))).orElse(null))
            .param("after_id", after.map(cursor -> cursor.uuid(1)).orElse(null))
            .param("scanned", scanned)
            // One that tells that there is more, and the last one that was looked at.
            .param("rows", page.limit() + 2)
            .query(SessionSearch::seen)
            .list();
    var shown = new ArrayList<Session>();
    for (var one : seen) {
      if (one.wanted && shown.size() == page.limit()) {
        return new Page<>(shown, behind(shown.getLast()));
      }
      if (one.wanted) {
        shown.add(one.session);
      }
    }
    var reached = seen.isEmpty() ? null : seen.getLast();
    // Whether or not the last one is wanted, there may be more behind as many as are looked at.
    var more = reached != null && reached.place == scanned;
    return new Page<>(shown, more ? behind(reached.session) : null);
  }

  private static String behind(Session session) {
    return Cursor.of(LIST, session.startedAt(), session.id()).encode();
  }

  private static Seen seen(ResultSet row, int number) throws SQLException {
    return new Seen(
        new Session(
            row.getObject("session_id", UUID.class),
            row.getObject("source_id", UUID.class),
            row.getString("table_name"),
            row.getObject("device_id", UUID.class),
            row.getString("device_name"),
            row.getObject("shown_site_id", UUID.class),
            row.getString("site_name"),
            row.getString("state"),
            row.getString("reason"),
            SqlTime.read(row, "started_at"),
            SqlTime.readNullable(row, "ended_at")),
        row.getInt("place"),
        row.getBoolean("wanted"));
  }
}
