package io.claritystream.base.expression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// However many evaluations take long, most of the machine is left to everybody else.
@Timeout(60)
class TurnsTests {
  private static final Moment NOW = new Moment(Instant.EPOCH, 0);

  /// Some hundred milliseconds and no more than its budget of steps.
  private static final String LONG = "$sum([1..100000].($ * 2))";

  private static final Limits PATIENT =
      new Limits(20_000_000, Duration.ofSeconds(50), 1L << 30, 1_500, 1L << 20);

  private final BlockingQueue<String> had = new LinkedBlockingQueue<>();

  /// Waits for a turn, says when it has one, and keeps it.
  private Thread waits(Turns turns, String owner, String name) {
    var thread =
        Thread.ofVirtual()
            .start(
                () ->
                    Turns.onBehalfOf(
                        owner,
                        () -> {
                          try {
                            turns.take();
                            had.add(name);
                          } catch (InterruptedException e) {
                            had.add(name + " left");
                          }
                        }));
    await("it waits").until(() -> thread.getState() == Thread.State.WAITING);
    return thread;
  }

  private String next(Turns turns) throws InterruptedException {
    turns.giveBack();
    return String.valueOf(had.poll(30, TimeUnit.SECONDS));
  }

  @Test
  void turns_go_round_between_owners_and_of_one_in_the_order_of_coming() throws Exception {
    var turns = new Turns(1);
    turns.take();
    for (var name : List.of("a1", "a2", "a3")) {
      waits(turns, "a", name);
    }
    waits(turns, "b", "b1");
    waits(turns, "c", "c1");

    var order = new ArrayList<String>();
    for (var i = 0; i < 5; i++) {
      order.add(next(turns));
    }

    assertThat(order).containsExactly("a1", "b1", "c1", "a2", "a3");
  }

  @Test
  void who_is_told_to_stop_while_it_waits_takes_no_turn() throws Exception {
    var turns = new Turns(1);
    turns.take();
    var first = waits(turns, "a", "a1");
    waits(turns, "b", "b1");
    first.interrupt();
    assertThat(had.poll(30, TimeUnit.SECONDS)).isEqualTo("a1 left");

    assertThat(next(turns)).isEqualTo("b1");
    turns.giveBack();
    turns.take();
  }

  @Test
  void an_evaluation_that_takes_long_waits_for_a_turn_and_a_short_one_does_not() throws Exception {
    var turns = new Turns(1);
    var expressions = new Expressions(turns);
    var lengthy = expressions.compile(LONG);
    turns.take();
    var answer = new CompletableFuture<Object>();
    var thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    answer.complete(lengthy.evaluate(null, NOW, PATIENT));
                  } catch (ExpressionFault e) {
                    answer.completeExceptionally(e);
                  }
                });
    await("it waits").until(() -> thread.getState() == Thread.State.WAITING);
    assertThat(answer).isNotDone();
    assertThat(expressions.compile("1 + 1").evaluate(null, NOW)).isEqualTo(2L);

    turns.giveBack();

    assertThat(answer.get(30, TimeUnit.SECONDS)).isEqualTo(10_000_100_000L);
    // It has given back what it had.
    turns.take();
  }

  @Test
  void what_it_waits_is_none_of_its_time() throws Exception {
    var turns = new Turns(1);
    var lengthy = new Expressions(turns).compile(LONG);
    turns.take();
    var limits = new Limits(20_000_000, Duration.ofSeconds(10), 1L << 30, 1_500, 1L << 20);
    var run = new Run(limits, NOW, null, turns);
    var deadline = run.deadline();
    var thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    had.add(String.valueOf(lengthy.evaluate(run)));
                  } catch (ExpressionFault e) {
                    had.add(e.toString());
                  }
                });
    await("it waits").until(() -> thread.getState() == Thread.State.WAITING);
    var waitedFrom = System.nanoTime();
    var waited = System.nanoTime() - waitedFrom;

    assertThat(next(turns)).isEqualTo("10000100000");

    assertThat(run.deadline() - deadline).isGreaterThanOrEqualTo(waited);
  }

  @Test
  void an_evaluation_that_is_told_to_stop_while_it_waits_ends_with_its_turn_left_to_others()
      throws Exception {
    var turns = new Turns(1);
    var lengthy = new Expressions(turns).compile(LONG);
    turns.take();
    var thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  assertThatThrownBy(() -> lengthy.evaluate(null, NOW, PATIENT))
                      .isInstanceOfSatisfying(
                          ExpressionFault.class, fault -> had.add(fault.kind().toString()));
                });
    await("it waits").until(() -> thread.getState() == Thread.State.WAITING);

    thread.interrupt();

    assertThat(had.poll(30, TimeUnit.SECONDS)).isEqualTo("INTERRUPTED");
    turns.giveBack();
    turns.take();
  }
}
