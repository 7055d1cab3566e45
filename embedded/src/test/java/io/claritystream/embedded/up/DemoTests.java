package io.claritystream.embedded.up;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class DemoTests {
  @Test
  void is_live_when_its_agent_captures_and_nothing_keeps_it_from_sending() {
    assertThat(Demo.streams(source("streaming", ""))).isTrue();
    assertThat(Demo.streams(source("snapshotting", ""))).isFalse();
    assertThat(Demo.streams(source("streaming", "the certificate expired"))).isFalse();
    assertThat(Demo.streams("{\"event\":\"ready\"}")).isFalse();
  }

  @Test
  void knows_until_when_its_agent_is_paired_if_the_agent_says_so() {
    assertThat(Demo.expiry("{\"certificate_expires_at\":\"2026-01-02T03:04:05Z\",\"at\":\"x\"}"))
        .contains(Instant.parse("2026-01-02T03:04:05Z"));
    assertThat(Demo.expiry("agent: no agent has run yet")).isEmpty();
  }

  private static String source(String state, String trouble) {
    return ("{\"event\":\"source\",\"name\":\"s\",\"state\":\"%s\",\"detail\":\"\",\"trouble\":\"%s\"}")
        .formatted(state, trouble);
  }
}
