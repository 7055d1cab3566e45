package io.claritystream.control.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What a session is when several threads end and prolong it at once.
class SessionRaceTests {

  private static final int ROUNDS = 8;

  private static TestServer server;
  private static ApiClient client;

  @BeforeAll
  static void begin() {
    server = TestServer.start(Map.of("clarity.identity.sign-ins-by-address", "1000"));
    client = server.client();
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @Test
  void after_a_logout_nothing_is_left_of_a_refresh_that_was_under_way() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int round = 0; round < ROUNDS; round++) {
        Registered person = client.register("raced-" + round + "@example.com");
        CyclicBarrier all = new CyclicBarrier(3);
        Future<Answer> refreshed = at(all, threads, () -> refresh(person.refreshToken()));
        Future<Answer> out =
            at(
                all,
                threads,
                () ->
                    client.post("/v1/auth/logout", Map.of("refresh_token", person.refreshToken())));
        // Reads the session meanwhile, so that what is kept of it has a chance to be old.
        Future<Answer> read = at(all, threads, () -> person.client().get("/v1/me"));

        assertThat(out.get(20, TimeUnit.SECONDS).status()).isEqualTo(204);
        assertThat(read.get(20, TimeUnit.SECONDS).status()).isIn(200, 401);
        Answer next = refreshed.get(20, TimeUnit.SECONDS);
        assertThat(next.status()).isIn(200, 401);
        assertThat(person.client().get("/v1/me").status()).isEqualTo(401);
        if (next.status() == 200) {
          assertThat(client.bearer(next.text("access_token")).get("/v1/me").status())
              .isEqualTo(401);
          assertThat(refresh(next.text("refresh_token")).status()).isEqualTo(401);
        }
      }
    }
  }

  private static Answer refresh(String token) {
    return client.post("/v1/auth/refresh", Map.of("refresh_token", token));
  }

  private static Future<Answer> at(
      CyclicBarrier all, ExecutorService threads, Callable<Answer> act) {
    return threads.submit(
        () -> {
          all.await();
          return act.call();
        });
  }
}
