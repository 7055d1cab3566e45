package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.maestro.action.Json;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class GlimpsesTests {
  private static final String CANARY = "canary-7f3a";

  @Test
  void a_field_that_is_named_is_not_shown_wherever_lists_lie_on_its_way() {
    var glimpses =
        new Glimpses(List.of("trigger.body.items.token", "steps.call.body.*.secret", "steps.all"));
    Object trigger =
        Map.of(
            "body",
            Map.of(
                "items",
                List.of(Map.of("token", CANARY, "n", 1), List.of(Map.of("token", CANARY)))));
    assertThat(glimpses.ofOutput(trigger, Json.write(trigger), "trigger"))
        .doesNotContain(CANARY)
        .contains("\"n\":1");
    Object answer = Map.of("body", Map.of("a", Map.of("secret", CANARY), "b", "shown"));
    assertThat(glimpses.ofOutput(answer, Json.write(answer), "steps", "call"))
        .doesNotContain(CANARY)
        .contains("shown");
    assertThat(glimpses.ofOutput(CANARY, Json.write(CANARY), "steps", "all"))
        .doesNotContain(CANARY);
    assertThat(glimpses.ofOutput(answer, Json.write(answer), "steps", "other")).isNull();
  }

  @Test
  void what_a_step_is_given_is_shown_without_fields_of_a_name_that_any_rule_ends_with() {
    var glimpses = new Glimpses(List.of("trigger.body.password"));
    assertThat(
            glimpses.ofInput(
                Map.of("moved", List.of(Map.of("password", CANARY)), "password", List.of(CANARY))))
        .doesNotContain(CANARY);
  }

  @Property
  void a_glimpse_is_never_longer_than_its_limit_and_splits_no_character(@ForAll String text) {
    var glimpse = Glimpses.cut((text + "😀").repeat(300));
    assertThat(glimpse.length()).isLessThanOrEqualTo(Glimpses.CHARS_MAX + 1);
    assertThat(Json.write(glimpse)).as("half of a character is escaped").doesNotContain("\\ud83d");
  }
}
