package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinesTests {
  @ParameterizedTest
  @CsvSource({
    "0, 0 ms",
    "400, 400 ms",
    "999, 999 ms",
    "1000, 1 s",
    "12499, 12 s",
    "59600, 1 min",
    "60000, 1 min",
    "597297, 9 min 57 s",
    "3600000, 60 min"
  })
  void a_wait_is_said_as_people_say_it(long ms, String words) {
    assertThat(Lines.inWords(Duration.ofMillis(ms))).isEqualTo(words);
  }
}
