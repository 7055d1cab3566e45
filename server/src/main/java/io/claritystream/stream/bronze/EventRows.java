package io.claritystream.stream.bronze;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Reads events by their ids, never more of their payloads at once than this process can hold for
/// many callers: PostgreSQL is told what a payload and a page may have, and sends no more.
///
/// How large a payload is as text is known only once it is made into text. One that is large even
/// as PostgreSQL stores it is not: that costs nothing to see.
final class EventRows {
  /// A larger payload is left out of a page and can be read alone.
  static final int SHOWN_BYTES_MAX = 32 * 1024;

  /// A page whose payloads would be more ends early.
  static final int PAGE_BYTES_MAX = 2 * 1024 * 1024;

  /// A larger one is not shown at all.
  static final int WHOLE_BYTES_MAX = 16 * 1024 * 1024;

  /// How much of a payload that is read alone is in memory at once.
  static final int PIECE_CHARS = 256 * 1024;

  private static final String PAGE =
      """
      WITH sized AS (
        SELECT event_id, source_id, epoch, seq, op, table_name, lsn, event_time, ingest_time, payload,
               pg_column_size(payload) AS stored_bytes,
               CASE WHEN pg_column_size(payload) <= :shownMax THEN octet_length(payload::text) END AS text_bytes,
               array_position(:ids, event_id) AS place
        FROM bronze.cdc_events
        WHERE tenant_id = :tenant AND event_id = ANY(:ids)
      ), counted AS (
        SELECT sized.*,
               sum(CASE WHEN text_bytes <= :shownMax THEN text_bytes ELSE 0 END) OVER (ORDER BY place) AS page_bytes
        FROM sized
      )
      SELECT event_id, source_id, epoch, seq, op, table_name, lsn, event_time, ingest_time, stored_bytes,
             CASE WHEN text_bytes <= :shownMax THEN payload::text END AS payload
      FROM counted
      WHERE page_bytes <= :pageMax
      ORDER BY place
      """;

  private static final String ONE =
      """
      SELECT event_id, source_id, epoch, seq, op, table_name, lsn, event_time, ingest_time,
             pg_column_size(payload) AS stored_bytes, NULL AS payload,
             CASE WHEN pg_column_size(payload) <= :wholeMax THEN octet_length(payload::text) END AS text_bytes
      FROM bronze.cdc_events
      WHERE tenant_id = :tenant AND event_id = :id
      """;

  private static final String PIECE =
      """
      SELECT substr(payload::text, :from, :chars)
      FROM bronze.cdc_events
      WHERE tenant_id = :tenant AND event_id = :id
      """;

  private EventRows() {}

  /// @param payload null if it is left out
  /// @param storedBytes what the payload takes in the database, where a large one is compressed
  record Event(
      UUID eventId,
      UUID sourceId,
      Place place,
      String op,
      String table,
      String lsn,
      Instant eventTime,
      Instant ingestTime,
      long storedBytes,
      @Nullable String payload) {
    /// The first 48 bits of the id.
    Instant capturedAt() {
      return Instant.ofEpochMilli(eventId.getMostSignificantBits() >>> 16);
    }
  }

  /// An event without its payload.
  ///
  /// @param fits whether the payload may be read, in pieces
  record Whole(Event event, boolean fits) {}

  /// The events of `ids`, in the order of the ids: as many from the first on as a page may hold,
  /// and one at least.
  static List<Event> page(JdbcClient sql, TenantId tenant, List<UUID> ids) {
    if (ids.isEmpty()) {
      return List.of();
    }
    return sql.sql(PAGE)
        .param("tenant", tenant.value())
        .param("ids", ids.toArray(UUID[]::new))
        .param("shownMax", SHOWN_BYTES_MAX)
        .param("pageMax", PAGE_BYTES_MAX)
        .query(EventRows::event)
        .list();
  }

  static Optional<Whole> one(JdbcClient sql, TenantId tenant, UUID id) {
    return sql.sql(ONE)
        .param("tenant", tenant.value())
        .param("id", id)
        .param("wholeMax", WHOLE_BYTES_MAX)
        .query(
            (row, number) -> {
              var bytes = row.getInt("text_bytes");
              var fits = !row.wasNull() && bytes <= WHOLE_BYTES_MAX;
              return new Whole(event(row, number), fits);
            })
        .optional();
  }

  /// Some of a payload's text, empty behind its end.
  ///
  /// @param from the first character, counted from 0
  static Optional<String> piece(JdbcClient sql, TenantId tenant, UUID id, int from) {
    return sql.sql(PIECE)
        .param("tenant", tenant.value())
        .param("id", id)
        .param("from", from + 1)
        .param("chars", PIECE_CHARS)
        .query(String.class)
        .optional();
  }

  private static Event event(ResultSet row, int number) throws SQLException {
    return new Event(
        row.getObject("event_id", UUID.class),
        row.getObject("source_id", UUID.class),
        new Place(row.getInt("epoch"), row.getLong("seq")),
        row.getString("op"),
        row.getString("table_name"),
        row.getString("lsn"),
        SqlTime.read(row, "event_time"),
        SqlTime.read(row, "ingest_time"),
        row.getLong("stored_bytes"),
        row.getString("payload"));
  }
}
