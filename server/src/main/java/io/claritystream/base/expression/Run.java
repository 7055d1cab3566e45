package io.claritystream.base.expression;

import io.claritystream.base.expression.ExpressionFault.Kind;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One evaluation: what it may know, and what it has used. Everything that loops calls [#step] or
/// [#steps], everything that makes a string, list or object calls [#use] before it makes it. It
/// belongs to one thread.
final class Run {

  private static final int CHECK_EVERY = 1024;

  /// Most are done by then; the others go on when they have a turn.
  private static final long SHORT_NS = 5_000_000;

  /// Many may have built so much while they wait for a turn.
  private static final long SMALL_BYTES = 1 << 20;

  private final Limits limits;
  private final Moment moment;
  private final @Nullable Object root;
  private final Turns turns;
  private final long shortUntil;

  private long deadline;
  private boolean turn;
  private int steps;
  private int nextCheck = CHECK_EVERY;
  private long bytes;
  private int depth;
  private @Nullable Random random;
  private @Nullable Map<Prepared, Object> prepared;

  Run(Limits limits, Moment moment, @Nullable Object root, Turns turns) {
    this.limits = limits;
    this.moment = moment;
    this.root = root;
    this.turns = turns;
    var now = System.nanoTime();
    this.deadline = now + limits.time().toNanos();
    this.shortUntil = now + SHORT_NS;
  }

  long deadline() {
    return deadline;
  }

  /// Whatever came of it, others may have its turn.
  void end() {
    if (turn) {
      turn = false;
      turns.giveBack();
    }
  }

  Moment moment() {
    return moment;
  }

  Limits limits() {
    return limits;
  }

  @Nullable Object root() {
    return root;
  }

  int stepsTaken() {
    return steps;
  }

  long bytesUsed() {
    return bytes;
  }

  void step() {
    if (++steps >= nextCheck) {
      check();
    }
  }

  void steps(long count) {
    steps = (int) Math.min(Integer.MAX_VALUE, steps + count);
    if (steps >= nextCheck) {
      check();
    }
  }

  private void check() {
    nextCheck = (int) Math.min(Integer.MAX_VALUE, (long) steps + CHECK_EVERY);
    if (steps > limits.steps()) {
      throw new Stop(
          Kind.BUDGET_TIME,
          "C0003",
          -1,
          "The expression takes more than "
              + limits.steps()
              + " steps; work on less data, or in several steps.");
    }
    if (Thread.currentThread().isInterrupted()) {
      throw interrupted();
    }
    var now = System.nanoTime();
    if (!turn && now - shortUntil > 0) {
      awaitTurn(now);
      return;
    }
    if (now - deadline > 0) {
      throw new Stop(
          Kind.BUDGET_TIME,
          "C0003",
          -1,
          "The expression takes more than "
              + limits.time().toMillis()
              + " ms; work on less data, or in several steps.");
    }
  }

  /// What it waits for its turn is none of its time.
  private void awaitTurn(long now) {
    try {
      turns.take();
      turn = true;
      deadline += System.nanoTime() - now;
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw interrupted();
    }
  }

  private static Stop interrupted() {
    return new Stop(Kind.INTERRUPTED, "C0004", -1, "The evaluation was told to stop.");
  }

  void use(long count) {
    bytes += count;
    if (bytes > SMALL_BYTES && !turn) {
      awaitTurn(System.nanoTime());
    }
    if (bytes > limits.bytes()) {
      throw new Stop(
          Kind.BUDGET_MEMORY,
          "C0005",
          -1,
          "The expression uses more than "
              + (limits.bytes() >> 20)
              + " MB of memory; build less, or in several steps.");
    }
  }

  /// For a string of so many UTF-16 units.
  void useText(long length) {
    use(48 + 2 * length);
  }

  /// For so many places in a list.
  void useItems(long count) {
    use(24 + 24 * count);
  }

  /// For so many members of an object.
  void useMembers(long count) {
    use(64 + 64 * count);
  }

  /// Goes so many levels down; [#leave] comes back. What lies between them keeps to the stack.
  void enter(int levels) {
    depth += levels;
    if (depth > limits.depth()) {
      depth -= levels;
      throw Stop.tooDeep(
          "Functions call each other too deeply; let the call be the last thing that a function"
              + " does, or use $reduce.");
    }
  }

  void leave(int levels) {
    depth -= levels;
  }

  Random random() {
    if (random == null) {
      random = new Random(moment.seed());
    }
    return random;
  }

  /// What is worked out of a picture, once an evaluation. The same text is one thing to
  /// `$formatInteger` and another to `$fromMillis`.
  <V> V prepared(Class<V> kind, String picture, Function<String, V> make) {
    if (prepared == null) {
      prepared = new HashMap<>();
    }
    Prepared key = new Prepared(kind, picture);
    Object known = prepared.get(key);
    if (known == null) {
      known = make.apply(picture);
      if (prepared.size() < 64) {
        prepared.put(key, known);
      }
    }
    return kind.cast(known);
  }

  private record Prepared(Class<?> kind, String picture) {}

  static void valueDepth(int depth) {
    if (depth > Limits.VALUE_DEPTH) {
      throw Stop.tooDeep(
          "A value is nested deeper than " + Limits.VALUE_DEPTH + " levels; make it flatter.");
    }
  }
}
