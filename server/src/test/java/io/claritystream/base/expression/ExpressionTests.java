package io.claritystream.base.expression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.claritystream.base.expression.ExpressionFault.Kind;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class ExpressionTests {

  /// What these tests say of the language holds on a machine that is busy, too.
  private static final Limits PATIENT =
      new Limits(
          Limits.DEFAULT.steps(),
          Duration.ofSeconds(20),
          Limits.DEFAULT.bytes(),
          Limits.DEFAULT.depth(),
          Limits.DEFAULT.outputBytes());

  private static final Moment NOW = new Moment(Instant.parse("2026-01-31T12:00:00Z"), 7);
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Expressions EXPRESSIONS = new Expressions();

  private static @Nullable Object evaluate(String source, @Nullable Object input)
      throws ExpressionFault {
    return EXPRESSIONS.compile(source).evaluate(input, NOW, PATIENT);
  }

  private static ExpressionFault fault(String source, @Nullable Object input) {
    return catchThrowableOfType(ExpressionFault.class, () -> evaluate(source, input));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '¦',
      quoteCharacter = '\0',
      value = {
        "$nosuch(1) ¦ 0: There is no function $nosuch; see the list of functions.",
        "a & $upercase(b) ¦ 4: There is no function $upercase; the nearest is $uppercase.",
        "x ~> $trimm ¦ 5: There is no function $trimm; the nearest is $trim.",
        "{'n': sum(lines.n)} ¦ 9: There is no function sum; the nearest is $sum.",
        "$substring() ¦ 0: $substring takes 1 argument at least, and was given none.",
        "lines.$length(a, b) ¦ 6: $length takes 1 argument at most, and was given 2.",
        "x ~> $uppercase(1) ¦ 5: $uppercase takes 1 argument at most, and was given 2.",
      })
  void a_call_that_can_never_succeed_is_found_by_reading(String source, String expected)
      throws ExpressionFault {
    assertThat(EXPRESSIONS.compile(source).mistakes())
        .singleElement()
        .satisfies(
            fault -> assertThat(fault.position() + ": " + fault.getMessage()).isEqualTo(expected));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "($f := function($x){$x}; $f(1))",
        "($sum := function(){1}; $sum())",
        "lines#$i.($i(1))",
        "function($g){$g(1, 2)}",
        "{'sum': function($x){$x}}.sum(1)",
        "$substring(1)",
        "name.$length()",
        "$zip(a, b, c, d, e)",
        "$substring(?, 1, 2, 3)",
        "$x",
        "$f.g(1)"
      })
  void a_call_that_may_succeed_is_let_pass(String source) throws ExpressionFault {
    assertThat(EXPRESSIONS.compile(source).mistakes()).isEmpty();
  }

  /// `language.txt`: an expression, a bar, and the JSON that it comes to over the order below.
  @ParameterizedTest
  @CsvFileSource(resources = "/expression/language.txt", delimiter = '¦', quoteCharacter = '\0')
  void the_language_is_as_the_page_says(String source, String expected) throws Exception {
    Object order =
        JSON.readValue(
            """
            {"order": {"id": "A-1", "customer": {"name": "Ada", "tags": ["vip"]},
              "lines": [{"sku": "x", "amount": 2, "price": 1.5}, {"sku": "y", "amount": 1, "price": 20},
                        {"sku": "z", "amount": 5, "price": 4}], "note": null, "paid": true},
             "sites": [{"name": "Oslo", "devices": [{"id": 1}, {"id": 2}]},
                       {"name": "Bergen", "devices": [{"id": 3}]}]}
            """,
            Object.class);

    assertThat(JSON.readTree(JSON.writeValueAsString(evaluate(source, order))))
        .as(source)
        .isEqualTo(JSON.readTree(expected.strip()));
  }

  @Test
  void whole_numbers_that_pass_through_keep_every_digit() throws Exception {
    BigInteger large = new BigInteger("123456789012345678901234567890");
    Map<String, Object> input = Map.of("id", 9007199254740993L, "large", large, "real", 0.1);

    assertThat(evaluate("{'id': id, 'large': large, 'real': real}", input))
        .isEqualTo(Map.of("id", 9007199254740993L, "large", large, "real", 0.1));
    assertThat(evaluate("id & ''", input)).isEqualTo("9007199254740993");
    assertThat(evaluate("id = 9007199254740992", input)).isEqualTo(false);
    assertThat(evaluate("id + 1", input)).isEqualTo(9007199254740992L);
  }

  @Test
  void a_number_that_is_whole_is_long_and_any_other_double() throws Exception {
    assertThat(evaluate("6 / 2", null)).isEqualTo(3L);
    assertThat(evaluate("1 / 4", null)).isEqualTo(0.25);
    assertThat(evaluate("a", Map.of("a", 3))).isEqualTo(3L);
  }

  @Test
  void the_answer_shares_nothing_with_the_input_and_the_input_stays() throws Exception {
    List<Object> list = new ArrayList<>(List.of(1L));
    Map<String, Object> input = new LinkedHashMap<>(Map.of("a", list));

    @SuppressWarnings("unchecked")
    Map<String, Object> answer = (Map<String, Object>) evaluate("$", input);
    answer.put("b", 1);
    ((List<?>) answer.get("a")).clear();
    evaluate("$ ~> |$|{'c': 1}, 'a'|", input);
    evaluate("($x := {}; $x ~> |$$|{'c': 1}, 'a'|)", input);

    assertThat(input).isEqualTo(Map.of("a", List.of(1L)));
  }

  @Test
  void time_and_chance_are_what_the_moment_says() throws Exception {
    Object first = evaluate("[$now(), $millis(), $random(), $random(), $shuffle([1..9])]", null);

    assertThat(first)
        .isEqualTo(evaluate("[$now(), $millis(), $random(), $random(), $shuffle([1..9])]", null));
    assertThat(evaluate("$now()", null)).isEqualTo("2026-01-31T12:00:00.000Z");
    assertThat(EXPRESSIONS.compile("$random()").evaluate(null, new Moment(NOW.now(), 8)))
        .isNotEqualTo(evaluate("$random()", null));
  }

  @Test
  void one_expression_serves_many_threads_at_once() throws Exception {
    Expression expression =
        EXPRESSIONS.compile("{'sum': $sum(lines[amount > $$.least].(amount * $$.factor))}");
    List<Callable<Boolean>> work = new ArrayList<>();
    for (int thread = 0; thread < 8; thread++) {
      long factor = thread + 1;
      Map<String, Object> input =
          Map.of(
              "least",
              1L,
              "factor",
              factor,
              "lines",
              List.of(Map.of("amount", 1L), Map.of("amount", 2L), Map.of("amount", 3L)));
      work.add(
          () -> {
            for (int i = 0; i < 5_000; i++) {
              if (!Map.of("sum", 5 * factor).equals(expression.evaluate(input, NOW))) {
                return false;
              }
            }
            return true;
          });
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      for (Future<Boolean> done : threads.invokeAll(work)) {
        assertThat(done.get()).isTrue();
      }
    }
  }

  @Test
  void what_an_expression_reads_of_its_context_is_known_beforehand() throws Exception {
    Map<String, List<String>> expected =
        Map.ofEntries(
            Map.entry("trigger.body.order_id", List.of("trigger.body")),
            Map.entry("steps.map.total > steps.check", List.of("steps.map", "steps.check")),
            Map.entry("trigger", List.of("trigger")),
            Map.entry(
                "{'a': steps.a.b, 'c': $sum(steps.c.(d * e))}", List.of("steps.a", "steps.c")),
            Map.entry("steps.a[b = c.d].e", List.of("steps.a")),
            Map.entry("steps.a.$map(b, function($x){$x.c})", List.of("steps.a")),
            Map.entry("$map(steps.a, function($x){$x.b & steps.d})", List.of("steps.a", "steps.d")),
            Map.entry("steps.a.($$.trigger.body)", List.of("steps.a", "trigger.body")),
            Map.entry("($x := steps; $x.a)", List.of("steps")),
            Map.entry("steps.\"a b\".c", List.of("steps.a b")),
            Map.entry("steps[0].a.b", List.of("steps.a")),
            Map.entry("steps.*.b", List.of("steps")),
            Map.entry("$.steps.a", List.of("steps.a")),
            Map.entry("steps.a^(>b).c", List.of("steps.a")),
            Map.entry("steps.a{b: c}", List.of("steps.a")),
            Map.entry("'text'", List.of()),
            Map.entry("$now() & $string(1)", List.of()));
    for (Map.Entry<String, List<String>> entry : expected.entrySet()) {
      assertThat(EXPRESSIONS.compile(entry.getKey()).references())
          .as(entry.getKey())
          .containsExactlyInAnyOrderElementsOf(entry.getValue());
    }
  }

  @Test
  void a_fault_names_its_kind_and_place_and_says_what_to_do() {
    record Expected(Kind kind, @Nullable Integer position, String word) {}
    Map<String, Expected> expected =
        Map.ofEntries(
            Map.entry("a +", new Expected(Kind.SYNTAX, 3, "expected")),
            Map.entry("(a", new Expected(Kind.SYNTAX, 2, ")")),
            Map.entry("'abc", new Expected(Kind.SYNTAX, 0, "close it")),
            Map.entry("a b", new Expected(Kind.SYNTAX, 2, "missing")),
            Map.entry("1 + 'a'", new Expected(Kind.TYPE, 2, "$number")),
            Map.entry("{1: 2}", new Expected(Kind.TYPE, 1, "$string")),
            Map.entry("$number('x')", new Expected(Kind.VALUE, 7, "number")),
            Map.entry("$foo(1)", new Expected(Kind.UNDEFINED_FUNCTION, 4, "$foo")),
            Map.entry("sum(1)", new Expected(Kind.UNDEFINED_FUNCTION, 3, "did you mean $sum")),
            Map.entry("$error('No stock.')", new Expected(Kind.RAISED, 6, "No stock.")),
            Map.entry("$eval('1')", new Expected(Kind.NOT_ALLOWED, 5, "write the")),
            Map.entry("$match('a', /(?=a)/)", new Expected(Kind.SYNTAX, 12, "lookahead")),
            Map.entry("[1..1000000000]", new Expected(Kind.TOO_LARGE, 2, "smaller")));
    expected.forEach(
        (source, end) -> {
          ExpressionFault fault = fault(source, Map.of());
          assertThat(fault).as(source).isNotNull();
          assertThat(fault.kind()).as(source).isEqualTo(end.kind());
          assertThat(fault.position()).as(source).isEqualTo(end.position());
          assertThat(fault).as(source).hasMessageContaining(end.word());
        });
  }

  @Test
  void an_answer_has_a_largest_size_as_json() throws Exception {
    Limits small = new Limits(100_000, Duration.ofSeconds(10), 32L << 20, 2_000, 100);
    Expression copies = EXPRESSIONS.compile("$map([1..n], function(){'0123456789'})");

    assertThat(copies.evaluate(Map.of("n", 7), NOW, small)).isInstanceOf(List.class);
    ExpressionFault fault =
        catchThrowableOfType(
            ExpressionFault.class, () -> copies.evaluate(Map.of("n", 8), NOW, small));
    assertThat(fault.kind()).isEqualTo(Kind.TOO_LARGE);
  }

  @Test
  void a_source_of_8_kilobytes_is_read_and_a_longer_one_is_not() throws Exception {
    String longest = "'" + "x".repeat(Limits.SOURCE_LENGTH - 2) + "'";

    assertThat(evaluate(longest, null)).isInstanceOf(String.class);
    assertThat(fault(longest + " ", null).kind()).isEqualTo(Kind.TOO_LARGE);
  }

  @Test
  void a_function_that_ends_by_calling_itself_may_do_so_often() throws Exception {
    assertThat(
            evaluate(
                "($f := function($n, $sum){$n = 0 ? $sum : $f($n - 1, $sum + $n)}; $f(20000, 0))",
                null))
        .isEqualTo(200_010_000L);
    assertThat(evaluate("($f := function($n){$n = 0 ? 0 : 1 + $f($n - 1)}; $f(150))", null))
        .isEqualTo(150L);
  }
}
