package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/// Tables that are added to a choice and taken out of it.
class TableChoiceTests {
  @Test
  void whatIsAddedIsNotLeftOutAnyMoreHoweverItWasNamed() {
    assertThat(with("!b", "public.b")).isEmpty();
    assertThat(with("!public.b", "b")).isEmpty();
    assertThat(with("!sales.orders,!other", "sales.*")).isEqualTo("!other");
    assertThat(with("a,!b", "public.b")).isEqualTo("a,public.b");
    assertThat(with("a", "public.a")).isEqualTo("a");
  }

  @Test
  void whatIsLeftOutWithOthersIsNotAddedAlone() {
    assertThatThrownBy(() -> with("!sales.*", "sales.orders"))
        .hasMessage("sales.orders was left out with sales.*; add that first");
  }

  @Test
  void whatIsTakenOutIsNoMoreThereHoweverItWasNamed() {
    assertThat(without("a,b", "public.b")).isEqualTo("a");
    assertThat(without("", "b")).isEqualTo("!b");
    assertThat(without("a", "a")).isEqualTo("a,!a");
    assertThat(without("sales.*,a", "sales.orders")).isEqualTo("sales.*,a,!sales.orders");
  }

  private static String with(String choice, String more) {
    return TableChoice.parse(choice).with(TableChoice.parse(more)).text();
  }

  private static String without(String choice, String less) {
    return TableChoice.parse(choice).without(TableChoice.parse(less)).text();
  }
}
