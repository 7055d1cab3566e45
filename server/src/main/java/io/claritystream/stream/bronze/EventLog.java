package io.claritystream.stream.bronze;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TenantTransactions;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.UUID;
import java.util.function.IntFunction;
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

  private static final String OF_SOURCE =
      """
      SELECT event_id, source_id, epoch, seq
      FROM bronze.cdc_events
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

  /// Which event, and where it stands.
  record Key(UUID eventId, UUID sourceId, Place place) {}

  /// Events, and behind which one to go on; null at the end.
  record Part<C>(List<EventRows.Event> events, @Nullable C next) {}

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
          var keys =
              selected(
                  ranged(sql.sql(OF_SOURCE), tenant, filter.low(), filter.high())
                      .param("source", sourceId)
                      .param("epoch", high.epoch())
                      .param("seq", high.seq())
                      .param("lowEpoch", low.epoch())
                      .param("lowSeq", low.seq()),
                  filter,
                  limit);
          return part(sql, tenant, keys, limit, last -> keys.get(last).place(), floor);
        });
  }

  /// One event, without its payload.
  Optional<EventRows.Whole> one(TenantId tenant, UUID eventId) {
    return transactions.read(tenant, sql -> EventRows.one(sql, tenant, eventId));
  }

  /// A payload piece by piece, each in a transaction of its own, so that none stays open for a
  /// caller who reads slowly.
  ///
  /// @throws IllegalStateException from the iterator, if the event is removed meanwhile
  Iterable<String> payload(TenantId tenant, UUID eventId) {
    return () ->
        new Iterator<>() {
          private int read;
          private String next = piece();

          private String piece() {
            return transactions
                .read(tenant, sql -> EventRows.piece(sql, tenant, eventId, read))
                .orElseThrow(() -> new IllegalStateException("event " + eventId + " is gone"));
          }

          @Override
          public boolean hasNext() {
            return !next.isEmpty();
          }

          @Override
          public String next() {
            if (next.isEmpty()) {
              throw new NoSuchElementException();
            }
            var piece = next;
            read += piece.codePointCount(0, piece.length());
            next = piece.length() < EventRows.PIECE_CHARS ? "" : piece();
            return piece;
          }
        };
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

  private static List<Key> selected(StatementSpec statement, Filter filter, int limit) {
    return statement
        .param("table", filter.table())
        .param("op", filter.op())
        .param("rows", limit + 1)
        .query(EventLog::key)
        .list();
  }

  /// Reads the events of a page.
  ///
  /// @param keys one more than `limit`, if there are so many: it says that there is more
  /// @param floor where the scan has ended, behind which there may still be more
  static <C> Part<C> part(
      JdbcClient sql,
      TenantId tenant,
      List<Key> keys,
      int limit,
      IntFunction<C> place,
      Optional<C> floor) {
    var ids = keys.stream().limit(limit).map(Key::eventId).toList();
    var events = EventRows.page(sql, tenant, ids);
    // Events that are removed just now are not there: the page then goes on behind what was found.
    var last = events.isEmpty() ? ids.size() - 1 : ids.indexOf(events.getLast().eventId());
    return last == keys.size() - 1
        ? new Part<>(events, floor.orElse(null))
        : new Part<>(events, place.apply(last));
  }

  private static UUID firstIdAt(Instant time) {
    var ms = Math.clamp(time.toEpochMilli(), 0, (1L << 48) - 1);
    return new UUID(ms << 16, 0);
  }

  static Key key(ResultSet row, int number) throws SQLException {
    return new Key(
        row.getObject("event_id", UUID.class),
        row.getObject("source_id", UUID.class),
        new Place(row.getInt("epoch"), row.getLong("seq")));
  }
}
