package io.claritystream.stream.bronze;

import io.claritystream.base.db.TenantId;
import io.claritystream.stream.bronze.EventLog.Filter;
import io.claritystream.stream.bronze.EventLog.Key;
import io.claritystream.stream.bronze.EventLog.Part;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.core.simple.JdbcClient.StatementSpec;

/// Reads one page of all events of a tenant: by the millisecond of their capture, the newest first;
/// within it by source, and within that by number, the highest first.
///
/// The index knows ids, and so milliseconds, but not the order within one. So the page is read
/// along the index, and the millisecond that it ends in is read whole and sorted. A millisecond of
/// more than [EventLog#SCANNED_MAX] events is sorted in slices of so many, newest ids first. The
/// slice that a page has ended in is part of where the next one begins, so the two agree on it
/// whatever has come in between.
///
/// Only keys are looked for and sorted; the events of the page are read at the end ([EventRows]).
final class TenantPage {

  private static final String BY_ID =
      """
      SELECT event_id, source_id, epoch, seq
      FROM bronze.cdc_events
      WHERE tenant_id = :tenant AND event_id >= :low AND event_id < :high
        AND (CAST(:table AS text) IS NULL OR table_name = :table)
        AND (CAST(:op AS text) IS NULL OR op = :op)
      ORDER BY event_id DESC
      LIMIT :rows
      """;

  /// What has come late makes a slice longer, and is all shown, however much it is: a page that
  /// takes too long for it ends with an error, and none leaves events out.
  ///
  /// The inner part is kept apart, or the order of the outer one might be had from another index,
  /// along all that the sources ever sent.
  private static final String SLICE =
      """
      WITH slice AS MATERIALIZED (
        SELECT event_id, source_id, epoch, seq
        FROM bronze.cdc_events
        WHERE tenant_id = :tenant AND event_id >= :low AND event_id < :high
          AND (CAST(:table AS text) IS NULL OR table_name = :table)
          AND (CAST(:op AS text) IS NULL OR op = :op)
      )
      SELECT event_id, source_id, epoch, seq
      FROM slice
      WHERE (source_id, epoch, seq) < (:source, :epoch, :seq)
      ORDER BY source_id DESC, epoch DESC, seq DESC
      LIMIT :rows
      """;

  private static final String NTH_ID =
      """
      SELECT event_id
      FROM bronze.cdc_events
      WHERE tenant_id = :tenant AND event_id >= :low AND event_id < :high
      ORDER BY event_id DESC
      OFFSET :skipped LIMIT 1
      """;

  /// As PostgreSQL orders them: by their bytes.
  private static final Comparator<UUID> BY_BYTES =
      Comparator.comparing(UUID::getMostSignificantBits, Long::compareUnsigned)
          .thenComparing(UUID::getLeastSignificantBits, Long::compareUnsigned);

  private static final Comparator<Key> NEWEST_FIRST =
      Comparator.comparing((Key event) -> ms(event.eventId()))
          .thenComparing(Key::sourceId, BY_BYTES)
          .thenComparing(event -> event.place().epoch())
          .thenComparing(event -> event.place().seq())
          .reversed();

  /// Ids of one millisecond, or of a part of it, that are sorted together: from `low` up to `high`,
  /// which is not in it. One that is empty only says where to go on.
  record Slice(UUID low, UUID high) {

    boolean isEmpty() {
      return low.equals(high);
    }

    /// Whether [TenantPage] can have made it.
    boolean isRight() {
      return BY_BYTES.compare(low, high) <= 0 && BY_BYTES.compare(high, firstOf(ms(low) + 1)) <= 0;
    }
  }

  /// The event that a page has ended with.
  record Spot(Slice slice, UUID sourceId, Place place) {

    static Spot before(Slice slice) {
      return new Spot(slice, EventLog.BEYOND_LAST_ID, Place.BEYOND_LAST);
    }
  }

  private record Found(Key event, Slice slice) {
    Spot spot() {
      return new Spot(slice, event.sourceId(), event.place());
    }
  }

  private final JdbcClient sql;
  private final TenantId tenant;
  private final Filter filter;
  private final int wanted;
  private final List<Found> found = new ArrayList<>();

  private TenantPage(JdbcClient sql, TenantId tenant, Filter filter, int limit) {
    this.sql = sql;
    this.tenant = tenant;
    this.filter = filter;
    // The one row too many says that there is more.
    this.wanted = limit + 1;
  }

  /// @param before only events behind this one
  static Part<Spot> read(
      JdbcClient sql, TenantId tenant, Filter filter, @Nullable Spot before, int limit) {
    var page = new TenantPage(sql, tenant, filter, limit);
    var floor = page.fill(before);
    return EventLog.part(
        sql,
        tenant,
        page.found.stream().map(Found::event).toList(),
        limit,
        last -> page.found.get(last).spot(),
        floor.map(at -> Spot.before(new Slice(at, at))));
  }

  private Optional<UUID> fill(@Nullable Spot before) {
    var high = filter.high();
    if (before != null) {
      var slice = before.slice();
      addSlice(within(slice), before);
      high = least(high, slice.low());
    }
    if (found.size() >= wanted) {
      return Optional.empty();
    }
    var floor = filter.selects() ? floor(high) : Optional.<UUID>empty();
    fill(floor.orElse(filter.low()), high);
    return floor;
  }

  private void fill(UUID low, UUID from) {
    var high = from;
    while (found.size() < wanted && BY_BYTES.compare(low, high) < 0) {
      var need = wanted - found.size();
      var next = filtered(BY_ID, low, high).param("rows", need).query(EventLog::key).list();
      if (next.size() < need) {
        addWhole(next, low, high);
        return;
      }
      var last = ms(next.getLast().eventId());
      addWhole(next.stream().filter(event -> ms(event.eventId()) > last).toList(), low, high);
      var top = least(high, firstOf(last + 1));
      var slice = new Slice(bottom(greatest(low, firstOf(last)), top), top);
      addSlice(slice, Spot.before(slice));
      high = slice.low();
    }
  }

  /// Events of milliseconds that were read whole.
  private void addWhole(List<Key> events, UUID low, UUID high) {
    for (var event : events.stream().sorted(NEWEST_FIRST).toList()) {
      var ms = ms(event.eventId());
      var slice = new Slice(greatest(low, firstOf(ms)), least(high, firstOf(ms + 1)));
      found.add(new Found(event, slice));
    }
  }

  private void addSlice(Slice slice, Spot behind) {
    if (BY_BYTES.compare(slice.low(), slice.high()) >= 0) {
      return;
    }
    filtered(SLICE, slice.low(), slice.high())
        .param("source", behind.sourceId())
        .param("epoch", behind.place().epoch())
        .param("seq", behind.place().seq())
        .param("rows", wanted - found.size())
        .query(EventLog::key)
        .list()
        .forEach(event -> found.add(new Found(event, slice)));
  }

  /// Where the slice that ends before `high` begins.
  private UUID bottom(UUID low, UUID high) {
    return nth(low, high, EventLog.SCANNED_MAX - 1).orElse(low);
  }

  /// How far is scanned for what the filter selects: to the beginning of a millisecond, unless the
  /// page would not get out of it.
  private Optional<UUID> floor(UUID high) {
    return nth(filter.low(), high, EventLog.SCANNED_MAX)
        .map(
            at -> {
              var next = firstOf(ms(at) + 1);
              return BY_BYTES.compare(next, high) < 0 ? next : at;
            });
  }

  private Optional<UUID> nth(UUID low, UUID high, int skipped) {
    return EventLog.ranged(sql.sql(NTH_ID), tenant, low, high)
        .param("skipped", skipped)
        .query(UUID.class)
        .optional();
  }

  private StatementSpec filtered(String statement, UUID low, UUID high) {
    return EventLog.ranged(sql.sql(statement), tenant, low, high)
        .param("table", filter.table())
        .param("op", filter.op());
  }

  /// What the filter leaves of a slice; a cursor may be used with another filter.
  private Slice within(Slice slice) {
    return new Slice(greatest(slice.low(), filter.low()), least(slice.high(), filter.high()));
  }

  private static UUID least(UUID one, UUID other) {
    return BY_BYTES.compare(one, other) < 0 ? one : other;
  }

  private static UUID greatest(UUID one, UUID other) {
    return BY_BYTES.compare(one, other) > 0 ? one : other;
  }

  private static long ms(UUID id) {
    return id.getMostSignificantBits() >>> 16;
  }

  private static UUID firstOf(long ms) {
    return ms >>> 48 > 0 ? EventLog.BEYOND_LAST_ID : new UUID(ms << 16, 0);
  }
}
