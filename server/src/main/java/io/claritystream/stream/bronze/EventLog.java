package io.claritystream.stream.bronze;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TenantTransactions;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.core.simple.JdbcClient.StatementSpec;
import org.springframework.stereotype.Component;

/// Reads a tenant's events, newest first, under row-level security.
///
/// All events of a tenant are read along `(tenant_id, event_id)`, in the order of their capture
/// ([TenantPage]); those of one source along `(source_id, epoch, seq)`, in the order of their
/// numbers. Either way a page costs a range of one index, and only in the partitions that the page
/// falls into. What the index does not know, table and operation, is looked for among
/// [#SCANNED_MAX] events a page: a page may therefore be short, even empty, and still have one
/// after it.
@Component
final class EventLog {
  static final int SCANNED_MAX = 20_000;

  private static final UUID FIRST_ID = new UUID(0, 0);
  static final UUID BEYOND_LAST_ID = new UUID(-1, -1);

  static final String COLUMNS =
      """
      SELECT event_id, source_id, epoch, seq, op, table_name, lsn, event_time, ingest_time, payload::text AS payload
      FROM bronze.cdc_events
      """;

  private static final String OF_SOURCE =
      COLUMNS
          + """
          WHERE tenant_id = :tenant AND source_id = :source AND event_id >= :low AND event_id < :high
            AND (epoch, seq) < (:epoch, :seq) AND (epoch, seq) >= (:lowEpoch, :lowSeq)
            AND (CAST(:table AS text) IS NULL OR table_name = :table)
            AND (CAST(:op AS text) IS NULL OR op = :op)
          ORDER BY epoch DESC, seq DESC
          LIMIT :rows
          """;

  private static final String SCAN_OF_SOURCE =
      """
      SELECT epoch, seq
      FROM bronze.cdc_events
      WHERE tenant_id = :tenant AND source_id = :source AND event_id >= :low AND event_id < :high
        AND (epoch, seq) < (:epoch, :seq)
      ORDER BY epoch DESC, seq DESC
      OFFSET :scanned LIMIT 1
      """;

  private final TenantTransactions transactions;

  EventLog(TenantTransactions transactions) {
    this.transactions = transactions;
  }

  /// Which events: those captured from `from` (included) to `to`, in milliseconds.
  record Filter(
      @Nullable String table, @Nullable String op, @Nullable Instant from, @Nullable Instant to) {
    UUID low() {
      return from == null ? FIRST_ID : firstIdAt(from);
    }

    UUID high() {
      return to == null ? BEYOND_LAST_ID : firstIdAt(to);
    }

    boolean selects() {
      return table != null || op != null;
    }
  }

  /// An event's place in the order of its source.
  record Place(int epoch, long seq) {
    static final Place BEYOND_LAST = new Place(Integer.MAX_VALUE, Long.MAX_VALUE);
    static final Place FIRST = new Place(0, 0);
  }

  record Event(
      UUID eventId,
      UUID sourceId,
      Place place,
      String op,
      String table,
      String lsn,
      Instant eventTime,
      Instant ingestTime,
      String payload) {
    /// The first 48 bits of the id.
    Instant capturedAt() {
      return Instant.ofEpochMilli(eventId.getMostSignificantBits() >>> 16);
    }
  }

  /// Events, and behind which one to go on; null at the end.
  record Part<C>(List<Event> events, @Nullable C next) {}

  /// @param before only events behind this one
  Part<TenantPage.Spot> ofTenant(
      TenantId tenant, Filter filter, TenantPage.@Nullable Spot before, int limit) {
    return transactions.read(tenant, sql -> TenantPage.read(sql, tenant, filter, before, limit));
  }

  /// @param before only events behind this one
  Part<Place> ofSource(
      TenantId tenant, UUID sourceId, Filter filter, @Nullable Place before, int limit) {
    return transactions.read(
        tenant,
        sql -> {
          var high = before == null ? Place.BEYOND_LAST : before;
          var floor =
              filter.selects()
                  ? floor(sql, tenant, sourceId, filter, high)
                  : Optional.<Place>empty();
          var low = floor.orElse(Place.FIRST);
          var rows =
              selected(
                  ranged(sql.sql(OF_SOURCE), tenant, filter.low(), filter.high())
                      .param("source", sourceId)
                      .param("epoch", high.epoch())
                      .param("seq", high.seq())
                      .param("lowEpoch", low.epoch())
                      .param("lowSeq", low.seq()),
                  filter,
                  limit);
          return part(rows, limit, Event::place, floor);
        });
  }

  private static Optional<Place> floor(
      JdbcClient sql, TenantId tenant, UUID sourceId, Filter filter, Place high) {
    return ranged(sql.sql(SCAN_OF_SOURCE), tenant, filter.low(), filter.high())
        .param("source", sourceId)
        .param("epoch", high.epoch())
        .param("seq", high.seq())
        .param("scanned", SCANNED_MAX)
        .query((row, number) -> new Place(row.getInt("epoch"), row.getLong("seq")))
        .optional();
  }

  static StatementSpec ranged(StatementSpec statement, TenantId tenant, UUID low, UUID high) {
    return statement.param("tenant", tenant.value()).param("low", low).param("high", high);
  }

  private static List<Event> selected(StatementSpec statement, Filter filter, int limit) {
    return statement
        .param("table", filter.table())
        .param("op", filter.op())
        .param("rows", limit + 1)
        .query(EventLog::event)
        .list();
  }

  /// The one row too many says that there is more; without it there may still be more behind where
  /// the scan has ended.
  private static <C> Part<C> part(
      List<Event> rows, int limit, java.util.function.Function<Event, C> place, Optional<C> floor) {
    if (rows.size() <= limit) {
      return new Part<>(rows, floor.orElse(null));
    }
    var shown = rows.subList(0, limit);
    return new Part<>(shown, place.apply(shown.getLast()));
  }

  private static UUID firstIdAt(Instant time) {
    var ms = Math.clamp(time.toEpochMilli(), 0, (1L << 48) - 1);
    return new UUID(ms << 16, 0);
  }

  static Event event(ResultSet row, int number) throws SQLException {
    return new Event(
        row.getObject("event_id", UUID.class),
        row.getObject("source_id", UUID.class),
        new Place(row.getInt("epoch"), row.getLong("seq")),
        row.getString("op"),
        row.getString("table_name"),
        row.getString("lsn"),
        SqlTime.read(row, "event_time"),
        SqlTime.read(row, "ingest_time"),
        row.getString("payload"));
  }
}
