package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.protocol.link.SourceState;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnnouncementsTests {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final Announcements announcements =
      new Announcements(
          new PrintStream(out, true, StandardCharsets.UTF_8),
          false,
          new Clock() {
            @Override
            public ZoneId getZone() {
              return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
              return this;
            }

            @Override
            public Instant instant() {
              return now;
            }
          });

  private static SourceReport source(String detail, String trouble) {
    return source("plant", detail, trouble);
  }

  private static SourceReport source(String name, String detail, String trouble) {
    return new SourceReport(
        name,
        SourceState.STREAMING,
        detail,
        List.of(),
        trouble.isEmpty(),
        trouble,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0);
  }

  private List<String> said() {
    var text = out.toString(StandardCharsets.UTF_8);
    out.reset();
    return text.lines().map(line -> line.replaceFirst("^[-0-9]{10} [:0-9]{8}  ", "")).toList();
  }

  @Test
  void aPlatformThatIsAwayIsSaidOnceThenAtGrowingIntervalsAndWhenItIsBack() {
    announcements.of(List.of(source("", ""), source("", "")));
    assertThat(said()).containsExactly("source plant is streaming");
    var lines = 0;
    for (var second = 0; second < 3_600; second++) {
      var face = second % 2 == 0 ? "nothing answers at x" : "the platform at x cannot be reached";
      announcements.of(List.of(source("", face), source("", face)));
      var said = said();
      lines += said.size();
      if (second == 0) {
        assertThat(said)
            .containsExactly(
                "nothing can be sent: nothing answers at x; what is captured waits in the spool");
      }
      if (second == 60) {
        assertThat(said)
            .containsExactly("still nothing can be sent, for 60 s now: nothing answers at x");
      }
      now = now.plusSeconds(1);
    }
    assertThat(lines).as("two faces, then after 1, 6 and 21 minutes").isEqualTo(5);
    announcements.of(List.of(source("", "")));
    assertThat(said()).containsExactly("the platform is back after 60 min; sending again");
  }

  @Test
  void theTroubleOfOneSourceIsNotToldAsThePlatformsAbsence() {
    for (var second = 0; second < 30; second++) {
      announcements.of(List.of(source("", ""), source("valve", "", "it is not this agent's")));
      now = now.plusSeconds(1);
    }
    assertThat(said())
        .containsExactly(
            "source plant is streaming",
            "source valve is streaming",
            "nothing of source valve can be sent: it is not this agent's");
  }

  @Test
  void theSameStateIsNotSaidAgain() {
    announcements.of(List.of(source("as before", "")));
    now = now.plus(Duration.ofHours(1));
    announcements.of(List.of(source("as before", "")));
    assertThat(said()).containsExactly("source plant is streaming: as before");
  }

  @Test
  void anAgentWithoutSourcesSaysWhatToDoNext() {
    announcements.ready(false, "./clarity agent");
    assertThat(String.join("\n", said())).contains("./clarity agent source add NAME --host HOST");
  }
}
