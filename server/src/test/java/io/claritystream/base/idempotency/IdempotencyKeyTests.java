package io.claritystream.base.idempotency;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Answer;
import io.claritystream.Clarity;
import io.claritystream.CountingRoutes;
import io.claritystream.TestServer;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.UserId;
import io.claritystream.base.http.Problem;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The same request again has the first answer again, and its effect once.
class IdempotencyKeyTests {
  private static TestServer server;
  private static ApiClient ada;
  private static ApiClient grace;

  private final String name = UUID.randomUUID().toString();
  private final String key = "key-" + UUID.randomUUID();

  @BeforeAll
  static void begin() {
    server = TestServer.start(Map.of(), Clarity.class, CountingRoutes.class);
    ada = server.client().register("ada@example.com").client();
    grace = server.client().register("grace@example.com").client();
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @Test
  void the_same_request_again_has_the_first_answer_again() {
    Answer first = count(ada);
    Answer again = count(ada);

    assertThat(first.status()).isEqualTo(201);
    assertThat(first.header("Idempotent-Replayed")).isEmpty();
    assertThat(again.status()).isEqualTo(201);
    assertThat(again.header("Idempotent-Replayed")).isEqualTo("true");
    assertThat(again.response().body()).isEqualTo(first.response().body());
    for (String header : List.of("Content-Type", "Location", "ETag")) {
      assertThat(again.header(header)).isNotEmpty().isEqualTo(first.header(header));
    }
    assertThat(again.header("X-Request-Id")).isNotEqualTo(first.header("X-Request-Id"));
    assertThat(CountingRoutes.effects(name)).isEqualTo(1);
  }

  @Test
  void without_a_key_every_request_has_its_effect() {
    ada.post("/v1/test/count", body(0));
    Answer second = ada.post("/v1/test/count", body(0));

    assertThat(second.text("rerun")).isEqualTo("false");
    assertThat(CountingRoutes.effects(name)).isEqualTo(2);
  }

  @Test
  void another_body_address_or_query_under_the_key_is_refused() {
    count(ada);
    ApiClient keyed = ada.with("Idempotency-Key", key);

    for (Answer answer :
        List.of(
            keyed.post("/v1/test/count", body(1)),
            keyed.send("POST", "/v1/test/count/" + name + "/other", null))) {
      assertThat(answer.status()).isEqualTo(422);
      assertThat(answer.text("code")).isEqualTo("idempotency_key_reused");
      assertThat(answer.text("detail")).contains("POST /v1/test/count");
    }
    assertThat(CountingRoutes.effects(name)).isEqualTo(1);
  }

  @Test
  void of_twenty_that_come_at_once_one_has_the_effect_and_the_others_its_answer_or_wait()
      throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    List<CompletableFuture<Answer>> answers = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int at = 0; at < 20; at++) {
        answers.add(
            CompletableFuture.supplyAsync(
                () -> {
                  await(go);
                  return count(ada);
                },
                threads));
      }
      go.countDown();
      for (CompletableFuture<Answer> one : answers) {
        Answer answer = one.get(30, TimeUnit.SECONDS);
        assertThat(answer.status()).as(answer.response().body()).isIn(201, 409);
        if (answer.status() == 409) {
          assertThat(answer.text("code")).isEqualTo("idempotency_key_in_use");
          assertThat(answer.header("Retry-After")).isEqualTo("1");
        } else {
          assertThat(answer.text("effects")).isEqualTo("1");
        }
      }
    }
    assertThat(CountingRoutes.effects(name)).isEqualTo(1);
    assertThat(count(ada).status()).isEqualTo(201);
  }

  @Test
  void a_key_is_its_persons_own() {
    Answer adas = count(ada);
    Answer graces = count(grace);

    assertThat(graces.status()).isEqualTo(201);
    assertThat(graces.header("Idempotent-Replayed")).isEmpty();
    assertThat(graces.text("person")).isNotEqualTo(adas.text("person"));
    assertThat(CountingRoutes.effects(name)).isEqualTo(2);
  }

  @Test
  void what_could_not_be_done_is_tried_again_under_the_same_claim() {
    CountingRoutes.FAILURES.put(
        name,
        new ConcurrentLinkedQueue<>(
            List.of(
                CountingRoutes.passing(),
                new IllegalStateException("broken"),
                Problem.rateLimited(Duration.ofSeconds(1)))));

    assertThat(count(ada).status()).isEqualTo(503);
    assertThat(count(ada).status()).isEqualTo(500);
    assertThat(count(ada).status()).isEqualTo(429);
    Answer done = count(ada);
    assertThat(done.status()).isEqualTo(201);
    assertThat(done.text("rerun")).isEqualTo("true");
    assertThat(done.text("claim_id")).isEqualTo(claimId());
    assertThat(count(ada).response().body()).isEqualTo(done.response().body());
    assertThat(CountingRoutes.effects(name)).isEqualTo(1);
  }

  @Test
  void a_refusal_is_an_answer_like_any() {
    CountingRoutes.FAILURES.put(
        name, new ConcurrentLinkedQueue<>(List.of(Problem.invalid("name", "is taken"))));

    Answer refused = count(ada);
    Answer again = count(ada);

    assertThat(refused.status()).isEqualTo(400);
    assertThat(again.response().body()).isEqualTo(refused.response().body());
    assertThat(again.header("Content-Type")).startsWith("application/problem+json");
    assertThat(CountingRoutes.effects(name)).isZero();
  }

  @Test
  void who_dies_between_claim_and_answer_leaves_the_claim_to_the_next_and_can_say_nothing_more()
      throws Exception {
    CountingRoutes.Gate gate = new CountingRoutes.Gate();
    CountingRoutes.GATES.put(name, new ConcurrentLinkedQueue<>(List.of(gate)));
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      CompletableFuture<Answer> stopped = CompletableFuture.supplyAsync(() -> count(ada), threads);
      assertThat(gate.waiting().await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(count(ada).status()).as("while it is at work").isEqualTo(409);
      String claim = claimId();

      leaseRunsOut();
      assertThat(server.bean(Leases.class).extend()).as("not brought back").isZero();
      Answer next = count(ada);
      gate.open().countDown();
      assertThat(stopped.get(10, TimeUnit.SECONDS).text("effects")).isEqualTo("2");

      assertThat(next.status()).isEqualTo(201);
      assertThat(next.text("rerun")).isEqualTo("true");
      assertThat(next.text("claim_id")).isEqualTo(claim);
      assertThat(count(ada).response().body())
          .as("the answer is that of who took it over")
          .isEqualTo(next.response().body());
    }
  }

  @Test
  void a_request_at_work_keeps_its_lease() throws Exception {
    CountingRoutes.Gate gate = new CountingRoutes.Gate();
    CountingRoutes.GATES.put(name, new ConcurrentLinkedQueue<>(List.of(gate)));
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      CompletableFuture<Answer> slow = CompletableFuture.supplyAsync(() -> count(ada), threads);
      assertThat(gate.waiting().await(10, TimeUnit.SECONDS)).isTrue();
      update("lease_until = now() + interval '1 second'");

      assertThat(server.bean(Leases.class).extend()).isGreaterThanOrEqualTo(1);
      assertThat(leaseSeconds()).isGreaterThan(30);

      gate.open().countDown();
      assertThat(slow.get(10, TimeUnit.SECONDS).status()).isEqualTo(201);
    }
  }

  @Test
  void a_lease_is_extended_by_its_key_and_not_by_looking_through_all_that_are_kept() {
    Claim claim =
        new Claim(
            new TenantId(UUID.randomUUID()),
            new UserId(UUID.randomUUID()),
            KeyedRequest.hash(key),
            UUID.randomUUID(),
            Instant.EPOCH,
            1);

    List<String> plan =
        server
            .bean(Leases.class)
            .of("EXPLAIN " + Leases.EXTEND, List.of(claim))
            .query(String.class)
            .list();

    assertThat(plan)
        .anyMatch(line -> line.contains("Index Cond") && line.contains("key_hash = "))
        .noneMatch(line -> line.contains("Seq Scan"));
  }

  @Test
  void a_kept_answer_cannot_be_read_in_the_database() {
    count(ada);

    byte[] body =
        server
            .database()
            .superuser()
            .sql("SELECT body FROM control.idempotency_key WHERE key_hash = :key")
            .param("key", KeyedRequest.hash(key))
            .query(byte[].class)
            .single();
    assertThat(new String(body, java.nio.charset.StandardCharsets.ISO_8859_1))
        .doesNotContain("effects")
        .doesNotContain("claim_id");
  }

  @Test
  void what_changes_nothing_keeps_no_answer() {
    ApiClient keyed = ada.with("Idempotency-Key", key);
    Answer first = keyed.post("/v1/expressions/preview", Map.of("expression", "1 + 1"));
    Answer other = keyed.post("/v1/expressions/preview", Map.of("expression", "1 + 2"));

    assertThat(first.text("output")).isEqualTo("2");
    assertThat(other.text("output")).isEqualTo("3");
    assertThat(rows()).isZero();
  }

  @Test
  void a_guess_at_a_body_cannot_be_tried_without_the_platforms_key() throws Exception {
    String guess = "{\"name\":\"%s\",\"size\":0}".formatted(name);
    ada.with("Idempotency-Key", key).send("POST", "/v1/test/count", guess);

    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    for (String part : List.of("POST", "/v1/test/count", "", "application/json")) {
      sha256.update(part.getBytes(StandardCharsets.UTF_8));
      sha256.update((byte) 0);
    }
    assertThat(read("request_hash", byte[].class))
        .isNotEqualTo(sha256.digest(guess.getBytes(StandardCharsets.UTF_8)))
        .hasSize(32);
  }

  @Test
  void beyond_the_quota_new_keys_are_refused_and_known_ones_still_answered() {
    ApiClient full = server.client().register("full@example.com").client();
    Answer first = count(full);
    kept("gen_random_uuid()", KeyQuota.KEPT_MAX - 1);

    Answer refused = full.with("Idempotency-Key", "new-" + key).post("/v1/test/count", body(0));

    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.text("detail")).startsWith("100,000 requests of this organization");
    assertThat(refused.header("Retry-After")).isEqualTo("600");
    assertThat(count(full).response().body()).isEqualTo(first.response().body());
    assertThat(full.post("/v1/test/count", body(0)).status()).isEqualTo(201);
    assertThat(count(ada).status()).isEqualTo(201);
    assertThat(CountingRoutes.effects(name)).isEqualTo(3);
  }

  @Test
  void one_person_uses_up_half_of_an_organizations_keys_at_most() {
    ApiClient busy = server.client().register("busy@example.com").client();
    Answer first = count(busy);
    ApiClient renewed = busy.with("Idempotency-Key", "new-" + key);
    kept("user_id", KeyQuota.PERSON_KEPT_MAX - 2);
    assertThat(busy.with("Idempotency-Key", "last-" + key).post("/v1/test/count", body(0)).status())
        .isEqualTo(201);

    Answer refused = renewed.post("/v1/test/count", body(0));

    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.text("detail")).startsWith("50,000 of your requests");
    assertThat(count(busy).response().body()).isEqualTo(first.response().body());
    becomeOthers();
    assertThat(renewed.post("/v1/test/count", body(0)).status())
        .as("as many of others' leave room")
        .isEqualTo(201);
  }

  @Test
  void an_answer_too_large_to_be_kept_is_said_to_have_been_given() {
    Answer first = ada.with("Idempotency-Key", key).post("/v1/test/count", body(1_100_000));
    Answer again = ada.with("Idempotency-Key", key).post("/v1/test/count", body(1_100_000));

    assertThat(first.status()).isEqualTo(201);
    assertThat(again.status()).isEqualTo(409);
    assertThat(again.text("code")).isEqualTo("conflict");
    assertThat(CountingRoutes.effects(name)).isEqualTo(1);
  }

  @Test
  void what_a_caller_may_not_do_takes_no_key() {
    Answer nobody = server.client().with("Idempotency-Key", key).post("/v1/test/count", body(0));

    assertThat(nobody.status()).isEqualTo(401);
    assertThat(count(ada).status()).isEqualTo(201);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b", "with\ttab", ""})
  void a_key_that_is_none_is_refused(String bad) {
    Answer answer = ada.with("Idempotency-Key", bad).post("/v1/test/count", body(0));

    assertThat(answer.status()).isEqualTo(400);
    assertThat(CountingRoutes.effects(name)).isZero();
  }

  @Test
  void a_key_may_have_255_characters_and_no_more() {
    String longest = "k".repeat(219) + UUID.randomUUID();
    assertThat(ada.with("Idempotency-Key", longest).post("/v1/test/count", body(0)).status())
        .isEqualTo(201);
    assertThat(ada.with("Idempotency-Key", longest + "k").post("/v1/test/count", body(0)).status())
        .isEqualTo(400);
  }

  @Test
  void after_a_day_the_key_is_free_and_its_row_goes() {
    count(ada);
    update("expires_at = now() - interval '1 second'");
    Answer anew = count(ada);
    assertThat(anew.text("effects")).isEqualTo("2");
    assertThat(anew.text("rerun")).isEqualTo("false");

    update("expires_at = now() - interval '1 second'");
    assertThat(server.bean(Leases.class).delete()).isGreaterThanOrEqualTo(1);
    assertThat(rows()).isZero();
  }

  private Answer count(ApiClient client) {
    return client.with("Idempotency-Key", key).post("/v1/test/count", body(0));
  }

  private Map<String, Object> body(int size) {
    return Map.of("name", name, "size", size);
  }

  /// More keys of the organization that the key at hand is of.
  private void kept(String person, int more) {
    server
        .database()
        .superuser()
        .sql(
            """
            INSERT INTO control.idempotency_key
              (tenant_id, user_id, key_hash, request_hash, route, state, claim_id, claim_epoch,
               lease_until, created_at, expires_at)
            SELECT tenant_id, %s, sha256(n::text::bytea), request_hash, route, 'done',
              gen_random_uuid(), 1, lease_until, created_at, expires_at
            FROM control.idempotency_key k, generate_series(1, :more) AS n
            WHERE k.key_hash = :key
            """
                .formatted(person))
        .param("more", more)
        .param("key", KeyedRequest.hash(key))
        .update();
    server.bean(KeyQuota.class).forget();
  }

  /// Gives the organization's keys to somebody else in it.
  private void becomeOthers() {
    server
        .database()
        .superuser()
        .sql(
            """
            UPDATE control.idempotency_key SET user_id = gen_random_uuid()
            WHERE tenant_id = (SELECT tenant_id FROM control.idempotency_key WHERE key_hash = :key)
            """)
        .param("key", KeyedRequest.hash(key))
        .update();
    server.bean(KeyQuota.class).forget();
  }

  private void leaseRunsOut() {
    update("lease_until = now() - interval '1 second'");
  }

  private void update(String change) {
    server
        .database()
        .superuser()
        .sql("UPDATE control.idempotency_key SET %s WHERE key_hash = :key".formatted(change))
        .param("key", KeyedRequest.hash(key))
        .update();
  }

  private String claimId() {
    return read("claim_id::text", String.class);
  }

  private int leaseSeconds() {
    return read("extract(epoch FROM lease_until - now())::int", Integer.class);
  }

  private int rows() {
    return read("count(*)::int", Integer.class);
  }

  private <T> T read(String what, Class<T> type) {
    return server
        .database()
        .superuser()
        .sql("SELECT %s FROM control.idempotency_key WHERE key_hash = :key".formatted(what))
        .param("key", KeyedRequest.hash(key))
        .query(type)
        .single();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException stopped) {
      throw new IllegalStateException(stopped);
    }
  }
}
