package io.claritystream.base.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Answer;
import io.claritystream.TestServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The web app's files, as they lie in this test's own `static/`.
class WebAppTests {

  private static TestServer server;
  private static ApiClient browser;

  @BeforeAll
  static void begin() {
    server = TestServer.start();
    browser = server.client().with("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/platform",
        "/solutions",
        "/pricing",
        "/security",
        "/contact",
        "/docs/prd",
        "/docs/architecture",
        "/auth",
        "/app/overview",
        "/app/data-sources",
        "/app/connectors",
        "/app/tenants",
        "/app/alerts",
        "/app/reports",
        "/app/global",
        "/app/settings",
        "/app/audit",
        "/app/dashboards",
        "/app/workflows/17",
        "/app/executions"
      })
  void the_addresses_of_the_web_app_are_its_page(String path) {
    Answer answer = browser.get(path);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).startsWith("text/html");
    assertThat(answer.response().body()).contains("<title>Test page</title>");
    assertThat(answer.header("Cache-Control")).isEqualTo("no-cache");
    assertThat(answer.header("Content-Security-Policy")).contains("default-src 'none'");
  }

  @Test
  void the_page_is_asked_for_each_time_and_sent_when_it_has_changed() {
    String tag = browser.get("/").header("ETag");
    assertThat(tag).matches("\"[0-9a-f]{24}\"");

    Answer again = browser.with("If-None-Match", tag).get("/app/overview");

    assertThat(again.status()).isEqualTo(304);
    assertThat(browser.with("If-None-Match", "\"other\"").get("/").status()).isEqualTo(200);
    assertThat(browser.get("/").header("Last-Modified")).isEmpty();
  }

  @Test
  void hashed_files_may_be_kept_for_ever() {
    Answer answer = browser.get("/assets/index-0a1b2c3d.js");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).startsWith("text/javascript");
    assertThat(answer.header("Cache-Control"))
        .contains("max-age=31536000")
        .contains("public")
        .contains("immutable");
  }

  @Test
  void a_compressed_copy_is_sent_to_those_who_take_it() {
    Answer answer = browser.with("Accept-Encoding", "gzip").get("/assets/index-0a1b2c3d.js");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Encoding")).isEqualTo("gzip");
    assertThat(answer.header("Content-Type")).startsWith("text/javascript");
    assertThat(answer.response().headers().allValues("Vary").toString())
        .contains("Accept-Encoding");
  }

  @Test
  void a_file_that_is_not_there_is_a_problem_for_programs_and_a_page_for_people() {
    ApiClient program = server.client();
    ProblemTests.assertProblem(program.get("/assets/index-ffffffff.js"), ProblemCode.NOT_FOUND);
    ProblemTests.assertProblem(program.get("/no-such-page"), ProblemCode.NOT_FOUND);

    Answer page = browser.get("/no-such-page");

    assertThat(page.status()).isEqualTo(404);
    assertThat(page.response().body()).contains("<title>Test page</title>");
  }

  @Test
  void the_api_never_answers_with_a_page() {
    assertThat(browser.get("/v1/nothing").text("code")).isEqualTo("unauthenticated");
    ApiClient person =
        server.client().register("web@example.com").client().with("Accept", "text/html,*/*");
    ProblemTests.assertProblem(person.get("/v1/nothing"), ProblemCode.NOT_FOUND);
  }

  @Test
  void files_outside_of_the_web_app_cannot_be_reached() {
    for (String path :
        new String[] {
          "/application.yaml",
          "/../application.yaml",
          "/assets/../../application.yaml",
          "/assets/..%2f..%2fapplication.yaml",
          "/assets/%2e%2e/%2e%2e/application.yaml",
          "/io/claritystream/Clarity.class",
          "/META-INF/MANIFEST.MF"
        }) {
      assertThat(server.client().get(path).status()).as(path).isBetween(400, 404);
    }
  }

  @Test
  void the_description_of_the_api_is_the_committed_one() throws Exception {
    Answer answer = server.client().get("/v1/openapi.json");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).startsWith("application/json");
    assertThat(answer.response().body())
        .isEqualTo(Files.readString(Path.of("../docs/api/openapi.json")));
  }

  @Test
  void a_stop_ends_open_streams_within_seconds() throws Exception {
    TestServer stopping = TestServer.start();
    CountDownLatch opened = new CountDownLatch(1);
    ApiClient client = stopping.client().register("stream@example.com").client();
    CompletableFuture<Void> stream =
        CompletableFuture.runAsync(() -> client.lines("/v1/live", line -> opened.countDown()));
    assertThat(opened.await(20, TimeUnit.SECONDS)).as("stream opened").isTrue();

    long began = System.nanoTime();
    stopping.close();

    stream.get(20, TimeUnit.SECONDS);
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(5));
  }
}
