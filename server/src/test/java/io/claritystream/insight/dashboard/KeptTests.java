package io.claritystream.insight.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class KeptTests {
  /// Keys that every hash table puts into one place.
  private record Key(String name) {
    @Override
    public int hashCode() {
      return 1;
    }
  }

  private static final Key KEY = new Key("key");

  private final SettableClock clock = new SettableClock();
  private final Kept<Key, Integer> kept = new Kept<>(10, Duration.ofSeconds(1), clock);
  private final AtomicInteger computed = new AtomicInteger();
  private final CountDownLatch mayEnd = new CountDownLatch(1);

  private int next(Key key) {
    return computed.incrementAndGet();
  }

  private int nextWhenAllowed(Key key) {
    try {
      assertThat(mayEnd.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return next(key);
  }

  @Test
  void a_fresh_answer_is_not_computed_again() {
    assertThat(kept.get(KEY, this::next)).isEqualTo(1);
    assertThat(kept.get(KEY, this::next)).isEqualTo(1);
  }

  @Test
  void of_many_who_ask_one_computes_and_nobody_who_wants_something_else_waits() {
    var first = elsewhere(() -> kept.get(KEY, this::nextWhenAllowed));
    var second = elsewhere(() -> kept.get(KEY, this::nextWhenAllowed));

    assertThat(
            elsewhere(() -> kept.get(new Key("other"), key -> 100))
                .orTimeout(5, TimeUnit.SECONDS)
                .join())
        .isEqualTo(100);
    assertThat(first).isNotDone();

    mayEnd.countDown();
    assertThat(first.join()).isEqualTo(1);
    assertThat(second.join()).isEqualTo(1);
  }

  private static CompletableFuture<Integer> elsewhere(Supplier<Integer> work) {
    return CompletableFuture.supplyAsync(work, task -> Thread.ofVirtual().start(task));
  }

  @Test
  void an_answer_that_is_due_is_given_while_it_is_computed_anew() {
    kept.get(KEY, this::next);
    clock.now = clock.now.plusSeconds(2);

    assertThat(kept.get(KEY, this::nextWhenAllowed)).isEqualTo(1);
    assertThat(kept.get(KEY, this::nextWhenAllowed)).isEqualTo(1);

    mayEnd.countDown();
    await().until(() -> kept.get(KEY, this::next) == 2);
  }

  @Test
  void an_answer_that_is_too_old_is_waited_for() {
    kept.get(KEY, this::next);
    clock.now = clock.now.plusSeconds(1).plus(Kept.STALE_MAX);

    assertThat(kept.get(KEY, this::next)).isEqualTo(2);
  }

  @Test
  void under_many_threads_one_computes_at_a_time_and_nobody_sees_an_older_answer_again()
      throws Exception {
    var inside = new AtomicInteger();
    var overlaps = new AtomicInteger();
    Function<Key, Integer> alone =
        key -> {
          if (inside.incrementAndGet() > 1) {
            overlaps.incrementAndGet();
          }
          Thread.yield();
          var answer = next(key);
          inside.decrementAndGet();
          return answer;
        };
    var readers = new ArrayList<CompletableFuture<Integer>>();
    for (var reader = 0; reader < 8; reader++) {
      readers.add(
          elsewhere(
              () -> {
                var newest = 0;
                for (var i = 0; i < 2_000; i++) {
                  var answer = kept.get(KEY, alone);
                  assertThat(answer).isGreaterThanOrEqualTo(newest);
                  newest = answer;
                  if (i % 10 == 0) {
                    // Past what is fresh, now and then past what is given meanwhile.
                    clock.pass(i % 100 == 0 ? Duration.ofSeconds(70) : Duration.ofSeconds(2));
                  }
                }
                return newest;
              }));
    }
    for (var reader : readers) {
      assertThat(reader.get(15, TimeUnit.SECONDS)).isPositive();
    }
    assertThat(overlaps).hasValue(0);
    assertThat(computed).hasValueGreaterThan(8);
  }

  @Test
  void what_fails_is_told_and_not_kept() {
    assertThatThrownBy(
            () ->
                kept.get(
                    KEY,
                    key -> {
                      throw new IllegalStateException("no connection");
                    }))
        .hasMessage("no connection");
    assertThat(kept.get(KEY, this::next)).isEqualTo(1);
  }
}
