package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TenantId;
import io.claritystream.maestro.action.StepOutcome;
import io.claritystream.maestro.definition.DocumentFault;
import io.claritystream.maestro.definition.WorkflowDocument;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/// An execution that begins before it is taken in becomes durable with the first thing that it
/// does, and whoever brought it knows what became of it.
class OpeningTests {
  private static final TenantId TENANT = new TenantId(UUID.randomUUID());
  private static final LogLine TRIGGER = TestRuns.trigger(Map.of("a", 1));

  @Test
  void the_first_steps_answer_is_taken_in_with_the_trigger_and_the_next_is_an_entry_of_its_own() {
    var opened = open(document("{'id': 's1', 'type': 'transform', 'config': {'expression': '1'}}"));

    assertThat(kinds(opened.memory))
        .containsExactly("Accept [TRIGGER, SUCCEEDED]", "End [SUCCEEDED]");
    assertThat(opened.opening.await()).isInstanceOf(JournalEntry.Outcome.Committed.class);
  }

  @Test
  void an_effect_begins_after_its_intent_was_taken_in() {
    var acted = new ArrayList<String>();
    var opened =
        open(
            document(
                "{'id': 's1', 'type': 'http_request', 'config': {'method': 'POST', 'url': 'https://example.com'}}"),
            Integer.MAX_VALUE,
            memory ->
                (key, before) -> {
                  acted.addAll(kinds(memory));
                  return new StepOutcome.Done(new LinkedHashMap<>());
                });

    assertThat(acted).containsExactly("Accept [TRIGGER, INTENT]");
    assertThat(kinds(opened.memory))
        .containsExactly("Accept [TRIGGER, INTENT]", "Progress [SUCCEEDED]", "End [SUCCEEDED]");
  }

  @Test
  void what_waits_for_others_is_taken_in_before_it_asks_them() {
    var asked = new ArrayList<String>();
    var opened =
        open(
            document(
                "{'id': 's1', 'type': 'http_request', 'config': {'method': 'GET', 'url': 'https://example.com'}}"),
            Integer.MAX_VALUE,
            memory ->
                (key, before) -> {
                  asked.addAll(kinds(memory));
                  return new StepOutcome.Done(new LinkedHashMap<>());
                });

    assertThat(asked).containsExactly("Accept [TRIGGER]");
    assertThat(kinds(opened.memory))
        .containsExactly("Accept [TRIGGER]", "Progress [SUCCEEDED]", "End [SUCCEEDED]");
  }

  @Test
  void a_first_step_is_quick_once_it_was_seen_to_be() {
    var first = new FirstStep();
    assertThat(first.quick()).isFalse();
    first.took(1_000_000);
    assertThat(first.quick()).isTrue();
    first.took(50_000_000);
    assertThat(first.quick()).isFalse();
  }

  @Test
  void what_ends_with_its_first_step_is_taken_in_before() {
    var opened = open(document("{'id': 's1', 'type': 'fail', 'config': {'message': 'No.'}}"));

    assertThat(kinds(opened.memory)).containsExactly("Accept [TRIGGER]", "End [FAILED]");
  }

  @Test
  void what_cannot_be_taken_in_does_nothing_more_and_says_so() {
    var acted = new ArrayList<String>();
    var opened =
        open(
            document(
                "{'id': 's1', 'type': 'http_request', 'config': {'method': 'POST', 'url': 'https://example.com'}}"),
            0,
            memory ->
                (key, before) -> {
                  acted.add(key);
                  return new StepOutcome.Done(new LinkedHashMap<>());
                });

    assertThat(acted).isEmpty();
    assertThat(opened.memory.entries).isEmpty();
    assertThat(opened.opening.await()).isInstanceOf(JournalEntry.Outcome.Lost.class);
    assertThat(opened.run.takenIn()).isFalse();
  }

  @Test
  void what_was_aborted_before_it_did_anything_says_that_nothing_came_of_it() {
    var opened = draft(document("{'id': 's1', 'type': 'fail', 'config': {'message': 'No.'}}"));
    opened.run.abort();

    opened.run.run();

    assertThat(opened.memory.entries).isEmpty();
    assertThat(opened.opening.await()).isInstanceOf(JournalEntry.Outcome.Lost.class);
  }

  private record Opened(TestRuns.Memory memory, Opening opening, Run run) {}

  /// What its steps do, that act, which may look at the journal.
  private interface Worlds {
    TestRuns.World of(TestRuns.Memory memory);
  }

  private static Opened open(WorkflowDocument document) {
    var opened = draft(document);
    opened.run.run();
    return opened;
  }

  private static Opened open(WorkflowDocument document, int linesMax, Worlds worlds) {
    var opened = draft(document, linesMax, worlds);
    opened.run.run();
    return opened;
  }

  private static Opened draft(WorkflowDocument document) {
    return draft(
        document,
        Integer.MAX_VALUE,
        memory ->
            (key, before) -> {
              throw new AssertionError("nothing acts here");
            });
  }

  private static Opened draft(WorkflowDocument document, int linesMax, Worlds worlds) {
    var memory = new TestRuns.Memory(List.of(), linesMax);
    var intake = TestRuns.intake(TENANT);
    var opening = new Opening(intake, false, List.of(TRIGGER));
    var program = TestRuns.program(document, worlds.of(memory));
    return new Opened(
        memory, opening, new Run(memory, program, intake, 1, 1, 0, List.of(TRIGGER), opening));
  }

  /// A step, and another after it.
  private static WorkflowDocument document(String step) {
    try {
      return WorkflowDocument.parse(
          """
          {'name': 'Two', 'triggers': [{'id': 'api', 'type': 'api'}],
           'steps': [%s, {'id': 's2', 'type': 'set', 'config': {'values': {'b': 2}}}],
           'edges': [{'from': 'api', 'to': 's1'}, {'from': 's1', 'to': 's2'}]}
          """
              .formatted(step)
              .replace('\'', '"'));
    } catch (DocumentFault e) {
      throw new AssertionError(step, e);
    }
  }

  private static List<String> kinds(TestRuns.Memory memory) {
    return memory.entries.stream()
        .map(
            entry ->
                entry.getClass().getSimpleName()
                    + " "
                    + entry.lines.stream().map(LogLine::kind).toList())
        .toList();
  }
}
