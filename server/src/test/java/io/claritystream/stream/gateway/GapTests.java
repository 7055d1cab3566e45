package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.protocol.link.AcknowledgeMode;
import io.claritystream.protocol.link.AgentFrame;
import io.claritystream.protocol.link.GapCause;
import io.claritystream.protocol.link.PlatformFrame;
import io.claritystream.protocol.link.SourceGap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// What an agent tells beside its events, and what a person may change while it streams.
class GapTests {
  private static TestLink link;

  @BeforeAll
  static void start() {
    link = TestLink.start();
  }

  @AfterAll
  static void stop() {
    link.close();
  }

  @Test
  void aGapIsKeptInItsNewestRevisionAndShownToItsOwnWorkspaceAlone() {
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("gapped", "1/gapped").getSourceId();
      String id = UUID.randomUUID().toString();
      try (TestAgent.Stream stream = agent.stream(source)) {
        stream.open();
        SourceGap.Builder gap =
            SourceGap.newBuilder()
                .setGapId(id)
                .setRevision(1)
                .setCause(GapCause.SLOT_DROPPED)
                .setWords("the replication slot clarity_gapped is gone")
                .setFromPosition("0/16B3748")
                .setNoticedAtUs(1_790_000_000_000_000L);
        assertThat(stored(stream, gap)).isEqualTo(1);
        JsonNode shown = gaps(source);
        assertThat(shown).hasSize(1);
        assertThat(shown.get(0).get("cause").asString()).isEqualTo("slot_dropped");
        assertThat(shown.get(0).get("from_position").asString()).isEqualTo("0/16B3748");
        assertThat(shown.get(0).get("to_position").isNull()).isTrue();
        assertThat(source(source).get("gaps_open").asInt()).isEqualTo(1);

        gap.setRevision(3).setToPosition("0/1800000").setRepairedAtUs(1_790_000_100_000_000L);
        assertThat(stored(stream, gap)).isEqualTo(3);
        // An older one, which a retry brought late, takes nothing back.
        assertThat(stored(stream, gap.setRevision(2).setToPosition(""))).isEqualTo(2);
        shown = gaps(source);
        assertThat(shown).hasSize(1);
        assertThat(shown.get(0).get("to_position").asString()).isEqualTo("0/1800000");
        assertThat(shown.get(0).get("repaired_at").isNull()).isFalse();
        assertThat(source(source).get("gaps_open").asInt()).isZero();
        assertThat(source(source).get("gaps").asInt()).isEqualTo(1);

        // What cannot be one is answered, so that it is not told for ever, and not kept.
        assertThat(stored(stream, gap.setGapId("none").setRevision(1))).isEqualTo(1);
        assertThat(gaps(source)).hasSize(1);
      }
      ApiClient stranger = link.server.client().register("stranger@example.com").client();
      assertThat(stranger.get("/v1/sources/" + source + "/gaps").status()).isEqualTo(404);
    }
  }

  @Test
  void aGapOfEachCauseIsKeptAndShownByItsName() {
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("causes", "1/causes").getSourceId();
      Set<String> expected = new HashSet<>();
      try (TestAgent.Stream stream = agent.stream(source)) {
        stream.open();
        for (GapCause cause : GapCause.values()) {
          if (cause != GapCause.UNRECOGNIZED) {
            stored(
                stream,
                SourceGap.newBuilder()
                    .setGapId(UUID.randomUUID().toString())
                    .setRevision(1)
                    .setCause(cause)
                    .setWords("missed")
                    .setNoticedAtUs(1_790_000_000_000_000L));
            expected.add(
                cause == GapCause.GAP_CAUSE_UNSPECIFIED
                    ? "other"
                    : cause.name().toLowerCase(Locale.ROOT));
          }
        }
      }
      Set<String> shown = new HashSet<>();
      gaps(source).forEach(gap -> shown.add(gap.get("cause").asString()));
      assertThat(shown).isEqualTo(expected);
    }
  }

  @Test
  void whatAPersonSaysOfAcknowledgingReachesAnAgentThatStreams() {
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("mode", "1/mode").getSourceId();
      try (TestAgent.Stream stream = agent.stream(source)) {
        assertThat(stream.open().getWelcome().getAcknowledge())
            .isEqualTo(AcknowledgeMode.ACKNOWLEDGE_BRONZE);
        ApiClient.Answer answer =
            link.person.send("PATCH", "/v1/sources/" + source, "{\"acknowledge\": \"spool\"}");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text("acknowledge")).isEqualTo("spool");
        PlatformFrame frame = stream.next();
        while (!frame.hasSettings()) {
          frame = stream.next();
        }
        assertThat(frame.getSettings().getAcknowledge())
            .isEqualTo(AcknowledgeMode.ACKNOWLEDGE_SPOOL);
      }
      try (TestAgent.Stream stream = agent.stream(source)) {
        assertThat(stream.open().getWelcome().getAcknowledge())
            .isEqualTo(AcknowledgeMode.ACKNOWLEDGE_SPOOL);
      }
      assertThat(agent.register("mode", "1/mode").getAcknowledge())
          .isEqualTo(AcknowledgeMode.ACKNOWLEDGE_SPOOL);
      assertThat(
              link.person
                  .send("PATCH", "/v1/sources/" + source, "{\"acknowledge\": \"never\"}")
                  .status())
          .isEqualTo(400);
      assertThat(link.person.send("PATCH", "/v1/sources/" + source, "{}").status()).isEqualTo(400);
      assertThat(
              link.person
                  .send("PATCH", "/v1/sources/" + source, "{\"acknowledge\": null}")
                  .status())
          .isEqualTo(400);
      ApiClient stranger = link.server.client().register("other@example.com").client();
      assertThat(
              stranger
                  .send("PATCH", "/v1/sources/" + source, "{\"acknowledge\": \"bronze\"}")
                  .status())
          .isEqualTo(404);
    }
  }

  private static int stored(TestAgent.Stream stream, SourceGap.Builder gap) {
    stream.send(AgentFrame.newBuilder().setGap(gap));
    PlatformFrame frame = stream.next();
    while (!frame.hasGapStored()) {
      frame = stream.next();
    }
    return frame.getGapStored().getRevision();
  }

  private static JsonNode gaps(String source) {
    return link.person.get("/v1/sources/" + source + "/gaps").body().get("data");
  }

  private static JsonNode source(String source) {
    return link.person.get("/v1/sources/" + source).body();
  }
}
