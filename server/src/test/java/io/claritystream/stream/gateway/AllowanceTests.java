package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class AllowanceTests {

  private final Time time = new Time();
  private final Allowance allowance = new Allowance(6, time);
  private final UUID source = UUID.randomUUID();

  @Test
  void aSourceHasSoManyAtOnceAndTheNextAsTimePasses() {
    for (int i = 0; i < 6; i++) {
      assertThat(allowance.admits(source)).isTrue();
    }
    assertThat(allowance.admits(source)).isFalse();

    time.pass(Duration.ofMinutes(9));
    assertThat(allowance.admits(source)).isFalse();
    time.pass(Duration.ofMinutes(1));
    assertThat(allowance.admits(source)).isTrue();
    assertThat(allowance.admits(source)).isFalse();
  }

  @Test
  void eachSourceHasItsOwn() {
    while (allowance.admits(source)) {
      assertThat(allowance.admits(UUID.randomUUID())).isTrue();
    }
    assertThat(allowance.admits(UUID.randomUUID())).isTrue();
  }

  private static final class Time implements TimeMeter {
    private long now;

    void pass(Duration duration) {
      now += duration.toNanos();
    }

    @Override
    public long currentTimeNanos() {
      return now;
    }

    @Override
    public boolean isWallClockBased() {
      return false;
    }
  }
}
