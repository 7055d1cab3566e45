package io.claritystream.base.expression;

import static org.assertj.core.api.Assertions.assertThat;

import com.dashjoin.jsonata.JException;
import com.dashjoin.jsonata.Jsonata;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/// Expressions and inputs by chance. They hold ours to itself, and to another implementation of the
/// language; what is known to differ (`docs/expressions.md`) is not asked for.
class AgreementTests {

  private static final Moment NOW = new Moment(Instant.parse("2026-01-31T12:00:00Z"), 3);

  @Property(tries = 3_000)
  void another_implementation_comes_to_the_same_answer(@ForAll long seed) {
    Chance chance = new Chance(new Random(seed));
    Map<String, Object> input = chance.input();
    String source = chance.expression(3);

    assertThat(ours(source, input)).as(source + " over " + input).isEqualTo(theirs(source, input));
  }

  /// What chance found once.
  @Example
  void what_nested_functions_find_is_taken_out_of_its_lists_level_by_level() {
    Map<String, Object> input = Map.of("a", 4L, "b", true, "c", 1L);
    String mapped =
        "$map(a, function($i) { $i = 1 ? $i : $map(b, function($j) { $j = 1 ? $j : a }) })";
    for (String source :
        List.of(
            mapped,
            "(" + mapped + ")",
            "c ? " + mapped + " : 0",
            "(c ? " + mapped + " : 0)",
            "($x := " + mapped + "; $x)",
            "($x := " + mapped + ")",
            mapped + " ?: 0",
            "(" + mapped + ").$string()")) {
      assertThat(ours(source, input)).as(source).isEqualTo(theirs(source, input));
    }
  }

  @Property(tries = 1_000)
  void the_same_input_at_the_same_moment_gives_the_same_answer(@ForAll long seed) {
    Chance chance = new Chance(new Random(seed));
    Map<String, Object> input = chance.input();
    String source =
        "[" + chance.expression(3) + ", $random(), $now(), $shuffle([1..5]), $millis()]";

    assertThat(ours(source, input)).isEqualTo(ours(source, new LinkedHashMap<>(input)));
  }

  /// A path of names has a way of its own; by a block around each step it goes the common one.
  @Property(tries = 2_000)
  void a_path_of_names_finds_what_its_steps_find_one_by_one(@ForAll long seed) {
    Random random = new Random(seed);
    Map<String, Object> input = new Chance(random).input();
    List<String> names = new ArrayList<>();
    for (int i = 0; i <= random.nextInt(4); i++) {
      names.add(Chance.NAMES.get(random.nextInt(3)));
    }
    String stepwise = "$$." + String.join(".", names);

    assertThat(ours(String.join(".", names), input)).isEqualTo(ours(stepwise, input));
  }

  private static Object ours(String source, Object input) {
    try {
      return canonical(new Expressions().compile(source).evaluate(input, NOW));
    } catch (ExpressionFault fault) {
      return "a fault";
    }
  }

  private static Object theirs(String source, Object input) {
    try {
      return canonical(Jsonata.jsonata(source).evaluate(input));
    } catch (JException fault) {
      return "a fault";
    }
  }

  private static Object canonical(@Nullable Object value) {
    return switch (value) {
      case null -> "nothing";
      case Number number -> number.doubleValue();
      case List<?> list -> list.stream().map(AgreementTests::canonical).toList();
      case Map<?, ?> map -> {
        Map<Object, Object> all = new LinkedHashMap<>();
        map.forEach((name, member) -> all.put(name, canonical(member)));
        yield all;
      }
      default -> value;
    };
  }

  private record Chance(Random random) {

    static final List<String> NAMES = List.of("a", "b", "c");
    private static final List<String> FUNCTIONS =
        List.of(
            "$count",
            "$string",
            "$sum",
            "$exists",
            "$boolean",
            "$keys",
            "$reverse",
            "$max",
            "$type",
            "$spread");

    private <T> T one(List<T> of) {
      return of.get(random.nextInt(of.size()));
    }

    Map<String, Object> input() {
      Map<String, Object> input = new LinkedHashMap<>();
      NAMES.forEach(name -> input.put(name, value(3)));
      return input;
    }

    private Object value(int depth) {
      return switch (random.nextInt(depth <= 0 ? 4 : 8)) {
        case 0 -> (long) random.nextInt(5);
        case 1 -> random.nextInt(10) / 4.0;
        case 2 -> one(List.of("x", "y", "", "1"));
        case 3 -> random.nextBoolean();
        case 4, 5 -> {
          List<Object> list = new ArrayList<>();
          for (int i = random.nextInt(4); i > 0; i--) {
            list.add(value(depth - 1));
          }
          yield list;
        }
        default -> {
          Map<String, Object> map = new LinkedHashMap<>();
          for (String name : NAMES) {
            if (random.nextInt(3) > 0) {
              map.put(name, value(depth - 1));
            }
          }
          yield map;
        }
      };
    }

    private String path() {
      StringBuilder path = new StringBuilder(one(NAMES));
      for (int i = random.nextInt(3); i > 0; i--) {
        path.append(
            switch (random.nextInt(7)) {
              case 0 -> "[" + (random.nextInt(4) - 2) + "]";
              case 1 -> "[" + one(NAMES) + one(List.of("", " = 1", " = 'x'")) + "]";
              case 2 -> ".*";
              case 3 -> "^(" + one(NAMES) + ")";
              default -> "." + one(NAMES);
            });
      }
      return path.toString();
    }

    String expression(int depth) {
      int less = depth - 1;
      return switch (random.nextInt(depth <= 0 ? 6 : 16)) {
        case 0 -> Integer.toString(random.nextInt(4));
        case 1 -> "'x'";
        case 2, 3, 4, 5 -> path();
        case 6 -> both(less, List.of(" + ", " - ", " * "));
        case 7 -> both(less, List.of(" & "));
        case 8 -> both(less, List.of(" = ", " != ", " < ", " >= ", " and ", " or "));
        case 9 -> "[" + expression(less) + ", " + expression(less) + "]";
        case 10 -> "{'k': " + expression(less) + ", 'l': " + expression(less) + "}";
        case 11 -> one(FUNCTIONS) + "(" + expression(less) + ")";
        case 12 ->
            "(" + expression(less) + " ? " + expression(less) + " : " + expression(less) + ")";
        case 13 -> path() + ".(" + expression(less) + ")";
        case 14 -> "($v := " + expression(less) + "; [$v, " + expression(less) + "])";
        default -> "$map(" + path() + ", function($i){$i = 1 ? $i : " + expression(less) + "})";
      };
    }

    private String both(int depth, List<String> operators) {
      return "(" + expression(depth) + one(operators) + expression(depth) + ")";
    }
  }
}
