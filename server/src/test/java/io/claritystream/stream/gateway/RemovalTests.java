package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.claritystream.ApiClient;
import io.claritystream.protocol.link.PlatformFrame;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What becomes of a source that is taken off its agent.
class RemovalTests {
  private static TestLink link;

  @BeforeAll
  static void begin() {
    link = TestLink.start();
  }

  @AfterAll
  static void end() {
    link.close();
  }

  @Test
  void aRemovedSourceIsKeptAndListedOnlyWhenAskedFor() {
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("gone", "1/gone").getSourceId();
      assertThat(listed("/v1/sources", source)).isTrue();
      agent.remove(source);
      agent.remove(source);
      assertThat(listed("/v1/sources", source)).isFalse();
      assertThat(listed("/v1/sources?removed=true", source)).isTrue();
      assertThat(link.person.get("/v1/sources/" + source).text("state")).isEqualTo("removed");
      assertThat(audited("source.removed", source)).isEqualTo(1);
    }
  }

  @Test
  void aStreamOfARemovedSourceEndsAndNoneIsTaken() {
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("ended", "1/ended").getSourceId();
      try (TestAgent.Stream stream = agent.stream(source)) {
        stream.open();
        agent.remove(source);
        assertThat(refusal(stream)).isEqualTo("superseded");
      }
      try (TestAgent.Stream stream = agent.stream(source)) {
        assertThat(stream.open().getRefused().getCode()).isEqualTo("unknown_source");
      }
    }
  }

  @Test
  void theSameDatabaseUnderItsNameIsTheSameSourceAgain() {
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("back", "1/back").getSourceId();
      agent.remove(source);
      assertThat(agent.register("back", "1/back").getSourceId()).isEqualTo(source);
      assertThat(listed("/v1/sources", source)).isTrue();
      assertThat(audited("source.restored", source)).isEqualTo(1);
      try (TestAgent.Stream stream = agent.stream(source)) {
        assertThat(stream.open().hasWelcome()).isTrue();
      }
    }
  }

  @Test
  void anotherDatabaseMayTakeTheNameOfARemovedSource() {
    try (TestAgent agent = link.pairedAgent()) {
      String former = agent.register("reused", "1/first").getSourceId();
      agent.remove(former);
      String source = agent.register("reused", "1/second").getSourceId();
      assertThat(source).isNotEqualTo(former);
      assertThat(listed("/v1/sources", former)).isFalse();
      assertThat(listed("/v1/sources", source)).isTrue();
    }
  }

  @Test
  void nobodyRemovesTheSourceOfAnotherAgent() {
    try (TestAgent agent = link.pairedAgent();
        TestAgent other = link.pairedAgent()) {
      String source = agent.register("kept", "1/kept").getSourceId();
      assertThat(refused(other, source)).isEqualTo(Status.Code.NOT_FOUND);
      assertThat(refused(agent, "kept")).isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(listed("/v1/sources", source)).isTrue();
    }
  }

  @Test
  void aPersonTakesOffTheListWhatItsAgentWillNotAndNobodyElseCan() {
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("orphan", "1/orphan").getSourceId();
      try (TestAgent.Stream stream = agent.stream(source)) {
        stream.open();
        ApiClient stranger = link.server.client().register("stranger@example.com").client();
        assertThat(delete(stranger, source)).isEqualTo(404);
        assertThat(listed("/v1/sources", source)).isTrue();
        assertThat(delete(link.person, source)).isEqualTo(204);
        assertThat(refusal(stream)).isEqualTo("superseded");
      }
      assertThat(delete(link.person, source)).isEqualTo(204);
      assertThat(listed("/v1/sources", source)).isFalse();
      assertThat(link.person.get("/v1/sources/" + source).text("state")).isEqualTo("removed");
      assertThat(audited("source.removed", source)).isEqualTo(1);
    }
  }

  private static int delete(ApiClient person, String source) {
    return person.send("DELETE", "/v1/sources/" + source, null).status();
  }

  @Test
  void anAgentCannotFillTheAuditLogWithRemovals() {
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("again", "1/again").getSourceId();
      for (int i = 0; i < LinkService.REMOVALS_PER_HOUR; i++) {
        agent.remove(source);
        agent.register("again", "1/again");
      }
      assertThat(refused(agent, source)).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      assertThat(listed("/v1/sources", source)).isTrue();
    }
  }

  private static Status.Code refused(TestAgent agent, String source) {
    return catchThrowableOfType(StatusRuntimeException.class, () -> agent.remove(source))
        .getStatus()
        .getCode();
  }

  private static String refusal(TestAgent.Stream stream) {
    PlatformFrame frame = stream.next();
    while (frame.hasWelcome()) {
      frame = stream.next();
    }
    return frame.getRefused().getCode();
  }

  private static boolean listed(String path, String source) {
    for (var row : link.person.get(path).body().get("data")) {
      if (row.get("id").asString().equals(source)) {
        return true;
      }
    }
    return false;
  }

  private static int audited(String action, String source) {
    return link.server
        .database()
        .superuser()
        .sql(
            "SELECT count(*) FROM control.audit_log WHERE action = :action AND subject_id = :source")
        .param("action", action)
        .param("source", source)
        .query(Integer.class)
        .single();
  }
}
