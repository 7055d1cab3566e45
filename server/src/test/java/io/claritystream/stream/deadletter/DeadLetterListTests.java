package io.claritystream.stream.deadletter;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.TestServer;
import io.claritystream.base.db.TenantId;
import io.claritystream.stream.source.TestSources;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What people are told of dead letters.
class DeadLetterListTests {
  private static final UUID SOURCE = UUID.randomUUID();

  private static TestServer server;
  private static ApiClient.Registered person;

  @BeforeAll
  static void begin() throws SQLException {
    server = TestServer.start(Map.of());
    person = server.client().register("owner@example.com");
    var other = server.client().register("other@example.com");
    source(SOURCE, person);
    write(
        letter(1, 1, "public.pump", Cause.REFUSED_BY_DATABASE, "22003", "2026-11-20T10:00:00Z"),
        letter(2, 2, "public.pump", Cause.REFUSED_BY_DATABASE, "22003", "2026-11-20T11:00:00Z"),
        letter(3, 3, "public.pump", Cause.REFUSED_BY_DATABASE, "22P05", "2026-11-20T12:00:00Z"),
        letter(4, 4, "public.valve", Cause.MAPPING_FAILED, null, "2026-11-20T13:00:00Z"),
        letter(5, 54, null, Cause.TOO_MANY_IN_BATCH, null, "2026-11-20T14:00:00Z"));
    var theirs = UUID.randomUUID();
    source(theirs, other);
  }

  private static void source(UUID id, ApiClient.Registered owner) {
    TestSources.register(server.database(), TenantId.of(owner.organizationId()), id, 0);
  }

  private static DeadLetter letter(
      long seq,
      long seqEnd,
      @Nullable String table,
      Cause cause,
      @Nullable String sqlstate,
      String at) {
    return new DeadLetter(
        new UUID(SOURCE.getMostSignificantBits(), seq),
        TenantId.of(person.organizationId()),
        SOURCE,
        1,
        seq,
        seqEnd,
        table,
        null,
        null,
        "0/" + seq,
        cause,
        sqlstate,
        "detail " + seq,
        "{\"seq\": " + seq + "}",
        null,
        Instant.parse(at));
  }

  private static void write(DeadLetter... letters) throws SQLException {
    try (var connection = server.database().dataSource("service").getConnection()) {
      new DeadLetters().write(connection, List.of(letters));
    }
  }

  @AfterAll
  static void end() {
    server.close();
  }

  private static List<Long> seqs(String query) {
    var seqs = new ArrayList<Long>();
    var cursor = "";
    do {
      var answer = person.client().get("/v1/dead-letters?limit=2" + query + cursor);
      assertThat(answer.status()).isEqualTo(200);
      answer.body().get("data").forEach(letter -> seqs.add(letter.get("seq").asLong()));
      var next = answer.body().get("next_cursor");
      cursor = next.isNull() ? "" : "&cursor=" + next.asString();
    } while (!cursor.isEmpty());
    return seqs;
  }

  @Test
  void letters_are_listed_newest_first_by_what_is_asked_for() {
    assertThat(seqs("")).containsExactly(5L, 4L, 3L, 2L, 1L);
    assertThat(seqs("&table=public.pump")).containsExactly(3L, 2L, 1L);
    assertThat(seqs("&cause=mapping_failed")).containsExactly(4L);
    assertThat(seqs("&sqlstate=22003")).containsExactly(2L, 1L);
    assertThat(seqs("&from=2026-11-20T11:00:00Z&to=2026-11-20T13:00:00Z")).containsExactly(3L, 2L);
    assertThat(seqs("&source_id=" + UUID.randomUUID())).isEmpty();
  }

  private static DeadLetter inEpoch(
      ApiClient.Registered owner, UUID source, int epoch, long seq, @Nullable String row) {
    return new DeadLetter(
        new UUID(source.getMostSignificantBits(), 1_000L * epoch + seq),
        TenantId.of(owner.organizationId()),
        source,
        epoch,
        seq,
        seq,
        "public.pump",
        row,
        null,
        "0/" + epoch,
        row == null ? Cause.MAPPING_FAILED : Cause.REFUSED_BY_DATABASE,
        null,
        "detail",
        row == null ? "{\"after\": {}}" : "{\"epoch\": " + epoch + "}",
        null,
        Instant.parse("2026-11-20T10:00:00Z").plus(epoch, ChronoUnit.HOURS));
  }

  @Test
  void a_row_that_fails_again_in_each_epoch_is_one_to_people() throws SQLException {
    var again = server.client().register("again@example.com");
    var source = UUID.randomUUID();
    source(source, again);
    // Of one row two events failed in the newest epoch; another row is fine there.
    write(
        inEpoch(again, source, 1, 1, "1:7;"),
        inEpoch(again, source, 1, 2, "1:8;"),
        inEpoch(again, source, 1, 3, null),
        inEpoch(again, source, 2, 4, "1:7;"),
        inEpoch(again, source, 3, 5, "1:7;"),
        inEpoch(again, source, 3, 6, "1:7;"),
        inEpoch(again, source, 3, 7, null));

    var letters = again.client().get("/v1/dead-letters").body().get("data");
    assertThat(letters)
        .extracting(each -> each.get("seq").asLong())
        .containsExactly(7L, 6L, 5L, 2L);
    assertThat(letters)
        .extracting(each -> each.get("epochs_before").asInt())
        .containsExactly(1, 2, 2, 0);

    var groups = again.client().get("/v1/dead-letters/groups").body();
    assertThat(groups.get("letters").asInt()).isEqualTo(4);
    var refused = groups.at("/data/1");
    assertThat(refused.get("letters").asInt()).isEqualTo(3);
    assertThat(refused.get("first_at").asString()).isEqualTo("2026-11-20T11:00:00Z");
    assertThat(refused.get("last_at").asString()).isEqualTo("2026-11-20T13:00:00Z");

    // What came before the later epoch is what was known then.
    var before = again.client().get("/v1/dead-letters?to=2026-11-20T12:30:00Z").body().get("data");
    assertThat(before).extracting(each -> each.get("seq").asLong()).containsExactly(4L, 3L, 2L);
  }

  /// The letter was written for a copy that nobody sees yet.
  private static void writeAside(DeadLetter letter) throws SQLException {
    write(letter);
    try (var connection = server.database().dataSource("service").getConnection()) {
      new DeadLetters()
          .settlements()
          .setAside(
              connection, letter.sourceId(), letter.epoch(), List.of(letter.seq()), letter.at());
    }
  }

  @Test
  void what_a_copy_that_is_not_shown_yet_fails_with_again_hides_no_open_letter()
      throws SQLException {
    var copied = server.client().register("copied@example.com");
    var source = UUID.randomUUID();
    source(source, copied);
    var open = inEpoch(copied, source, 1, 1, "1:7;");
    write(open);
    writeAside(inEpoch(copied, source, 2, 2, "1:7;"));
    writeAside(inEpoch(copied, source, 2, 3, "1:8;"));

    assertThat(seqs(copied, false)).as("open").containsExactly(1L);
    assertThat(seqs(copied, true)).as("the same failure is told once").containsExactly(3L);
    var groups = copied.client().get("/v1/dead-letters/groups").body();
    assertThat(groups.get("open_letters").asInt()).isEqualTo(1);
    assertThat(groups.get("settled_letters").asInt()).isEqualTo(1);
    assertThat(groups.at("/data/0/seq").asLong()).isEqualTo(1);

    assertThat(dismiss(copied, open).status()).isEqualTo(200);
    assertThat(seqs(copied, false)).isEmpty();
    assertThat(seqs(copied, true)).as("as a person dismissed it").containsExactly(3L, 1L);
  }

  @Test
  void a_newer_letter_that_was_dismissed_hides_the_same_failure_of_before() throws SQLException {
    var dismisses = server.client().register("newer@example.com");
    var source = UUID.randomUUID();
    source(source, dismisses);
    var newer = inEpoch(dismisses, source, 2, 2, "1:7;");
    write(inEpoch(dismisses, source, 1, 1, "1:7;"), newer);
    assertThat(dismiss(dismisses, newer).status()).isEqualTo(200);
    assertThat(seqs(dismisses, false)).isEmpty();
    assertThat(seqs(dismisses, true)).containsExactly(2L);
  }

  @Test
  void rows_that_no_key_tells_and_that_begin_alike_are_not_taken_for_one() throws SQLException {
    var wide = server.client().register("wide@example.com");
    var source = UUID.randomUUID();
    source(source, wide);
    var cut = "x".repeat(4_000);
    write(
        withSample(inEpoch(wide, source, 1, 1, null), cut),
        withSample(inEpoch(wide, source, 2, 2, null), cut),
        withSample(inEpoch(wide, source, 1, 3, null), "whole"),
        withSample(inEpoch(wide, source, 2, 4, null), "whole"));
    assertThat(wide.client().get("/v1/dead-letters").body().get("data"))
        .extracting(each -> each.get("seq").asLong())
        .containsExactlyInAnyOrder(1L, 2L, 4L);
  }

  private static DeadLetter withSample(DeadLetter letter, String sample) {
    return new DeadLetter(
        letter.id(),
        letter.tenant(),
        letter.sourceId(),
        letter.epoch(),
        letter.seq(),
        letter.seqEnd(),
        letter.tableName(),
        letter.rowKey(),
        letter.rowKeyBefore(),
        letter.lsn(),
        letter.cause(),
        letter.sqlstate(),
        letter.detail(),
        sample,
        letter.batch(),
        letter.at());
  }

  @Test
  void groups_count_exactly_and_show_the_newest_of_each() {
    var groups = person.client().get("/v1/dead-letters/groups").body();
    assertThat(groups.get("letters").asInt()).isEqualTo(5);
    assertThat(groups.get("kept_days").asInt()).isEqualTo(90);
    var data = groups.get("data");
    assertThat(data).hasSize(4);
    assertThat(data.at("/0/cause").asString()).isEqualTo("too_many_in_batch");
    assertThat(data.at("/0/letters").asInt()).isEqualTo(1);
    assertThat(data.at("/0/events").asInt()).isEqualTo(50);
    var refused = data.get(3);
    assertThat(refused.get("sqlstate").asString()).isEqualTo("22003");
    assertThat(refused.get("letters").asInt()).isEqualTo(2);
    assertThat(refused.get("first_at").asString()).isEqualTo("2026-11-20T10:00:00Z");
    assertThat(refused.get("last_at").asString()).isEqualTo("2026-11-20T11:00:00Z");
    assertThat(refused.get("lsn").asString()).isEqualTo("0/2");
    assertThat(refused.get("sample").asString()).contains("2");
  }

  private static ApiClient.Answer dismiss(ApiClient.Registered who, DeadLetter letter) {
    return who.client().send("POST", "/v1/dead-letters/" + letter.id() + "/dismiss", null);
  }

  private static List<Long> seqs(ApiClient.Registered who, boolean settled) {
    var seqs = new ArrayList<Long>();
    who.client()
        .get("/v1/dead-letters?settled=" + settled)
        .body()
        .get("data")
        .forEach(letter -> seqs.add(letter.get("seq").asLong()));
    return seqs;
  }

  @Test
  void what_is_open_a_person_may_dismiss_be_it_of_a_row_or_of_none() throws SQLException {
    var owner = server.client().register("dismisses@example.com");
    var source = UUID.randomUUID();
    source(source, owner);
    var keyless = inEpoch(owner, source, 1, 1, null);
    var ofRow = inEpoch(owner, source, 1, 2, "1:7;");
    write(keyless, ofRow);
    var listed = owner.client().get("/v1/dead-letters").body().get("data");
    assertThat(listed.at("/0/dismissible").asBoolean()).as("of a row").isTrue();
    assertThat(listed.at("/1/dismissible").asBoolean()).as("of none").isTrue();

    var dismissed = dismiss(owner, keyless);
    assertThat(dismissed.status()).isEqualTo(200);
    assertThat(dismissed.body().get("dismissed_by").asString()).isEqualTo("dismisses@example.com");
    assertThat(dismissed.body().get("dismissible").asBoolean()).isFalse();
    var at = dismissed.body().get("dismissed_at").asString();
    assertThat(dismiss(owner, keyless).body().get("dismissed_at").asString())
        .as("once")
        .isEqualTo(at);
    assertThat(seqs(owner, false)).containsExactly(2L);
    assertThat(seqs(owner, true)).containsExactly(1L);
    assertThat(
            server
                .database()
                .superuser()
                .sql(
                    """
                    SELECT actor_name || ' ' || (detail ->> 'source') FROM control.audit_log
                    WHERE action = 'dead_letter.dismissed' AND subject_id = :letter
                    """)
                .param("letter", keyless.id().toString())
                .query(String.class)
                .list())
        .containsExactly("dismisses@example.com " + source);

    assertThat(dismiss(person, ofRow).status()).as("another's").isEqualTo(404);
    var groups = owner.client().get("/v1/dead-letters/groups").body();
    assertThat(groups.get("open_letters").asInt()).isEqualTo(1);
    assertThat(groups.get("settled_letters").asInt()).isEqualTo(1);
    assertThat(groups.get("data")).hasSize(1);

    assertThat(dismiss(owner, ofRow).body().get("dismissed_at").isNull()).as("of a row").isFalse();
    assertThat(seqs(owner, false)).isEmpty();
    var none = owner.client().get("/v1/dead-letters/groups?cause=not_in_bronze").body();
    assertThat(none.get("open_letters").asInt()).isZero();
    assertThat(none.get("settled_letters").asInt()).isZero();
  }

  @Test
  void who_may_not_change_sources_dismisses_nothing() throws SQLException {
    var member = server.client().register("member@example.com");
    var source = UUID.randomUUID();
    source(source, member);
    var letter = inEpoch(member, source, 1, 1, null);
    write(letter);
    server
        .database()
        .superuser()
        .sql("UPDATE control.members SET role = 'member' WHERE tenant_id = :tenant")
        .param("tenant", UUID.fromString(member.organizationId()))
        .update();
    assertThat(dismiss(member, letter).status()).isEqualTo(403);
    assertThat(seqs(member, false)).containsExactly(1L);
  }

  @Test
  void a_range_that_was_dismissed_is_open_again_when_it_reaches_further() throws SQLException {
    var owner = server.client().register("range@example.com");
    var source = UUID.randomUUID();
    source(source, owner);
    var range =
        inEpoch(owner, source, 1, 1, null)
            .upTo(10, "public.pump", Instant.parse("2026-11-20T10:00:00Z"));
    write(range);
    assertThat(dismiss(owner, range).status()).isEqualTo(200);
    write(range);
    assertThat(seqs(owner, false)).as("the same").isEmpty();
    write(range.upTo(20, "public.pump", Instant.parse("2026-11-20T11:00:00Z")));
    assertThat(seqs(owner, false)).containsExactly(1L);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cause=bad_luck",
        "sqlstate=2200",
        "from=2026-11-20T11:00:00Z&to=2026-11-20T10:00:00Z",
        "from=yesterday",
        "source_id=7"
      })
  void what_cannot_be_meant_is_refused(String query) {
    assertThat(person.client().get("/v1/dead-letters?" + query).status()).isEqualTo(400);
    assertThat(person.client().get("/v1/dead-letters/groups?" + query).status()).isEqualTo(400);
  }
}
