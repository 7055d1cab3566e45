package io.claritystream.control.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Who may belong, as what, and who says so.
class MembersTests {

  private static final AtomicInteger PEOPLE = new AtomicInteger();
  private static TestServer server;
  private Registered owner;

  @BeforeAll
  static void begin() {
    server =
        TestServer.start(
            Map.of(
                "clarity.identity.registrations-by-address", "10000",
                "clarity.identity.refreshes-by-address", "10000",
                "clarity.identity.sign-ins-by-address", "10000"));
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @BeforeEach
  void makeOwner() {
    owner = server.client().register(email());
  }

  // Adding and inviting

  @Test
  void who_has_an_account_is_invited_like_anybody_and_belongs_when_they_accept() {
    Registered person = server.client().register(email());

    Answer known = add(owner.client(), person.email(), "operator");
    Answer unknown = add(owner.client(), email(), "operator");

    assertThat(known.status()).isEqualTo(unknown.status()).isEqualTo(201);
    assertThat(known.body().propertyNames()).isEqualTo(unknown.body().propertyNames());
    assertThat(known.response().body())
        .doesNotContain(id(person))
        .doesNotContain("Ada Lovelace")
        .doesNotContain("login");
    assertThat(roles()).doesNotContainKey(person.email());
    assertThat(change(person.client(), owner.organizationId()).status()).isEqualTo(404);

    assertThat(accept(person, known.text("token")).status()).isEqualTo(200);

    assertThat(roles())
        .containsEntry(person.email(), "operator")
        .containsEntry(owner.email(), "owner");
    assertThat(add(owner.client(), person.email(), "viewer").status()).isEqualTo(409);
    assertThat(audited()).contains("member.invited", "member.joined");
  }

  @Test
  void who_has_no_account_is_invited_and_registers_into_the_organization() {
    String email = email();
    Answer added = add(owner.client(), email, "member");
    String token = added.text("token");

    assertThat(added.status()).isEqualTo(201);
    assertThat(added.header("Cache-Control")).contains("no-store");
    assertThat(token).hasSize(43);
    assertThat(added.text("link")).endsWith("/auth#invitation=" + token);
    assertThat(invitations().response().body()).contains(email).doesNotContain(token);

    Answer registered = server.client().post("/v1/auth/register", invited(email, token));

    assertThat(registered.status()).isEqualTo(201);
    assertThat(registered.text("organization.id")).isEqualTo(owner.organizationId());
    assertThat(registered.text("role")).isEqualTo("member");
    assertThat(roles()).containsEntry(email, "member");
    assertThat(invitations().body().get("data").size()).isZero();
    assertThat(audited()).contains("member.invited", "member.joined");
  }

  @Test
  void a_token_is_good_once_for_its_address_until_it_is_replaced_withdrawn_or_old() {
    String email = email();
    String first = add(owner.client(), email, "member").text("token");
    String second = add(owner.client(), email, "member").text("token");
    String withdrawn = email();
    Answer gone = add(owner.client(), withdrawn, "member");
    owner.client().send("DELETE", path("invitations") + "/" + gone.text("id"), null);
    String late = email();
    String expired = add(owner.client(), late, "member").text("token");
    server
        .database()
        .superuser()
        .sql("UPDATE control.invitation SET expires_at = now() WHERE email = :email")
        .param("email", late)
        .update();

    refused(email, first);
    refused(email(), second);
    refused(withdrawn, gone.text("token"));
    refused(late, expired);
    refused(email, "made up");
    assertThat(server.client().post("/v1/auth/register", invited(email, second)).status())
        .isEqualTo(201);
    refused(email(), second);
  }

  @Test
  void a_token_is_stored_as_its_hash_alone() {
    String token = add(owner.client(), email(), "member").text("token");

    String rows =
        server
            .database()
            .superuser()
            .sql(
                """
                SELECT string_agg(i::text, '') || (SELECT string_agg(a::text, '') FROM control.audit_log a)
                FROM control.invitation i
                """)
            .query(String.class)
            .single();
    assertThat(rows).doesNotContain(token);
    assertThat(rows)
        .doesNotContain(java.util.HexFormat.of().formatHex(token.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void a_wrong_invitation_answers_alike_for_an_address_with_an_account_and_one_without() {
    Answer known = server.client().post("/v1/auth/register", invited(owner.email(), "made up"));
    Answer unknown = server.client().post("/v1/auth/register", invited(email(), "made up"));

    assertThat(known.status()).isEqualTo(unknown.status()).isEqualTo(400);
    assertThat(known.body().get("errors")).isEqualTo(unknown.body().get("errors"));
  }

  @Test
  void an_invitation_beside_a_new_organization_is_refused_and_neither_is_too() {
    Map<String, Object> both = ApiClient.registration(email(), "a long enough secret");
    both.put("invitation", "x");
    Map<String, Object> neither = invited(email(), "x");
    neither.remove("invitation");

    assertThat(server.client().post("/v1/auth/register", both).text("errors.0.pointer"))
        .isEqualTo("/invitation");
    assertThat(server.client().post("/v1/auth/register", neither).text("errors.0.pointer"))
        .isEqualTo("/organization");
  }

  @Test
  void whoever_registered_otherwise_accepts_while_signed_in() {
    String email = email();
    String token = add(owner.client(), email, "admin").text("token");
    Registered person = server.client().register(email);
    Registered other = server.client().register(email());

    assertThat(accept(other, token).status()).isEqualTo(400);
    Answer joined = accept(person, token);

    assertThat(joined.text("organization.id")).isEqualTo(owner.organizationId());
    assertThat(joined.text("role")).isEqualTo("admin");
    assertThat(accept(person, token).status()).isEqualTo(400);
    assertThat(person.client().get("/v1/organizations").body().get("data").size()).isEqualTo(2);
  }

  // Who may do what to whom

  @Test
  void a_role_gives_no_more_than_itself_and_an_admin_leaves_owners_alone() {
    Registered admin = member("admin");
    ApiClient client = inOurs(admin);

    assertThat(add(client, email(), "owner").status()).isEqualTo(403);
    assertThat(change(client, owner, "viewer").status()).isEqualTo(403);
    assertThat(remove(client, owner).status()).isEqualTo(403);
    assertThat(change(client, admin, "owner").status()).isEqualTo(403);
    Registered other = member(client, "admin");
    assertThat(change(client, other, "viewer").status()).isEqualTo(200);
    assertThat(remove(client, other).status()).isEqualTo(204);
    assertThat(change(client, admin, "member").status()).isEqualTo(200);
    assertThat(change(client, admin, "admin").status()).isEqualTo(403);
    assertThat(audited()).contains("member.role_changed", "member.removed");
  }

  @Test
  void an_invitation_of_an_owner_is_withdrawn_by_an_owner() {
    Registered admin = member("admin");
    String id = add(owner.client(), email(), "owner").text("id");
    String address = path("invitations") + "/" + id;

    assertThat(inOurs(admin).send("DELETE", address, null).status()).isEqualTo(403);
    assertThat(owner.client().send("DELETE", address, null).status()).isEqualTo(204);
    assertThat(owner.client().send("DELETE", address, null).status()).isEqualTo(404);
  }

  @Test
  void the_last_owner_stays() {
    assertThat(change(owner.client(), owner, "admin").status()).isEqualTo(409);
    assertThat(remove(owner.client(), owner).status()).isEqualTo(409);

    Registered second = member("owner");
    assertThat(change(owner.client(), owner, "admin").status()).isEqualTo(200);
    assertThat(remove(inOurs(second), second).status()).isEqualTo(409);
  }

  @Test
  void of_two_owners_who_remove_each_other_at_once_one_stays() throws Exception {
    Registered second = member("owner");
    ApiClient client = inOurs(second);

    List<Integer> answers =
        atOnce(() -> remove(owner.client(), second).status(), () -> remove(client, owner).status());

    assertThat(answers).containsExactlyInAnyOrder(204, 403);
    assertThat(owners()).isEqualTo(1);
  }

  @Test
  void of_two_owners_who_step_down_at_once_one_stays() throws Exception {
    Registered second = member("owner");
    ApiClient client = inOurs(second);

    List<Integer> answers =
        atOnce(
            () -> change(owner.client(), owner, "viewer").status(),
            () -> change(client, second, "viewer").status());

    assertThat(answers).containsExactlyInAnyOrder(200, 409);
    assertThat(owners()).isEqualTo(1);
  }

  // What follows at once

  @Test
  void who_is_removed_is_signed_out_of_this_organization_at_once_and_of_no_other() {
    Registered person = member("member");
    Answer switched = change(person.client(), owner.organizationId());
    ApiClient here = server.client().bearer(switched.text("access_token"));
    ApiClient elsewhere =
        server
            .client()
            .bearer(
                server
                    .client()
                    .post(
                        "/v1/auth/login",
                        Map.of("email", person.email(), "password", person.password()))
                    .text("access_token"));
    assertThat(here.get(path("users")).status()).isEqualTo(200);

    assertThat(remove(owner.client(), person).status()).isEqualTo(204);

    assertThat(here.get(path("users")).status()).isEqualTo(401);
    assertThat(
            server
                .client()
                .post("/v1/auth/refresh", Map.of("refresh_token", switched.text("refresh_token")))
                .status())
        .isEqualTo(401);
    assertThat(elsewhere.get("/v1/me").text("organization.id")).isEqualTo(person.organizationId());
    assertThat(remove(owner.client(), person).status()).isEqualTo(404);
  }

  @Test
  void whoever_belongs_may_leave_and_is_signed_out_of_this_organization() {
    Registered person = member("viewer");
    ApiClient here = inOurs(person);
    String me = path("users") + "/me";
    assertThat(person.client().send("DELETE", me, null).status()).isEqualTo(404);

    assertThat(here.send("DELETE", me, null).status()).isEqualTo(204);

    assertThat(here.get("/v1/me").status()).isEqualTo(401);
    assertThat(person.client().get("/v1/me").status()).isEqualTo(200);
    assertThat(roles()).doesNotContainKey(person.email());
    assertThat(audited()).contains("member.left");
    assertThat(owner.client().send("DELETE", me, null).status()).isEqualTo(409);
  }

  @Test
  void what_somebody_has_asked_others_to_be_goes_with_the_role_that_let_them() {
    Registered second = member("owner");
    ApiClient client = inOurs(second);
    String ownerInvited = email();
    String adminInvited = email();
    String byAnother = email();
    String first = add(client, ownerInvited, "owner").text("token");
    String next = add(client, adminInvited, "admin").text("token");
    String kept = add(owner.client(), byAnother, "owner").text("token");

    assertThat(change(owner.client(), second, "admin").status()).isEqualTo(200);
    refused(ownerInvited, first);
    assertThat(invitations().response().body()).contains(adminInvited).contains(byAnother);

    assertThat(remove(owner.client(), second).status()).isEqualTo(204);
    refused(adminInvited, next);
    assertThat(server.client().post("/v1/auth/register", invited(byAnother, kept)).status())
        .isEqualTo(201);
    assertThat(audited().stream().filter("invitations.withdrawn"::equals)).hasSize(2);
  }

  @Test
  void who_belongs_nowhere_signs_in_with_an_invitation_and_without_one_not_at_all() {
    Registered second = member("owner");
    String own = "/v1/organizations/" + second.organizationId();
    String token =
        second
            .client()
            .post(own + "/users", Map.of("email", owner.email(), "role", "owner"))
            .text("token");
    assertThat(accept(owner, token).status()).isEqualTo(200);
    assertThat(second.client().send("DELETE", own + "/users/me", null).status()).isEqualTo(204);
    assertThat(remove(owner.client(), second).status()).isEqualTo(204);
    assertThat(login(second, Map.of()).status()).isEqualTo(401);
    String anew = add(owner.client(), second.email(), "viewer").text("token");
    String others = add(owner.client(), email(), "viewer").text("token");

    assertThat(login(second, Map.of("invitation", others)).text("errors.0.pointer"))
        .isEqualTo("/invitation");
    assertThat(login(second, Map.of("invitation", anew, "x", 1)).status()).isEqualTo(400);
    Answer signedIn = login(second, Map.of("invitation", anew));

    assertThat(signedIn.status()).isEqualTo(200);
    assertThat(signedIn.text("organization.id")).isEqualTo(owner.organizationId());
    assertThat(signedIn.text("role")).isEqualTo("viewer");
    assertThat(login(second, Map.of()).status()).isEqualTo(200);
  }

  @Test
  void a_session_is_not_opened_beside_a_removal() throws Exception {
    Registered person = member("viewer");
    leaveOwn(person);

    Answer login = besideRemovalOf(person, () -> login(person, Map.of()));

    assertThat(login.status()).isEqualTo(401);
    Registered other = member("viewer");
    Answer switched = besideRemovalOf(other, () -> change(other.client(), owner.organizationId()));
    assertThat(switched.status()).isEqualTo(404);
    assertThat(other.client().get("/v1/me").status()).isEqualTo(200);
  }

  @Test
  void a_person_belongs_to_a_hundred_at_most_and_is_at_home_in_each() {
    Registered person = server.client().register(email());
    String token = add(owner.client(), person.email(), "viewer").text("token");
    belongToOthers(person, Accounts.MEMBERSHIPS_MAX - 1);

    Answer refused = accept(person, token);

    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.text("detail")).contains("100 organizations");
    assertThat(
            person
                .client()
                .post(
                    "/v1/organizations",
                    Map.of("name", "More", "industry", "energy", "region", "eu-north"))
                .status())
        .isEqualTo(409);
    assertThat(person.client().get("/v1/me").status()).isEqualTo(200);
  }

  @Test
  void another_role_holds_from_the_next_request_on() {
    Registered person = member("viewer");
    ApiClient client = inOurs(person);
    assertThat(client.get("/v1/audit").status()).isEqualTo(403);

    Answer changed = change(owner.client(), person, "admin");

    assertThat(changed.text("role")).isEqualTo("admin");
    assertThat(client.get("/v1/audit").status()).isEqualTo(200);
  }

  // Limits and other tenants

  @Test
  void a_plan_is_for_so_many_people_with_the_invited_among_them() throws Exception {
    plan("starter");
    for (int i = 0; i < 8; i++) {
      assertThat(add(owner.client(), email(), "viewer").status()).isEqualTo(201);
    }
    String last = email();

    List<Integer> answers =
        atOnce(
            () -> add(owner.client(), last, "viewer").status(),
            () -> add(owner.client(), email(), "viewer").status());

    assertThat(answers).containsExactlyInAnyOrder(201, 409);
    Answer refused = add(owner.client(), email(), "viewer");
    assertThat(refused.text("code")).isEqualTo("plan_limit");
    assertThat(refused.text("detail")).contains("starter is for 10 people");
  }

  @Test
  void what_another_organization_has_is_not_there() {
    Registered stranger = server.client().register(email());
    Registered person = member("viewer");
    String users = path("users");
    String invitation = add(owner.client(), email(), "viewer").text("id");

    for (Answer answer :
        List.of(
            stranger.client().get(users),
            stranger.client().get(path("invitations")),
            stranger.client().post(users, Map.of("email", email(), "role", "viewer")),
            change(stranger.client(), person, "admin"),
            remove(stranger.client(), person),
            stranger.client().send("DELETE", path("invitations") + "/" + invitation, null),
            stranger
                .client()
                .send(
                    "DELETE",
                    "/v1/organizations/" + stranger.organizationId() + "/invitations/" + invitation,
                    null),
            stranger
                .client()
                .send(
                    "DELETE",
                    "/v1/organizations/" + stranger.organizationId() + "/users/" + id(person),
                    null))) {
      assertThat(answer.status()).isEqualTo(404);
    }
    assertThat(roles()).containsKey(person.email());
  }

  @Test
  void what_is_wrong_is_told_all_at_once() {
    Answer answer =
        owner.client().post(path("users"), Map.of("email", "nobody", "name", "two\nlines"));

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body().get("errors").findValuesAsString("pointer"))
        .containsExactly("/email", "/name", "/role");
    assertThat(
            owner
                .client()
                .post(path("users"), Map.of("email", email(), "role", "emperor"))
                .status())
        .isEqualTo(400);
  }

  // Who asks for what

  private static String email() {
    return "person-" + PEOPLE.incrementAndGet() + "@example.com";
  }

  private String path(String rest) {
    return "/v1/organizations/" + owner.organizationId() + "/" + rest;
  }

  private Answer add(ApiClient client, String email, String role) {
    return client.post(path("users"), Map.of("email", email, "role", role));
  }

  private Answer change(ApiClient client, Registered person, String role) {
    return client.send(
        "PATCH", path("users") + "/" + id(person), "{\"role\": \"%s\"}".formatted(role));
  }

  private Answer remove(ApiClient client, Registered person) {
    return client.send("DELETE", path("users") + "/" + id(person), null);
  }

  private static Answer change(ApiClient client, String organization) {
    return client.post("/v1/auth/switch", Map.of("organization_id", organization));
  }

  private static Answer accept(Registered person, String token) {
    return person.client().post("/v1/invitations/accept", Map.of("invitation", token));
  }

  private static String id(Registered person) {
    return person.session().at("/user/id").asString();
  }

  private Answer invitations() {
    return owner.client().get(path("invitations"));
  }

  private void refused(String email, String token) {
    Answer answer = server.client().post("/v1/auth/register", invited(email, token));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.text("errors.0.pointer")).isEqualTo("/invitation");
  }

  private static Map<String, Object> invited(String email, String token) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("email", email);
    body.put("password", "a long enough secret of " + email);
    body.put("name", "Grace Hopper");
    body.put("invitation", token);
    return body;
  }

  /// A person with an account of their own who belongs to the owner's organization.
  private Registered member(String role) {
    return member(owner.client(), role);
  }

  private Registered member(ApiClient inviter, String role) {
    Registered person = server.client().register(email());
    String token = add(inviter, person.email(), role).text("token");
    assertThat(accept(person, token).status()).isEqualTo(200);
    return person;
  }

  private static Answer login(Registered person, Map<String, Object> more) {
    Map<String, Object> body = new LinkedHashMap<>(more);
    body.put("email", person.email());
    body.put("password", person.password());
    return server.client().post("/v1/auth/login", body);
  }

  /// The person, in a session of the owner's organization.
  private ApiClient inOurs(Registered person) {
    Answer login =
        server
            .client()
            .post("/v1/auth/login", Map.of("email", person.email(), "password", person.password()));
    Answer switched =
        change(server.client().bearer(login.text("access_token")), owner.organizationId());
    assertThat(switched.status()).isEqualTo(200);
    return server.client().bearer(switched.text("access_token"));
  }

  private Map<String, String> roles() {
    Map<String, String> roles = new LinkedHashMap<>();
    owner
        .client()
        .get(path("users"))
        .body()
        .get("data")
        .forEach(
            member -> roles.put(member.get("email").asString(), member.get("role").asString()));
    return roles;
  }

  private int owners() {
    return server
        .database()
        .superuser()
        .sql("SELECT count(*) FROM control.members WHERE tenant_id = :tenant AND role = 'owner'")
        .param("tenant", UUID.fromString(owner.organizationId()))
        .query(Integer.class)
        .single();
  }

  private void plan(String plan) {
    server
        .database()
        .superuser()
        .sql("UPDATE control.dim_tenant SET plan = :plan WHERE tenant_id = :tenant")
        .param("plan", plan)
        .param("tenant", UUID.fromString(owner.organizationId()))
        .update();
  }

  private List<String> audited() {
    return server
        .database()
        .superuser()
        .sql("SELECT action FROM control.audit_log WHERE tenant_id = :tenant ORDER BY at")
        .param("tenant", UUID.fromString(owner.organizationId()))
        .query(String.class)
        .list();
  }

  /// Leaves the person nowhere but in the owner's organization.
  private static void leaveOwn(Registered person) {
    server
        .database()
        .superuser()
        .sql("DELETE FROM control.members WHERE user_id = :user AND tenant_id = :tenant")
        .param("user", UUID.fromString(id(person)))
        .param("tenant", UUID.fromString(person.organizationId()))
        .update();
  }

  private static void belongToOthers(Registered person, int organizations) {
    server
        .database()
        .superuser()
        .sql(
            """
            WITH made AS (
              INSERT INTO control.dim_tenant (tenant_id, name, industry, region, plan, created_at)
              SELECT gen_random_uuid(), 'Plant ' || n, industry, region, plan, created_at
              FROM control.dim_tenant, generate_series(1, :organizations) n
              WHERE tenant_id = :own
              RETURNING tenant_id)
            INSERT INTO control.members (tenant_id, user_id, role, created_at)
            SELECT tenant_id, :user, 'viewer', now() - interval '1 day' FROM made
            """)
        .param("organizations", organizations)
        .param("own", UUID.fromString(person.organizationId()))
        .param("user", UUID.fromString(id(person)))
        .update();
  }

  /// Asks while a removal is under way that ends before the answer.
  private Answer besideRemovalOf(Registered person, Callable<Answer> asked) throws Exception {
    try (ExecutorService threads = Executors.newSingleThreadExecutor();
        Connection remover = server.database().superuserConnections().getConnection();
        PreparedStatement removal =
            remover.prepareStatement(
                "DELETE FROM control.members WHERE user_id = ? AND tenant_id = ?")) {
      remover.setAutoCommit(false);
      removal.setObject(1, UUID.fromString(id(person)));
      removal.setObject(2, UUID.fromString(owner.organizationId()));
      removal.execute();
      Future<Answer> answer = threads.submit(asked);
      server.database().awaitWaiting(1);
      remover.commit();
      return answer.get();
    }
  }

  /// Lets both come as far as they can beside each other: to where one waits for the other.
  private List<Integer> atOnce(Callable<Integer> one, Callable<Integer> other) throws Exception {
    List<Integer> answers = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(2);
        Connection holder = server.database().superuserConnections().getConnection();
        PreparedStatement lock =
            holder.prepareStatement(
                "LOCK TABLE control.members, control.invitation IN SHARE ROW EXCLUSIVE MODE")) {
      holder.setAutoCommit(false);
      lock.execute();
      List<Future<Integer>> running = List.of(threads.submit(one), threads.submit(other));
      server.database().awaitWaiting(2);
      holder.commit();
      for (Future<Integer> future : running) {
        answers.add(future.get());
      }
    }
    return answers;
  }
}
