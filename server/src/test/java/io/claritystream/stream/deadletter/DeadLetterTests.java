package io.claritystream.stream.deadletter;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TestDatabase;
import io.claritystream.stream.source.TestSources;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DeadLetterTests {
  private final TestDatabase database = TestDatabase.create();
  private final DeadLetters letters = new DeadLetters();

  @AfterAll
  void close() {
    database.close();
  }

  private UUID source(TenantId tenant) {
    var id = UUID.randomUUID();
    TestSources.register(database, tenant, id, 0);
    return id;
  }

  private static DeadLetter letter(TenantId tenant, UUID source, long seq, String sample) {
    return new DeadLetter(
        new UUID(source.getMostSignificantBits(), seq),
        tenant,
        source,
        1,
        seq,
        seq,
        "public.pump",
        "1:7;",
        null,
        "0/1",
        Cause.MAPPING_FAILED,
        null,
        "no time",
        sample,
        null,
        Instant.parse("2026-11-20T12:00:00Z"));
  }

  private void write(DeadLetter... all) throws SQLException {
    try (var connection = database.dataSource("service").getConnection()) {
      letters.write(connection, List.of(all));
    }
  }

  @Test
  void the_same_letter_is_there_once() throws SQLException {
    var tenant = database.tenant("a");
    var source = source(tenant);
    write(letter(tenant, source, 5, "x"), letter(tenant, source, 5, "x"));
    write(letter(tenant, source, 5, "x"));
    assertThat(count(tenant)).isEqualTo(1);
  }

  @Test
  void a_row_is_in_the_quarantine_of_one_model() throws SQLException {
    var tenant = database.tenant("q");
    var row = new DeadLetters.Row("public.pump", "1:7;");
    try (var connection = database.dataSource("service").getConnection()) {
      letters.quarantine(connection, tenant, 1, List.of(row, row));
      assertThat(letters.quarantined(connection, 1, 10)).containsExactly(row);
      assertThat(letters.quarantined(connection, 2, 10)).isEmpty();
      var other = new DeadLetters.Row("public.pump", "1:8;");
      assertThat(letters.quarantinedAmong(connection, 1, List.of(other, row))).containsExactly(row);
      assertThat(letters.quarantinedAmong(connection, 2, List.of(row))).isEmpty();
      letters.release(connection, 1, List.of("public.other"));
      letters.release(connection, 2, List.of("public.pump"));
      assertThat(letters.quarantined(connection, 1, 10)).containsExactly(row);
      letters.release(connection, 1, List.of("public.pump"));
      assertThat(letters.quarantined(connection, 1, 10)).isEmpty();
    }
  }

  @Test
  void a_tenant_sees_its_own_and_no_others() throws SQLException {
    var own = database.tenant("own");
    var other = database.tenant("other");
    write(letter(own, source(own), 1, "x"));
    write(letter(other, source(other), 1, "x"), letter(other, source(other), 1, "x"));
    assertThat(count(own)).isEqualTo(1);
    assertThat(count(other)).isEqualTo(2);
    assertThat(
            database
                .as("tenant")
                .sql("SELECT count(*) FROM control.dead_letter")
                .query(Long.class)
                .single())
        .isZero();
  }

  @Test
  void whatever_the_sample_holds_it_can_be_stored() throws SQLException {
    var tenant = database.tenant("odd");
    var letter = letter(tenant, source(tenant), 1, "a\0b\ud800c" + "\ud83d\ude00".repeat(5_000));
    write(letter);
    assertThat(count(tenant)).isEqualTo(1);
    assertThat(letter.sample())
        .isEqualTo(
            "a\ufffdb\ufffdc" + "\ud83d\ude00".repeat(3_995) + "… (cut at 4,000 characters)");
  }

  private DeadLetter found(TenantId tenant, UUID source, long seq, String at, byte[] batch) {
    var letter = letter(tenant, source, seq, "x");
    return new DeadLetter(
        letter.id(),
        tenant,
        source,
        1,
        seq,
        seq,
        batch == null ? "public.pump" : null,
        null,
        null,
        null,
        batch == null ? Cause.MAPPING_FAILED : Cause.BATCH_CORRUPT,
        null,
        "no time",
        "x",
        batch,
        Instant.parse(at));
  }

  private List<Map<String, Object>> dropped(TenantId tenant) {
    return database
        .tenantTransactions()
        .read(
            tenant,
            sql ->
                sql.sql("SELECT letters, newest_at FROM control.dead_letter_dropped")
                    .query()
                    .listOfRows());
  }

  private long drop(String now) throws Exception {
    var clock = Clock.fixed(Instant.parse(now), ZoneOffset.UTC);
    try (var retention = new DeadLetterRetention(database.dataSource("service"), clock)) {
      return retention.drop();
    }
  }

  @Test
  void letters_go_after_ninety_days_and_it_is_said_how_many_did() throws Exception {
    var tenant = database.tenant("old");
    var source = source(tenant);
    write(
        found(tenant, source, 1, "2020-01-01T00:00:00Z", null),
        found(tenant, source, 2, "2020-01-02T00:00:00Z", null),
        found(tenant, source, 3, "2020-04-01T00:00:00Z", null));
    drop("2020-04-01T12:00:00Z");
    assertThat(count(tenant)).isEqualTo(1);
    assertThat(dropped(tenant))
        .singleElement()
        .satisfies(row -> assertThat(row.get("letters")).isEqualTo(2L))
        .satisfies(row -> assertThat(row.get("newest_at").toString()).startsWith("2020-01-02"));
    drop("2020-07-01T12:00:00Z");
    assertThat(count(tenant)).isZero();
    assertThat(dropped(tenant).getFirst().get("letters")).isEqualTo(3L);
  }

  @Test
  void of_what_is_missing_for_good_the_newest_letter_stays_until_it_is_dismissed()
      throws Exception {
    var tenant = database.tenant("missing");
    var source = source(tenant);
    var batch = new byte[] {1};
    write(
        found(tenant, source, 1, "2020-01-01T00:00:00Z", batch),
        found(tenant, source, 2, "2020-01-02T00:00:00Z", batch),
        found(tenant, source(tenant), 1, "2020-01-02T00:00:00Z", batch));
    drop("2020-07-01T12:00:00Z");
    assertThat(count(tenant)).as("one of each source").isEqualTo(2);
    database
        .superuser()
        .sql("UPDATE control.dead_letter SET dismissed_at = now() WHERE source_id = :source")
        .param("source", source)
        .update();
    drop("2020-07-01T12:00:00Z");
    assertThat(count(tenant)).isEqualTo(1);
    assertThat(dropped(tenant))
        .singleElement()
        .satisfies(row -> assertThat(row.get("letters")).isEqualTo(2L));
  }

  @Test
  void of_too_many_letters_of_a_source_the_oldest_go_but_none_that_alone_holds_its_events()
      throws Exception {
    var tenant = database.tenant("many");
    var source = source(tenant);
    var other = source(tenant);
    write(
        found(tenant, source, 1, "2026-11-01T00:00:00Z", new byte[] {1}),
        found(tenant, source, 2, "2026-11-02T00:00:00Z", null),
        found(tenant, other, 1, "2026-11-01T00:00:00Z", null));
    database
        .superuser()
        .sql(
            """
            INSERT INTO control.dead_letter (dead_letter_id, tenant_id, source_id, epoch, seq, seq_end,
              table_name, cause, detail, sample, at)
            SELECT gen_random_uuid(), tenant_id, source_id, epoch, 100 + i, 100 + i, table_name, cause,
              detail, sample, '2026-11-03T00:00:00Z'
            FROM control.dead_letter l, generate_series(1, 10500) i
            WHERE source_id = :source AND seq = 2
            """)
        .param("source", source)
        .update();
    assertThat(drop("2026-11-20T00:00:00Z")).isEqualTo(501);
    assertThat(count(tenant)).isEqualTo(10_000 + 1 + 1);
    assertThat(
            database
                .superuser()
                .sql("SELECT seq FROM control.dead_letter WHERE source_id = :s ORDER BY at LIMIT 2")
                .param("s", source)
                .query(Long.class)
                .list())
        .startsWith(1L)
        .doesNotContain(2L);
  }

  @Test
  void the_night_is_half_past_two() {
    assertThat(DeadLetterRetention.untilNight(Instant.parse("2026-11-20T02:29:00Z")))
        .isEqualTo(Duration.ofMinutes(1));
    assertThat(DeadLetterRetention.untilNight(Instant.parse("2026-11-20T02:30:00Z")))
        .isEqualTo(Duration.ofDays(1));
  }

  private long count(TenantId tenant) {
    return database
        .tenantTransactions()
        .read(
            tenant,
            sql -> sql.sql("SELECT count(*) FROM control.dead_letter").query(Long.class).single());
  }
}
