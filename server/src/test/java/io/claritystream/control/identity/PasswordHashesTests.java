package io.claritystream.control.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class PasswordHashesTests {

  private final PasswordHashes hashes = new PasswordHashes(1);

  @Test
  void a_password_matches_its_own_hash_and_no_other() {
    String hash = hashes.hash("correct horse battery");

    assertThat(hashes.matches("correct horse battery", hash)).isTrue();
    assertThat(hashes.matches("correct horse batterx", hash)).isFalse();
    assertThat(hashes.matches("correct horse battery", null)).isFalse();
    assertThat(hashes.hash("correct horse battery")).isNotEqualTo(hash);
    assertThat(hashes.outdated(hash)).isFalse();
  }

  @Test
  void the_same_characters_composed_otherwise_are_the_same_password() {
    String hash = hashes.hash("pässwörter sind lang");

    assertThat(hashes.matches("pa\u0308sswo\u0308rter sind lang", hash)).isTrue();
  }

  @Test
  void a_flood_is_turned_away_and_the_rest_is_served_in_turn() throws Exception {
    List<Future<Boolean>> tries = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 200; i++) {
        tries.add(threads.submit(() -> hashes.matches("a flood of guesses", null)));
      }
    }
    int served = 0;
    int refused = 0;
    for (Future<Boolean> attempt : tries) {
      if (attempt.state() == Future.State.SUCCESS) {
        served++;
      } else {
        assertThat(attempt.exceptionNow())
            .isInstanceOfSatisfying(
                Problem.class,
                problem -> assertThat(problem.code()).isEqualTo(ProblemCode.UNAVAILABLE));
        refused++;
      }
    }
    assertThat(served).as("served").isPositive();
    assertThat(refused).as("turned away").isPositive();
  }
}
