package io.claritystream.base.expression;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.claritystream.base.expression.ExpressionFault.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Whoever may write an expression may write a hostile one. The corpus is `hostile.txt`.
class HostileTests {

  private static final Moment NOW = new Moment(Instant.parse("2026-01-31T12:00:00Z"), 1);
  private static final Pattern REPEATED = Pattern.compile("\\{\\{(.+?)\\*(\\d+)\\}\\}");

  /// Of the processor's time, which a busy machine does not lengthen. Above the budget, because the
  /// code may still be cold.
  private static final Duration TIME_MAX = Duration.ofSeconds(1);

  /// All that is allocated, what is dropped at once included; the budget counts strings, lists and
  /// objects.
  private static final long BYTES_MAX = 192L << 20;

  /// As deep as ever, and nothing else ends it.
  private static final Limits PATIENT =
      new Limits(
          Integer.MAX_VALUE,
          Duration.ofMinutes(10),
          Long.MAX_VALUE,
          Limits.DEFAULT.depth(),
          1_000_000);

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private record Hostile(Set<String> ends, String source) {}

  private static List<Hostile> corpus() {
    try (var stream = HostileTests.class.getResourceAsStream("/expression/hostile.txt")) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .map(
              line -> {
                int bar = line.indexOf(" | ");
                return new Hostile(
                    Set.of(line.substring(0, bar).split(",")), repeated(line.substring(bar + 3)));
              })
          .toList();
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  private static String repeated(String line) {
    return REPEATED
        .matcher(line)
        .replaceAll(
            found ->
                Matcher.quoteReplacement(found.group(1).repeat(Integer.parseInt(found.group(2)))));
  }

  private static Map<String, Object> input() {
    Map<String, Object> input = new LinkedHashMap<>();
    input.put("text", "a".repeat(100_000));
    input.put("wideText", "ä😀".repeat(100_000));
    List<Object> wide = new ArrayList<>();
    Map<String, Object> object = new LinkedHashMap<>();
    for (long i = 0; i < 100_000; i++) {
      wide.add(i);
      if (i < 20_000) {
        object.put("m" + i, i);
      }
    }
    input.put("wide", wide);
    input.put("object", object);
    Object deep = 1L;
    for (int i = 0; i < 5_000; i++) {
      deep = List.of(deep);
    }
    input.put("deep", deep);
    input.put("dag", dag());
    input.put("dagToo", dag());
    return input;
  }

  private static Object dag() {
    Object dag = Map.of("x", 1L);
    for (int i = 0; i < 40; i++) {
      dag = List.of(dag, dag);
    }
    return dag;
  }

  @Test
  void every_hostile_expression_ends_within_its_budget_and_the_next_one_works() throws Exception {
    Map<String, Object> input = input();
    Expressions expressions = new Expressions();
    Map<String, Integer> counts = new TreeMap<>();
    List<String> wrong = new ArrayList<>();
    long slowest = 0;
    long hungriest = 0;
    List<Hostile> corpus = corpus();
    for (Hostile hostile : corpus) {
      long began = THREADS.getCurrentThreadCpuTime();
      long allocated = THREADS.getCurrentThreadAllocatedBytes();
      String end = end(expressions, hostile.source(), input);
      long millis = (THREADS.getCurrentThreadCpuTime() - began) / 1_000_000;
      long bytes = THREADS.getCurrentThreadAllocatedBytes() - allocated;
      slowest = Math.max(slowest, millis);
      hungriest = Math.max(hungriest, bytes);
      counts.merge(end, 1, Integer::sum);
      if (!hostile.ends().contains(end) || millis > TIME_MAX.toMillis() || bytes > BYTES_MAX) {
        wrong.add(
            Lexer.clip(hostile.source()) + " ended by " + end + ", " + millis + " ms, " + bytes);
      }
      assertThat(expressions.compile("1 + $count(wide)").evaluate(input, NOW)).isEqualTo(100_001L);
    }
    System.out.println(
        "hostile expressions: %d, by end %s, slowest %d ms, at most %d MB allocated"
            .formatted(corpus.size(), counts, slowest, hungriest >> 20));
    assertThat(wrong).isEmpty();
    assertThat(corpus).hasSizeGreaterThan(60);
  }

  private static String end(Expressions expressions, String source, Object input) {
    try {
      expressions.compile(source).evaluate(input, NOW);
      return "answer";
    } catch (ExpressionFault fault) {
      assertThat(fault.code()).as(source).isNotEqualTo(Expression.UNEXPECTED);
      assertThat(fault.getMessage()).endsWith(fault.kind() == Kind.RAISED ? "" : ".");
      return fault.kind().name();
    }
  }

  /// Numbers too large for a double, pictures for something else, and all that a function does not
  /// expect.
  @Test
  void no_function_and_no_operator_meets_a_value_that_it_has_no_answer_or_fault_for() {
    List<String> values =
        List.of(
            "huge",
            "-huge",
            "1/0",
            "9007199254740993",
            "-0.5",
            "1e300",
            "''",
            "'-1'",
            "'i'",
            "'9'",
            "[]",
            "[1, 'a']",
            "{'a': 1}",
            "null",
            "nothing",
            "$sum",
            "/a/",
            "true");
    List<String> pictures =
        List.of(
            "'0'",
            "'[f0.0]'",
            "'[fI]'",
            "'[D0.0-0/0]'",
            "'[Y9999,64-64]'",
            "'w'",
            "'I'",
            "'A'",
            "'[FNn], [D1o] [MNn] [Y] [Z]'",
            "'[P1][h1]'",
            "'[Da-z0]'",
            "'#,##0.00;(0)'",
            "';'",
            "'[Xw] [xw] [Ww]'",
            "'[Y][d][f][z]'",
            "36");
    Map<String, Object> input = Map.of("huge", BigInteger.TEN.pow(310));
    Expressions expressions = new Expressions();
    List<String> sources = new ArrayList<>();
    List<String> seconds = new ArrayList<>(values);
    seconds.addAll(pictures);
    for (String name : new java.util.TreeSet<>(Functions.list().keySet())) {
      sources.add("$" + name + "()");
      for (String first : values) {
        sources.add("$" + name + "(" + first + ")");
        for (String second : seconds) {
          sources.add("$" + name + "(" + first + ", " + second + ")");
        }
      }
    }
    for (String operator :
        List.of("+", "-", "*", "/", "%", "=", "!=", "<", ">", "<=", ">=", "&", "in", "..", "and")) {
      for (String first : values) {
        for (String second : values) {
          String both = first + " " + operator + " " + second;
          sources.add(operator.equals("..") ? "[" + both + "]" : both);
        }
      }
    }
    for (String value : values) {
      sources.add("[1, 2][" + value + "]");
      sources.add("[1, 2]^(" + value + ")");
      sources.add("$distinct([" + value + ", 9007199254740993, " + value + "])");
      sources.add("-(" + value + ")");
    }
    for (String source : sources) {
      end(expressions, source, input);
    }
    assertThat(sources).hasSizeGreaterThan(20_000);
  }

  @Test
  void the_limits_of_nesting_keep_clear_of_a_small_stack() throws Exception {
    List<String> deep =
        List.of(
            "($f := function($n){1 + $f($n + 1)}; $f(0))",
            "($f := function($n){$map([1], function(){$f($n)})}; $f(0))",
            "($f := function($n){$sort([1, 2], function($a, $b){$f($n)})}; $f(0))",
            "($f := function($n){$n.{'a': $f($)}}; $f(1))",
            "($t := |$|{'a': $t($)}|; $t({'b': 1}))",
            "{'a':".repeat(250) + "1" + "}".repeat(250),
            "x[".repeat(250) + "1" + "]".repeat(250));
    Map<String, Object> input = Map.of("x", List.of(1L, 2L));
    for (String source : deep) {
      AtomicReference<String> end = new AtomicReference<>("");
      Thread small =
          new Thread(
              null,
              () -> {
                try {
                  new Expressions().compile(source).evaluate(input, NOW, PATIENT);
                  end.set("answer");
                } catch (ExpressionFault fault) {
                  end.set(String.valueOf(fault.getMessage()));
                } catch (Throwable broken) {
                  end.set(broken.toString());
                }
              },
              "small stack",
              768 * 1024);
      small.start();
      small.join();
      assertThat(end.get()).as(source).matches("answer|Functions call each other too deeply.*");
    }
  }

  @Test
  void a_thread_that_is_told_to_stop_ends_its_evaluation() throws Exception {
    Expression endless = new Expressions().compile("($f := function(){$f()}; $f())");
    CountDownLatch started = new CountDownLatch(1);
    AtomicReference<ExpressionFault> fault = new AtomicReference<>();
    Thread thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  started.countDown();
                  try {
                    endless.evaluate(null, NOW, PATIENT);
                  } catch (ExpressionFault stopped) {
                    fault.set(stopped);
                  }
                });

    assertThat(started.await(10, TimeUnit.SECONDS)).isTrue();
    thread.interrupt();

    assertThat(thread.join(Duration.ofSeconds(30))).isTrue();
    assertThat(fault.get().kind()).isEqualTo(Kind.INTERRUPTED);
  }
}
