package io.claritystream.maestro.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.sun.net.httpserver.HttpServer;
import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import io.claritystream.base.db.TenantId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/// Credentials go in, are used, and come out nowhere.
class ConnectionsTests {

  private static final String SECRET = "canary-Zq7+fK/29-pLm=x";
  private static final AtomicInteger PEOPLE = new AtomicInteger();
  private static final List<String> HEARD = new CopyOnWriteArrayList<>();
  private static TestServer server;
  private static HttpServer receiver;
  private Registered owner;

  @BeforeAll
  static void begin() throws Exception {
    server =
        TestServer.start(
            Map.of(
                "clarity.roles", "api,maestro",
                "clarity.identity.registrations-by-address", "1000",
                "clarity.outbound.allow", "127.0.0.1/32:*"));
    receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
    // It tells back all that it was told: what a receiver does at worst.
    receiver.createContext(
        "/",
        call -> {
          String told =
              call.getRequestURI()
                  + " "
                  + call.getRequestHeaders().getOrDefault("Authorization", List.of())
                  + " "
                  + call.getRequestHeaders().getOrDefault("X-Api-Key", List.of());
          HEARD.add(told);
          byte[] echo = told.getBytes(StandardCharsets.UTF_8);
          call.sendResponseHeaders(200, echo.length);
          call.getResponseBody().write(echo);
          call.close();
        });
    receiver.start();
  }

  @AfterAll
  static void end() {
    receiver.stop(0);
    server.close();
  }

  @BeforeEach
  void register() {
    owner = server.client().register("builder-" + PEOPLE.incrementAndGet() + "@example.com");
  }

  // What is answered

  @Test
  void a_connection_is_made_listed_changed_and_deleted_and_its_secret_never_answered() {
    String connector = connector(url());

    Answer made = connection(connector, "ERP", "basic", SECRET);

    assertThat(made.status()).isEqualTo(201);
    assertThat(made.header("ETag")).isEqualTo("\"1\"");
    assertThat(made.body().get("has_secret").asBoolean()).isTrue();
    assertThat(made.text("config.username")).isEqualTo("u");
    String address = "/v1/connections/" + made.text("id");
    assertThat(owner.client().get(address).body()).isEqualTo(made.body());
    assertThat(owner.client().get("/v1/connections").body().at("/data/0")).isEqualTo(made.body());

    Answer renamed = patch(address, "{\"name\": \"ERP 2\"}");
    assertThat(renamed.header("ETag")).isEqualTo("\"2\"");
    assertThat(renamed.text("name")).isEqualTo("ERP 2");
    assertThat(renamed.body().get("has_secret").asBoolean()).isTrue();
    Answer open = patch(address, "{\"config\": {\"auth\": \"none\"}}");
    assertThat(open.body().get("has_secret").asBoolean()).isFalse();
    assertThat(patch(address, "{\"config\": {\"auth\": \"bearer\"}}").text("errors.0.pointer"))
        .isEqualTo("/secret");

    assertThat(owner.client().send("DELETE", "/v1/connectors/" + connector, null).status())
        .isEqualTo(409);
    assertThat(owner.client().send("DELETE", address, null).status()).isEqualTo(204);
    assertThat(owner.client().get(address).status()).isEqualTo(404);
    assertThat(owner.client().send("DELETE", "/v1/connectors/" + connector, null).status())
        .isEqualTo(204);
    assertThat(owner.client().get("/v1/audit").body().get("data").findValuesAsString("action"))
        .contains("connector.created", "connection.created", "connection.changed")
        .contains("connection.deleted", "connector.deleted");
  }

  @Test
  void what_another_has_changed_meanwhile_is_not_overwritten() {
    String address =
        "/v1/connections/" + connection(connector(url()), "ERP", "bearer", SECRET).text("id");

    ApiClient based = owner.client().with("If-Match", "\"1\"");
    assertThat(based.send("PATCH", address, "{\"name\": \"A\"}").status()).isEqualTo(200);
    Answer late = based.send("PATCH", address, "{\"name\": \"B\"}");

    assertThat(late.status()).isEqualTo(412);
    assertThat(late.text("code")).isEqualTo("precondition_failed");
    assertThat(based.send("DELETE", address, null).status()).isEqualTo(412);
  }

  @Test
  void what_is_wrong_is_told_and_the_secret_never_with_it() {
    String connector = connector(url());
    record Wrong(Map<String, Object> config, @Nullable Object secret, String field) {}
    for (Wrong wrong :
        List.of(
            new Wrong(Map.of(), SECRET, "/config/auth"),
            new Wrong(Map.of("auth", "basic"), SECRET, "/config/username"),
            new Wrong(Map.of("auth", "basic", "username", "a:b"), SECRET, "/config/username"),
            new Wrong(Map.of("auth", "bearer"), null, "/secret"),
            new Wrong(Map.of("auth", "bearer"), SECRET + "\r\nX: y", "/secret"),
            new Wrong(Map.of("auth", "bearer"), SECRET.repeat(200), "/secret"),
            new Wrong(Map.of("auth", "bearer"), "abc", "/secret"),
            new Wrong(Map.of("auth", "none"), SECRET, "/secret"),
            new Wrong(Map.of("auth", "header", "parameter", "Host"), SECRET, "/config/parameter"),
            new Wrong(Map.of("auth", "header", "parameter", "a b"), SECRET, "/config/parameter"),
            new Wrong(Map.of("auth", "query"), SECRET, "/config/parameter"),
            new Wrong(Map.of("auth", SECRET), SECRET, "/config/auth"),
            new Wrong(Map.of("auth", "bearer"), Map.of("value", SECRET), "/secret"))) {
      Map<String, Object> body = new HashMap<>();
      body.put("connector_id", connector);
      body.put("name", "ERP");
      body.put("config", wrong.config());
      body.put("secret", wrong.secret());
      Answer answer = owner.client().post("/v1/connections", body);

      assertThat(answer.status()).as(wrong.field()).isEqualTo(400);
      assertThat(answer.response().body()).contains(wrong.field()).doesNotContain("canary");
    }
    for (String address :
        List.of(
            "erp.example.com",
            "ftp://erp.example.com",
            "https://",
            "https://u:p@erp.example.com",
            "https://erp.example.com/?key=1",
            "https://erp example.com")) {
      Answer answer =
          owner
              .client()
              .post(
                  "/v1/connectors",
                  Map.of("name", "X", "type", "http", "config", Map.of("base_url", address)));
      assertThat(answer.text("errors.0.pointer")).as(address).isEqualTo("/config/base_url");
    }
  }

  @Test
  void names_are_given_once_and_a_plan_is_for_so_many() {
    String connector = connector(url());
    connection(connector, "ERP", "bearer", SECRET);

    assertThat(connection(connector, "erp", "bearer", SECRET).status()).isEqualTo(409);
    server
        .database()
        .superuser()
        .sql(
            """
            UPDATE control.dim_tenant SET plan = 'starter' WHERE tenant_id = :tenant;
            """)
        .param("tenant", UUID.fromString(owner.organizationId()))
        .update();
    for (int i = 1; i < 20; i++) {
      assertThat(connection(connector, "C" + i, "bearer", SECRET).status()).isEqualTo(201);
    }
    assertThat(connection(connector, "One more", "bearer", SECRET).text("code"))
        .isEqualTo("plan_limit");
  }

  @Test
  void what_another_tenant_has_is_not_there() throws Exception {
    String connector = connector(url());
    String id = connection(connector, "ERP", "bearer", SECRET).text("id");
    Registered stranger =
        server.client().register("stranger-" + PEOPLE.incrementAndGet() + "@example.com");
    TenantId theirs = TenantId.of(stranger.organizationId());

    String address = "/v1/connections/" + id;
    assertThat(stranger.client().get(address).status()).isEqualTo(404);
    assertThat(stranger.client().send("PATCH", address, "{\"name\": \"x\"}").status())
        .isEqualTo(404);
    assertThat(stranger.client().send("DELETE", address, null).status()).isEqualTo(404);
    assertThat(stranger.client().get("/v1/connectors/" + connector).status()).isEqualTo(404);
    assertThat(stranger.client().get("/v1/connections").body().get("data").size()).isZero();
    Map<String, Object> body =
        Map.of("connector_id", connector, "name", "x", "config", Map.of("auth", "none"));
    assertThat(stranger.client().post("/v1/connections", body).text("errors.0.pointer"))
        .isEqualTo("/connector_id");
    Connections connections = server.bean(Connections.class);
    assertThat(connections.open(theirs, UUID.fromString(id))).isEmpty();
    Set<UUID> ids = Set.of(UUID.fromString(id));
    var sql = server.database().superuser();
    assertThat(connections.missing(sql, theirs, ids)).isEqualTo(ids);
    assertThat(connections.missing(sql, TenantId.of(owner.organizationId()), ids)).isEmpty();
  }

  // What is used

  @Test
  void each_way_of_showing_a_secret_is_what_a_step_is_given() throws Exception {
    String connector = connector(url());
    TenantId tenant = TenantId.of(owner.organizationId());
    String both =
        Base64.getEncoder().encodeToString(("u:" + SECRET).getBytes(StandardCharsets.UTF_8));
    Map<String, OpenConnection> expected =
        Map.of(
            "basic",
            new OpenConnection(
                url(),
                Map.of("Authorization", "Basic " + both),
                Map.of(),
                Set.of(SECRET, "u:" + SECRET, both)),
            "bearer",
            new OpenConnection(
                url(), Map.of("Authorization", "Bearer " + SECRET), Map.of(), Set.of(SECRET)),
            "header",
            new OpenConnection(url(), Map.of("X-Api-Key", SECRET), Map.of(), Set.of(SECRET)),
            "query",
            new OpenConnection(url(), Map.of(), Map.of("X-Api-Key", SECRET), Set.of(SECRET)),
            "none",
            new OpenConnection(url(), Map.of(), Map.of(), Set.of()));

    Connections connections = server.bean(Connections.class);
    for (Map.Entry<String, OpenConnection> entry : expected.entrySet()) {
      String secret = entry.getKey().equals("none") ? null : SECRET;
      UUID id =
          UUID.fromString(connection(connector, entry.getKey(), entry.getKey(), secret).text("id"));
      assertThat(connections.open(tenant, id)).contains(entry.getValue());
      assertThat(entry.getValue().toString()).doesNotContain("canary");
    }
  }

  @Test
  void a_new_secret_or_none_holds_from_the_next_step_on() throws Exception {
    TenantId tenant = TenantId.of(owner.organizationId());
    String id = connection(connector(url()), "ERP", "bearer", SECRET).text("id");
    UUID connection = UUID.fromString(id);
    Connections connections = server.bean(Connections.class);
    assertThat(connections.open(tenant, connection).orElseThrow().secrets()).contains(SECRET);

    assertThat(patch("/v1/connections/" + id, "{\"secret\": \"not for a header\"}").status())
        .isEqualTo(400);
    patch("/v1/connections/" + id, "{\"secret\": \"another-secret\"}");
    assertThat(connections.open(tenant, connection).orElseThrow().secrets())
        .containsExactly("another-secret");
    patch("/v1/connections/" + id, "{\"status\": \"disabled\"}");
    assertThat(connections.open(tenant, connection)).isEmpty();
    patch("/v1/connections/" + id, "{\"status\": \"active\"}");
    assertThat(connections.open(tenant, connection)).isPresent();
    owner.client().send("DELETE", "/v1/connections/" + id, null);
    assertThat(connections.open(tenant, connection)).isEmpty();
  }

  @Test
  void a_secret_that_stays_is_one_that_the_new_way_of_showing_it_can_carry() {
    String connector = connector(url());
    String address =
        "/v1/connections/" + connection(connector, "ERP", "basic", "with a space").text("id");

    Answer refused = patch(address, "{\"config\": {\"auth\": \"bearer\"}}");

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.text("errors.0.pointer")).isEqualTo("/secret");
    assertThat(refused.response().body()).doesNotContain("with a space");
    assertThat(
            patch(address, "{\"config\": {\"auth\": \"query\", \"parameter\": \"key\"}}").status())
        .isEqualTo(200);
  }

  @Test
  void a_workflow_is_published_with_connections_that_are_there() {
    String id = connection(connector(url()), "ERP", "bearer", SECRET).text("id");
    publish("Order to ERP", id);
    String workflow = draft("Order to nowhere", UUID.randomUUID().toString());

    Answer refused = owner.client().post("/v1/workflows/" + workflow + "/publish", "{}");

    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.response().body()).contains("/steps/0/config/connection");
  }

  @Test
  void one_that_a_published_workflow_uses_is_deleted_by_force_alone() {
    String id = connection(connector(url()), "ERP", "bearer", SECRET).text("id");
    publish("Order to ERP", id);

    Answer refused = owner.client().send("DELETE", "/v1/connections/" + id, null);

    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.text("detail")).contains("Order to ERP").contains("force=true");
    assertThat(
            owner.client().send("DELETE", "/v1/connections/" + id + "?force=true", null).status())
        .isEqualTo(204);
  }

  @Test
  void a_secret_is_taken_for_an_address_only() {
    Answer made = owner.client().post("/v1/connectors", Map.of("name", "Anywhere", "type", "http"));
    assertThat(made.status()).isEqualTo(201);
    String connector = made.text("id");

    for (String auth : List.of("basic", "bearer", "header", "query")) {
      Answer refused = connection(connector, auth, auth, SECRET);

      assertThat(refused.status()).as(auth).isEqualTo(422);
      assertThat(refused.text("code")).as(auth).isEqualTo("secret_without_address");
      assertThat(refused.text("errors.0.pointer")).as(auth).isEqualTo("/config/auth");
      assertThat(refused.text("remedy")).as(auth).contains("base_url");
    }
    Answer open = connection(connector, "Open", "none", null);
    assertThat(open.status()).isEqualTo(201);
    String address = "/v1/connections/" + open.text("id");
    Answer changed =
        patch(address, "{\"config\": {\"auth\": \"bearer\"}, \"secret\": \"" + SECRET + "\"}");
    assertThat(changed.status()).isEqualTo(422);
    assertThat(changed.text("code")).isEqualTo("secret_without_address");
    assertThat(changed.response().body()).doesNotContain("canary");
    assertThat(owner.client().get(address).body().get("has_secret").asBoolean()).isFalse();
  }

  @Test
  void a_secret_that_is_stored_without_an_address_is_sent_nowhere() {
    String connector = connector(url());
    String id = connection(connector, "ERP", "bearer", SECRET).text("id");
    server
        .database()
        .superuser()
        .sql("UPDATE maestro.connector SET config = '{}' WHERE connector_id = CAST(:id AS uuid)")
        .param("id", connector)
        .update();
    int heard = HEARD.size();

    Answer ended = ended(start(publish("Order to anybody", id, url() + "/orders")));

    assertThat(ended.text("outcome")).isEqualTo("connection_missing");
    assertThat(ended.text("error")).contains(id).contains("address").doesNotContain("canary");
    assertThat(HEARD).hasSize(heard);
    String address = "/v1/connections/" + id;
    assertThat(patch(address, "{\"secret\": \"another-secret\"}").status()).isEqualTo(422);
    assertThat(patch(address, "{\"name\": \"Old\", \"status\": \"disabled\"}").status())
        .isEqualTo(200);
    assertThat(patch(address, "{\"config\": {\"auth\": \"none\"}}").status()).isEqualTo(200);
  }

  // The canary

  @Test
  void a_secret_reaches_its_receiver_and_no_answer_log_audit_row_or_column() {
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    LoggerContext loggers = (LoggerContext) LoggerFactory.getILoggerFactory();
    Logger root = loggers.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    loggers.getLogger("io.claritystream").setLevel(Level.DEBUG);
    log.start();
    root.addAppender(log);
    List<String> seen = new ArrayList<>();
    try {
      String connector = connector(url());
      for (String auth : List.of("basic", "bearer", "header", "query")) {
        Answer made = connection(connector, auth, auth, SECRET);
        seen.add(made.response().body());
        seen.add(owner.client().get("/v1/connections/" + made.text("id")).response().body());
        UUID execution = start(publish("Call by " + auth, made.text("id")));
        Answer ended = ended(execution);
        assertThat(ended.text("status")).as(ended.response().body()).isEqualTo("success");
        seen.add(ended.response().body());
        seen.add(owner.client().get("/v1/executions/" + execution + "/logs").response().body());
      }
      seen.add(owner.client().get("/v1/connections").response().body());
      seen.add(owner.client().get("/v1/audit?limit=100").response().body());
    } finally {
      root.detachAppender(log);
      loggers.getLogger("io.claritystream").setLevel(null);
    }
    log.list.forEach(line -> seen.add(line.getFormattedMessage() + line.getThrowableProxy()));

    assertThat(HEARD).filteredOn(told -> told.contains(SECRET)).hasSizeGreaterThanOrEqualTo(2);
    for (String form : forms()) {
      assertThat(seen).as(form).noneMatch(text -> text.contains(form));
      for (String table : tables()) {
        assertThat(
                server
                    .database()
                    .superuser()
                    .sql("SELECT count(*) FROM " + table + " t WHERE strpos(t::text, :form) > 0")
                    .param("form", form)
                    .query(Integer.class)
                    .single())
            .as(table + " holds " + form)
            .isZero();
      }
    }
  }

  /// As it is, in base64 within `u:…` and alone, URL-encoded, and as bytea shows it.
  private static List<String> forms() {
    byte[] bytes = SECRET.getBytes(StandardCharsets.UTF_8);
    return List.of(
        SECRET,
        Base64.getEncoder().encodeToString(bytes),
        Base64.getEncoder().encodeToString(("u:" + SECRET).getBytes(StandardCharsets.UTF_8)),
        java.net.URLEncoder.encode(SECRET, StandardCharsets.UTF_8),
        HexFormat.of().formatHex(bytes));
  }

  private static List<String> tables() {
    List<String> tables =
        server
            .database()
            .superuser()
            .sql(
                """
                SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c
                JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind = 'r' AND n.nspname IN ('control', 'maestro')
                """)
            .query(String.class)
            .list();
    assertThat(tables).hasSizeGreaterThan(20);
    return tables;
  }

  private static String url() {
    return "http://127.0.0.1:" + receiver.getAddress().getPort();
  }

  private String connector(String baseUrl) {
    Answer made =
        owner
            .client()
            .post(
                "/v1/connectors",
                Map.of("name", "ERP", "type", "http", "config", Map.of("base_url", baseUrl)));
    assertThat(made.status()).as(made.response().body()).isEqualTo(201);
    return made.text("id");
  }

  private Answer connection(String connector, String name, String auth, @Nullable String secret) {
    Map<String, Object> config = new HashMap<>(Map.of("auth", auth));
    if (auth.equals("basic")) {
      config.put("username", "u");
    }
    if (auth.equals("header") || auth.equals("query")) {
      config.put("parameter", "X-Api-Key");
    }
    Map<String, Object> body = new HashMap<>();
    body.put("connector_id", connector);
    body.put("name", name);
    body.put("config", config);
    body.put("secret", secret);
    return owner.client().post("/v1/connections", body);
  }

  private Answer patch(String address, String body) {
    return owner.client().send("PATCH", address, body);
  }

  private String publish(String name, String connection) {
    return publish(name, connection, "/orders");
  }

  private String publish(String name, String connection, String url) {
    String workflow = draft(name, connection, url);
    Answer published = owner.client().post("/v1/workflows/" + workflow + "/publish", "{}");
    assertThat(published.status()).as(published.response().body()).isLessThan(300);
    return workflow;
  }

  private String draft(String name, String connection) {
    return draft(name, connection, "/orders");
  }

  private String draft(String name, String connection, String url) {
    Answer made =
        owner
            .client()
            .post(
                "/v1/workflows",
                """
                {"document": {"name": "%s", "triggers": [{"id": "api", "type": "api"}],
                 "steps": [{"id": "call", "type": "http_request",
                            "config": {"method": "GET", "url": "%s", "connection": "%s"}}],
                 "edges": [{"from": "api", "to": "call"}]}}
                """
                    .formatted(name, url, connection));
    assertThat(made.status()).as(made.response().body()).isEqualTo(201);
    return made.text("id");
  }

  private UUID start(String workflow) {
    Answer started = owner.client().post("/v1/workflows/" + workflow + "/executions", "{}");
    assertThat(started.status()).as(started.response().body()).isLessThan(300);
    return UUID.fromString(started.body().at("/execution_ids/0").asString());
  }

  private Answer ended(UUID execution) {
    return await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> owner.client().get("/v1/executions/" + execution),
            answer -> answer.body().at("/finished_at").isString());
  }
}
