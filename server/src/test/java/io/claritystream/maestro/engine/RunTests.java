package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.claritystream.base.db.TenantId;
import io.claritystream.maestro.action.StepOutcome;
import io.claritystream.maestro.definition.DocumentFault;
import io.claritystream.maestro.definition.WorkflowDocument;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RunTests {
  private static final TenantId TENANT = new TenantId(UUID.randomUUID());

  /// Numbers of every kind, lists of one, nothing, time and chance: what a step hands on has to be
  /// the same whether it was just computed or read from the journal.
  private static final List<String> EXPRESSIONS =
      List.of(
          "{'n': trigger.a / 3, 'whole': trigger.a * 2, 'half': 0.5 * trigger.a}",
          "{'sum': $sum(steps.*.n), 'count': $count(steps.*), 'big': 9007199254740993 + trigger.a}",
          "{'one': [trigger.a], 'many': trigger.list[n > 2].n, 'single': trigger.list[n = 3].n}",
          "{'at': $now(), 'chance': $random(), 'ms': $millis()}",
          "{'text': $string(trigger), 'all': $string(steps)}",
          "trigger.list.n",
          "trigger.list[0]",
          "trigger.nothing",
          "1e300 * trigger.a",
          "-0 * trigger.a",
          "{'types': steps.*.$type($), 'nested': {'deep': [[], [[]], {}, null, false]}}",
          "$map(trigger.list, function($v) { $v.n * 1.1 })",
          "{'equal': steps.*.n = trigger.a, 'exists': $exists(steps.s0)}");

  private static WorkflowDocument random(Random random) {
    var steps = new ArrayList<String>();
    var edges = new ArrayList<String>();
    var count = 3 + random.nextInt(7);
    for (var i = 0; i < count; i++) {
      var id = "s" + i;
      var from = i == 0 ? "api" : "s" + random.nextInt(i);
      var branch = from.startsWith("s") && steps.get(number(from)).contains("\"branch\"");
      edges.add(edge(from, id, branch ? random.nextBoolean() ? "yes" : "no" : null));
      if (i > 1 && random.nextInt(3) == 0) {
        var other = "s" + random.nextInt(i);
        var otherBranch = steps.get(number(other)).contains("\"branch\"");
        if (!other.equals(from)) {
          edges.add(edge(other, id, otherBranch ? "yes" : null));
        }
      }
      steps.add(
          switch (random.nextInt(7)) {
            case 0, 1 ->
                """
                {"id": "%s", "type": "http_request", "config": {"method": "POST", "url": "https://example.com"},
                 "retry": {"count": 20, "backoff_ms": 1, "on": ["http_5xx", "timeout"]}}
                """
                    .formatted(id);
            case 2 ->
                """
                {"id": "%s", "type": "branch", "config": {"cases": [{"name": "yes", "when": "=trigger.a > %d"}], "otherwise": "no"}}
                """
                    .formatted(id, random.nextInt(20));
            case 3 ->
                """
                {"id": "%s", "type": "fail", "on_error": "continue", "config": {"message": "='No ' & trigger.a"}}
                """
                    .formatted(id);
            case 4 ->
                """
                {"id": "%s", "type": "set", "config": {"values": {"n": "=trigger.a", "seen": "=steps", "text": "as it is"}}}
                """
                    .formatted(id);
            default ->
                """
                {"id": "%s", "type": "transform", "on_error": "continue", "config": {"expression": "%s"}}
                """
                    .formatted(id, EXPRESSIONS.get(random.nextInt(EXPRESSIONS.size())));
          });
    }
    return document(String.join(",", steps), String.join(",", edges));
  }

  private static WorkflowDocument document(String steps, String edges) {
    try {
      return WorkflowDocument.parse(
          """
          {"name": "Random", "triggers": [{"id": "api", "type": "api"}], "steps": [%s], "edges": [%s]}
          """
              .formatted(steps, edges));
    } catch (DocumentFault e) {
      throw new AssertionError(steps + edges, e);
    }
  }

  private static int number(String id) {
    return Integer.parseInt(id.substring(1));
  }

  private static String edge(String from, String to, @org.jspecify.annotations.Nullable String of) {
    return of == null
        ? "{\"from\": \"%s\", \"to\": \"%s\"}".formatted(from, to)
        : "{\"from\": \"%s\", \"to\": \"%s\", \"case\": \"%s\"}".formatted(from, to, of);
  }

  /// Each key has its effect at the third try at the latest; what is answered follows from the key.
  private static TestRuns.World world(int seed) {
    return (key, before) ->
        switch (before > 1 ? 3 : Math.floorMod(key.hashCode() * 31 + before * 7 + seed, 5)) {
          case 0 -> new StepOutcome.Failed(TestRuns.error("http_503"));
          case 1 -> new StepOutcome.Unknown(TestRuns.error("timeout"));
          default -> {
            var output = new LinkedHashMap<String, Object>();
            output.put("status", 200L);
            output.put("n", Math.floorMod(key.hashCode(), 100));
            yield new StepOutcome.Done(output);
          }
        };
  }

  private static Map<String, String> answers(TestRuns.Memory memory) {
    var answers = new LinkedHashMap<String, String>();
    for (var line : memory.lines) {
      if (line.kind() == LogLine.Kind.SUCCEEDED || line.kind() == LogLine.Kind.HANDLED) {
        var before = answers.put(String.valueOf(line.step()), String.valueOf(line.recorded()));
        assertThat(before).as("step %s ended twice", line.step()).isNull();
      }
    }
    return answers;
  }

  @Test
  void cut_at_any_line_of_its_journal_an_execution_comes_to_the_same_end() {
    var payload = Map.of("a", 7, "list", List.of(Map.of("n", 1), Map.of("n", 3), Map.of("n", 5.5)));
    var cuts = 0;
    for (var seed = 1; seed <= 150; seed++) {
      var document = random(new Random(seed));
      var intake = TestRuns.intake(TENANT);
      var begin = List.of(TestRuns.trigger(payload));
      var whole =
          TestRuns.go(TestRuns.program(document, world(seed)), intake, begin, Integer.MAX_VALUE);
      assertThat(whole.end).as("seed %d", seed).isNotNull();
      for (var cut = 1; cut < whole.lines.size(); cut++) {
        var program = TestRuns.program(document, world(seed));
        var first = TestRuns.go(program, intake, begin, cut);
        assertThat(first.lines)
            .as("seed %d, cut %d", seed, cut)
            .hasSizeLessThan(whole.lines.size());
        var second = TestRuns.go(program, intake, first.lines, Integer.MAX_VALUE);
        assertThat(second.end).as("seed %d, cut %d", seed, cut).isNotNull();
        assertThat(answers(second)).as("seed %d, cut %d", seed, cut).isEqualTo(answers(whole));
        assertThat(second.end.status).isEqualTo(whole.end.status);
        assertThat(second.end.outcome).isEqualTo(whole.end.outcome);
        assertThat(second.end.stepsDone).isEqualTo(whole.end.stepsDone);
        for (var i = 0; i < second.lines.size(); i++) {
          assertThat(second.lines.get(i).logId()).isEqualTo(i);
        }
        cuts++;
      }
    }
    assertThat(cuts).isGreaterThan(500);
  }

  private static WorkflowDocument calling(String onUnknown, int retries) {
    return document(
        """
        {"id": "call", "type": "http_request", "config": {"method": "POST", "url": "https://example.com", "on_unknown": "%s"},
         "retry": {"count": %d, "backoff_ms": 1, "on": ["http_5xx"]}}
        """
            .formatted(onUnknown, retries),
        edge("api", "call", null));
  }

  @Test
  void a_message_that_no_database_can_hold_is_told_without_what_it_cannot() {
    var document =
        document(
            """
            {"id": "no", "type": "fail", "config": {"message": "=trigger.text"}}
            """,
            edge("api", "no", null));
    var memory =
        TestRuns.go(
            TestRuns.program(document, world(1)),
            TestRuns.intake(TENANT),
            List.of(TestRuns.trigger(Map.of("text", "a\0b"))),
            Integer.MAX_VALUE);
    assertThat(memory.end).isNotNull();
    assertThat(memory.end.outcome).isEqualTo("fail");
    assertThat(memory.end.message).isEqualTo("a\uFFFDb");
    assertThat(memory.lines).noneMatch(line -> line.message().contains("\0"));
  }

  @Test
  void what_a_step_has_begun_and_not_ended_is_tried_again_parked_or_failed_as_the_workflow_says() {
    var begin = List.of(TestRuns.trigger(Map.of()));
    var acted = world(3);
    for (var policy : List.of("retry", "park", "fail")) {
      var intake = TestRuns.intake(TENANT);
      var program = TestRuns.program(calling(policy, 20), (key, before) -> acted.act(key, 9));
      // Its intent is durable, its answer is not.
      var lost = TestRuns.go(program, intake, begin, 2);
      assertThat(lost.lines.getLast().kind()).isEqualTo(LogLine.Kind.INTENT);
      var next = TestRuns.go(program, intake, lost.lines, 5);
      switch (policy) {
        case "retry" -> assertThat(next.end).isNotNull();
        case "fail" -> {
          assertThat(next.end).isNotNull();
          assertThat(next.end.outcome).isEqualTo("unknown_outcome");
        }
        default -> {
          assertThat(next.end).isNull();
          assertThat(next.lines.getLast().kind()).isEqualTo(LogLine.Kind.PARKED);
          assertThat(next.entries.getLast())
              .isInstanceOfSatisfying(
                  JournalEntry.Pause.class,
                  pause ->
                      assertThat(pause.readyAt)
                          .isCloseTo(
                              Instant.now().plus(Settlement.DECISION_MAX),
                              within(1, ChronoUnit.MINUTES)));
          // It is gone on with only when nobody has decided in time.
          var undecided = TestRuns.go(program, intake, next.lines, Integer.MAX_VALUE);
          assertThat(undecided.end).isNotNull();
          assertThat(undecided.end.outcome).isEqualTo("decision_timeout");
          assertThat(undecided.end.step).isEqualTo("call");
        }
      }
    }
  }

  /// Else the database would refuse its end each time, and it would be claimed for ever.
  @Test
  void an_execution_whose_journal_cannot_be_read_ends_behind_the_last_line_of_it() {
    var document =
        document(
            """
            {"id": "one", "type": "set", "config": {"values": {"n": 1}}},
            {"id": "two", "type": "set", "config": {"values": {"n": 2}}},
            {"id": "three", "type": "set", "config": {"values": {"n": 3}}}
            """,
            String.join(
                ",",
                edge("api", "one", null),
                edge("one", "two", null),
                edge("two", "three", null)));
    var intake = TestRuns.intake(TENANT);
    var program = TestRuns.program(document, world(1));
    var lost = TestRuns.go(program, intake, List.of(TestRuns.trigger(Map.of())), 3);
    var broken = new ArrayList<>(lost.lines);
    broken.set(1, JournalRig.line(1, LogLine.Kind.SUCCEEDED, "one", "{"));

    var next = TestRuns.go(program, intake, broken, Integer.MAX_VALUE);

    assertThat(next.end).isNotNull();
    assertThat(next.end.outcome).isEqualTo("internal");
    assertThat(next.end.lines).extracting(LogLine::logId).containsExactly(3);
  }

  @Test
  void an_execution_for_whose_answers_there_is_no_room_lets_go_and_goes_on_from_there() {
    var large =
        """
        {"id": "%s", "type": "transform", "config": {"expression": "[1..5000].($ + 1)"}}""";
    var document =
        document(
            String.join(",", large.formatted("s0"), large.formatted("s1"), large.formatted("s2")),
            String.join(
                ",", edge("api", "s0", null), edge("s0", "s1", null), edge("s1", "s2", null)));
    var program =
        TestRuns.program(
            document,
            (key, before) -> {
              throw new AssertionError("nothing acts here");
            });
    var intake = TestRuns.intake(TENANT);
    var memory = new TestRuns.Memory(List.of(TestRuns.trigger(1)), Integer.MAX_VALUE);
    memory.full = true;

    for (var i = 0; i < 3; i++) {
      assertThat(memory.end).isNull();
      new Run(memory, program, intake, 1, 1, 0, List.copyOf(memory.lines), null).run();
    }

    assertThat(memory.entries.stream().map(entry -> entry.getClass().getSimpleName()))
        .containsExactly("Pause", "Pause", "End");
    assertThat(memory.lines.stream().map(LogLine::step).filter(java.util.Objects::nonNull))
        .as("each is run once")
        .containsExactly("s0", "s1", "s2");
    assertThat(memory.end)
        .isNotNull()
        .extracting(end -> end.status)
        .isEqualTo(ExecutionStatus.SUCCESS);
  }
}
