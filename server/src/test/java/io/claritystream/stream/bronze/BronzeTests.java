package io.claritystream.stream.bronze;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TestDatabase;
import io.claritystream.protocol.block.BlockReader;
import io.claritystream.protocol.block.Op;
import io.claritystream.stream.bronze.EventLog.Filter;
import io.claritystream.stream.ingest.SimulatedSource;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BronzeTests {
  private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
  private static final Filter ALL = new Filter(null, null, null, null);

  private final TestDatabase database = TestDatabase.create();
  private final BlockReader reader = new BlockReader();
  private final EventLog log = new EventLog(database.tenantTransactions());
  private final BronzePartitions partitions =
      new BronzePartitions(database.as("service"), Clock.fixed(NOON, ZoneOffset.UTC));

  @BeforeAll
  void days() {
    partitions.ensure(LocalDate.of(2026, 11, 10).datesUntil(LocalDate.of(2026, 11, 23)).toList());
  }

  @AfterAll
  void close() {
    database.close();
  }

  private SimulatedSource source(TenantId tenant) {
    return new SimulatedSource(tenant, UUID.randomUUID(), 0, NOON);
  }

  private void add(BronzeBatch to, SimulatedSource source, SimulatedSource.Batch batch) {
    var ids = new SourceEpoch(source.tenant(), source.id(), batch.header().getEpoch());
    for (var event : reader.read(batch.header(), batch.payload()).events()) {
      to.add(ids, event, 1, event.capturedAtUs() / 1_000, NOON);
    }
  }

  private void store(SimulatedSource source, SimulatedSource.Batch... batches) throws SQLException {
    var rows = new BronzeBatch();
    for (var batch : batches) {
      add(rows, source, batch);
    }
    try (var connection = database.dataSource("service").getConnection()) {
      rows.copy(connection);
    }
  }

  private static List<Long> seqs(EventLog.Part<?> part) {
    return part.events().stream().map(event -> event.place().seq()).toList();
  }

  @Test
  void events_around_midnight_go_to_their_days() throws SQLException {
    var source = source(database.tenant("midnight"));
    source.capturedAt(Instant.parse("2026-11-19T23:59:59.999999Z"));
    var before = source.batch(1);
    source.capturedAt(Instant.parse("2026-11-20T00:00:00Z"));
    store(source, before, source.batch(1));
    assertThat(
            database
                .superuser()
                .sql(
                    """
                    SELECT tableoid::regclass::text FROM bronze.cdc_events
                    WHERE source_id = :source ORDER BY seq
                    """)
                .param("source", source.id())
                .query(String.class)
                .list())
        .containsExactly("bronze.cdc_events_20261119", "bronze.cdc_events_20261120");
  }

  @Test
  void a_batch_is_used_again_without_what_was_in_it() throws SQLException {
    var source = source(database.tenant("again"));
    var rows = new BronzeBatch();
    for (var day = 12; day < 15; day++) {
      source.capturedAt(Instant.parse("2026-11-%dT01:00:00Z".formatted(day)));
      add(rows, source, source.batch(2));
      assertThat(rows.size()).isEqualTo(2);
      assertThat(rows.days()).containsExactly(LocalDate.of(2026, 11, day));
      try (var connection = database.dataSource("service").getConnection()) {
        rows.copy(connection);
      }
      rows.clear();
      assertThat(rows.size()).isZero();
      assertThat(rows.days()).isEmpty();
    }
    assertThat(seqs(log.ofSource(source.tenant(), source.id(), ALL, null, 10)))
        .containsExactly(6L, 5L, 4L, 3L, 2L, 1L);
  }

  @Test
  void what_the_database_refuses_in_a_payload_is_stored_wrapped() throws SQLException {
    database
        .superuser()
        .sql(
            """
            ALTER TABLE bronze.cdc_events_20261116
              ADD CONSTRAINT picky CHECK (payload #>> '{after,note}' IS DISTINCT FROM 'poison')
            """)
        .update();
    var source = source(database.tenant("picky"));
    source.capturedAt(Instant.parse("2026-11-16T01:00:00Z"));
    var rows = new BronzeBatch();
    var plain = Event.reading(1, NOON, "1");
    add(rows, source, source.batch(plain, plain.note("poison"), plain, plain));
    try (var connection = database.dataSource("service").getConnection()) {
      connection.setAutoCommit(false);
      assertThat(rows.copyOneByOne(connection))
          .singleElement()
          .satisfies(
              outcome -> {
                assertThat(outcome).isInstanceOf(BronzeBatch.Outcome.Wrapped.class);
                assertThat(outcome.event()).isEqualTo(1);
                assertThat(outcome.cause().getSQLState()).isEqualTo("23514");
              });
      connection.commit();
    }
    var stored = log.ofSource(source.tenant(), source.id(), ALL, null, 10);
    assertThat(seqs(stored)).containsExactly(4L, 3L, 2L, 1L);
    assertThat(stored.events().get(2).payload()).contains("$raw").contains("base64");
    assertThat(stored.events().get(3).payload()).contains("after");
  }

  @Test
  void with_many_refused_rows_the_rest_is_stored_wrapped_without_looking_further()
      throws SQLException {
    database
        .superuser()
        .sql(
            """
            ALTER TABLE bronze.cdc_events_20261117
              ADD CONSTRAINT picky CHECK (payload #>> '{after,note}' IS DISTINCT FROM 'poison')
            """)
        .update();
    var source = source(database.tenant("flood"));
    source.capturedAt(Instant.parse("2026-11-17T01:00:00Z"));
    var rows = new BronzeBatch();
    var events = new Event[1_000];
    java.util.Arrays.fill(events, Event.reading(1, NOON, "1").note("poison"));
    events[0] = Event.reading(1, NOON, "1");
    events[999] = Event.reading(1, NOON, "1");
    add(rows, source, source.batch(events));
    try (var connection = database.dataSource("service").getConnection()) {
      connection.setAutoCommit(false);
      assertThat(rows.copyOneByOne(connection))
          .hasSize(999)
          .allSatisfy(
              outcome -> assertThat(outcome).isInstanceOf(BronzeBatch.Outcome.Wrapped.class))
          .extracting(BronzeBatch.Outcome::event)
          .as("the sound one behind them was not looked at")
          .contains(999);
      connection.commit();
    }
    assertThat(seqs(log.ofSource(source.tenant(), source.id(), ALL, null, 2_000))).hasSize(1_000);
  }

  @Test
  void an_event_that_is_there_already_is_refused_alone() throws SQLException {
    var source = source(database.tenant("twice"));
    var first = source.batch(1);
    store(source, first);
    var rows = new BronzeBatch();
    add(rows, source, first);
    add(rows, source, source.batch(2));
    try (var connection = database.dataSource("service").getConnection()) {
      connection.setAutoCommit(false);
      assertThat(rows.copyOneByOne(connection))
          .singleElement()
          .isInstanceOfSatisfying(
              BronzeBatch.Outcome.Refused.class, refused -> assertThat(refused.event()).isZero());
      connection.commit();
    }
    assertThat(seqs(log.ofSource(source.tenant(), source.id(), ALL, null, 10)))
        .containsExactly(3L, 2L, 1L);
  }

  @Test
  void a_tenant_reads_its_own_events_and_no_others() throws SQLException {
    var own = source(database.tenant("own"));
    var other = source(database.tenant("other"));
    store(own, own.batch(3));
    store(other, other.batch(5));
    assertThat(log.ofTenant(own.tenant(), ALL, null, 100).events())
        .hasSize(3)
        .allSatisfy(event -> assertThat(event.sourceId()).isEqualTo(own.id()));
    assertThat(log.ofSource(own.tenant(), other.id(), ALL, null, 100).events()).isEmpty();
  }

  @Test
  void outside_a_tenants_transaction_there_are_no_events_and_the_days_are_closed()
      throws SQLException {
    var source = source(database.tenant("nobody"));
    store(source, source.batch(1));
    var tenant = database.as("tenant");
    assertThat(tenant.sql("SELECT count(*) FROM bronze.cdc_events").query(Long.class).single())
        .isZero();
    assertThatThrownBy(
            () ->
                tenant.sql("SELECT count(*) FROM bronze.cdc_events_20261120").query().listOfRows())
        .rootCause()
        .hasMessageContaining("permission denied");
    assertThatThrownBy(
            () ->
                database
                    .tenantTransactions()
                    .run(
                        source.tenant(),
                        null,
                        sql -> sql.sql("DELETE FROM bronze.cdc_events").update()))
        .rootCause()
        .hasMessageContaining("permission denied");
    assertThat(
            database
                .superuser()
                .sql(
                    """
                    SELECT count(*) FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
                    WHERE i.inhparent = 'bronze.cdc_events'::regclass
                      AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
                    """)
                .query(Long.class)
                .single())
        .isZero();
  }

  @Test
  void pages_follow_one_another_without_hole_or_repetition_over_days() throws SQLException {
    var source = source(database.tenant("pages"));
    for (var day = 11; day < 21; day++) {
      source.capturedAt(Instant.parse("2026-11-%dT06:00:00Z".formatted(day)));
      store(source, source.batch(7));
    }
    var newestFirst =
        java.util.stream.LongStream.rangeClosed(1, 70).map(i -> 71 - i).boxed().toList();

    var bySource = new ArrayList<Long>();
    Place place = null;
    do {
      var part = log.ofSource(source.tenant(), source.id(), ALL, place, 9);
      bySource.addAll(seqs(part));
      place = part.next();
    } while (place != null);
    assertThat(bySource).isEqualTo(newestFirst);

    var byTenant = new ArrayList<Long>();
    TenantPage.Spot id = null;
    do {
      var part = log.ofTenant(source.tenant(), ALL, id, 9);
      byTenant.addAll(seqs(part));
      id = part.next();
    } while (id != null);
    assertThat(byTenant).isEqualTo(newestFirst);
  }

  @Test
  void within_a_millisecond_events_go_by_source_and_number_page_after_page() throws SQLException {
    var tenant = database.tenant("millisecond");
    var first = source(tenant);
    var second = source(tenant);
    for (var ms = 0; ms < 3; ms++) {
      var at = Instant.parse("2026-11-17T06:00:00Z").plusMillis(ms);
      first.capturedAt(at);
      second.capturedAt(at);
      store(first, first.batch(5_000));
      store(second, second.batch(40));
    }
    var all = pages(tenant, ALL, 997);

    assertThat(all).hasSize(3 * 5_040).doesNotHaveDuplicates();
    assertThat(all).isSortedAccordingTo(ordered());
    assertThat(pages(tenant, ALL, 7, 5_100)).isEqualTo(all.subList(0, 5_100));
    assertThat(pages(tenant, new Filter("public.pump_reading", "insert", null, null), 1_000))
        .isEqualTo(all);
  }

  @Test
  void a_millisecond_of_more_than_are_sorted_at_once_has_no_hole_and_no_repetition()
      throws SQLException {
    var tenant = database.tenant("fullms");
    var source = source(tenant);
    source.capturedAt(Instant.parse("2026-11-16T06:00:00Z"));
    for (var batch = 0; batch < 9; batch++) {
      store(source, source.batch(5_000));
    }
    var spots = new ArrayList<TenantPage.Spot>();
    var seqs = new java.util.TreeSet<Long>();
    TenantPage.Spot at = null;
    do {
      var part = log.ofTenant(tenant, ALL, at, 1_000);
      part.events().forEach(event -> assertThat(seqs.add(event.place().seq())).isTrue());
      at = part.next();
      spots.add(at);
    } while (at != null);

    assertThat(seqs).hasSize(45_000);
    assertThat(spots).hasSize(45);
    var none = new Filter("public.other", null, null, null);
    assertThat(pages(tenant, none, 10)).isEmpty();
  }

  @Test
  void what_comes_late_to_a_millisecond_is_all_shown_however_much_it_is() throws SQLException {
    var tenant = database.tenant("latems");
    var source = source(tenant);
    source.capturedAt(Instant.parse("2026-11-13T06:00:00Z"));
    store(source, source.batch(50));
    var spot = log.ofTenant(tenant, ALL, null, 10).next();
    assertThat(spot).isNotNull();
    database
        .superuser()
        .sql(
            """
            INSERT INTO bronze.cdc_events
              (event_id, tenant_id, source_id, epoch, seq, op, table_name, schema_version, lsn,
               event_time, payload, ingest_time)
            SELECT overlay(e.event_id::text PLACING lpad(to_hex(i), 12, '0') FROM 25)::uuid,
              e.tenant_id, CAST(:late AS uuid), e.epoch, i, e.op, e.table_name, e.schema_version,
              e.lsn, e.event_time, e.payload, e.ingest_time
            FROM (SELECT * FROM bronze.cdc_events WHERE tenant_id = :tenant
                  ORDER BY event_id LIMIT 1) e,
              generate_series(1, :rows) i
            """)
        .param("tenant", tenant.value())
        .param("late", new UUID(0, 7).toString())
        .param("rows", 10 * EventLog.SCANNED_MAX + 1_000)
        .update();

    var near = new TenantPage.Spot(spot.slice(), new UUID(0, 7), new Place(1, 4));
    assertThat(seqs(log.ofTenant(tenant, ALL, near, 10))).containsExactly(3L, 2L, 1L);
  }

  @Test
  void a_page_ends_where_its_payloads_would_be_too_many_bytes_and_the_next_one_goes_on()
      throws SQLException {
    var source = source(database.tenant("heavy"));
    source.capturedAt(Instant.parse("2026-11-15T06:00:00Z"));
    for (var batch = 0; batch < 5; batch++) {
      var event = Event.reading(1, NOON, "1").note(noise(20_000));
      store(source, source.batch(java.util.Collections.nCopies(50, event).toArray(Event[]::new)));
    }
    var newestFirst =
        java.util.stream.LongStream.rangeClosed(1, 250).map(i -> 251 - i).boxed().toList();

    var byTenant = new ArrayList<Long>();
    TenantPage.Spot spot = null;
    do {
      var part = log.ofTenant(source.tenant(), ALL, spot, 200);
      assertThat(bytes(part)).isBetween(1L, (long) EventRows.PAGE_BYTES_MAX);
      byTenant.addAll(seqs(part));
      spot = part.next();
    } while (spot != null);
    assertThat(byTenant).isEqualTo(newestFirst);

    var bySource = new ArrayList<Long>();
    Place place = null;
    do {
      var part = log.ofSource(source.tenant(), source.id(), ALL, place, 200);
      assertThat(bytes(part)).isBetween(1L, (long) EventRows.PAGE_BYTES_MAX);
      bySource.addAll(seqs(part));
      place = part.next();
    } while (place != null);
    assertThat(bySource).isEqualTo(newestFirst);
  }

  @Test
  void a_large_payload_is_not_fetched_with_a_page_and_had_in_pieces_alone() throws SQLException {
    var source = source(database.tenant("large"));
    source.capturedAt(Instant.parse("2026-11-14T06:00:00Z"));
    var plain = Event.reading(1, NOON, "1");
    var long_ = noise(EventRows.PIECE_CHARS * 3) + "\uD83D\uDCA7".repeat(1_000);
    store(source, source.batch(plain));
    store(source, source.batch(plain.note("small when stored ".repeat(100_000))));
    store(source, source.batch(plain.note(long_)));

    var page = log.ofTenant(source.tenant(), ALL, null, 100);
    assertThat(seqs(page)).containsExactly(3L, 2L, 1L);
    assertThat(page.events())
        .extracting(event -> event.payload() == null)
        .containsExactly(true, true, false);
    assertThat(page.events().get(0).storedBytes()).isGreaterThan(EventRows.SHOWN_BYTES_MAX);
    assertThat(page.events().get(1).storedBytes()).isLessThan(EventRows.SHOWN_BYTES_MAX);

    var id = page.events().get(0).eventId();
    assertThat(log.one(source.tenant(), id).orElseThrow().fits()).isTrue();
    var pieces = new ArrayList<String>();
    log.payload(source.tenant(), id).forEach(pieces::add);
    assertThat(pieces)
        .hasSize(4)
        .allSatisfy(
            piece ->
                assertThat(piece.codePointCount(0, piece.length()))
                    .isLessThanOrEqualTo(EventRows.PIECE_CHARS));
    assertThat(String.join("", pieces)).contains(long_).startsWith("{").endsWith("}");
    assertThat(log.one(database.tenant("stranger"), id)).isEmpty();
  }

  private static String noise(int chars) {
    var random = new java.util.Random(chars);
    return random
        .ints(chars, 'a', 'z' + 1)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static long bytes(EventLog.Part<?> part) {
    return part.events().stream()
        .map(EventRows.Event::payload)
        .filter(java.util.Objects::nonNull)
        .mapToLong(String::length)
        .sum();
  }

  private List<EventRows.Event> pages(TenantId tenant, Filter filter, int limit) {
    return pages(tenant, filter, limit, Integer.MAX_VALUE);
  }

  /// No more than so many: small pages of a full millisecond take long.
  private List<EventRows.Event> pages(TenantId tenant, Filter filter, int limit, int most) {
    var all = new ArrayList<EventRows.Event>();
    TenantPage.Spot at = null;
    do {
      var part = log.ofTenant(tenant, filter, at, limit);
      all.addAll(part.events());
      at = part.next();
    } while (at != null && all.size() < most);
    return all.subList(0, Math.min(most, all.size()));
  }

  /// Capture, source, epoch and number, all descending.
  private static java.util.Comparator<EventRows.Event> ordered() {
    return java.util.Comparator.comparing(EventRows.Event::capturedAt)
        .thenComparing(event -> event.sourceId().toString())
        .thenComparing(event -> event.place().epoch())
        .thenComparing(event -> event.place().seq())
        .reversed();
  }

  @Test
  void filters_select_by_time_of_capture_table_and_operation() throws SQLException {
    var source = source(database.tenant("filters"));
    var plain = Event.reading(1, NOON, "1");
    for (var hour = 10; hour < 14; hour++) {
      source.capturedAt(Instant.parse("2026-11-18T%d:00:00Z".formatted(hour)));
      store(source, source.batch(plain, plain.as(Op.UPDATE)));
    }
    var eleven = Instant.parse("2026-11-18T11:00:00Z");
    var within = new Filter(null, null, eleven, eleven.plus(Duration.ofHours(2)));
    assertThat(seqs(log.ofSource(source.tenant(), source.id(), within, null, 10)))
        .containsExactly(6L, 5L, 4L, 3L);
    assertThat(seqs(log.ofTenant(source.tenant(), within, null, 10)))
        .containsExactly(6L, 5L, 4L, 3L);
    var updates = new Filter("public.pump_reading", "update", null, null);
    assertThat(seqs(log.ofTenant(source.tenant(), updates, null, 3))).containsExactly(8L, 6L, 4L);
    assertThat(seqs(log.ofSource(source.tenant(), source.id(), updates, null, 3)))
        .containsExactly(8L, 6L, 4L);
    var elsewhere = new Filter("public.other", null, null, null);
    assertThat(log.ofTenant(source.tenant(), elsewhere, null, 10).events()).isEmpty();
  }

  @Test
  void a_page_is_an_index_range_in_the_days_it_needs() throws SQLException {
    var tenant = database.tenant("planned");
    var source = source(tenant);
    store(source, source.batch(3_000));
    var neighbour = source(database.tenant("neighbour"));
    store(neighbour, neighbour.batch(3_000));
    database.superuser().sql("ANALYZE bronze.cdc_events").update();
    var plan =
        database
            .tenantTransactions()
            .read(
                tenant,
                sql ->
                    sql.sql(
                            """
                            EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
                            SELECT event_id, payload::text FROM bronze.cdc_events
                            WHERE tenant_id = :tenant AND event_id < :before
                            ORDER BY event_id DESC LIMIT 50
                            """)
                        .param("tenant", tenant.value())
                        .param("before", new UUID(-1, -1))
                        .query(String.class)
                        .list());
    var text = String.join("\n", plan);
    assertThat(text).doesNotContain("Seq Scan").doesNotContain("Sort").contains("Index Scan");
    assertThat(text).as("older days are not even begun").contains("never executed");
  }
}
