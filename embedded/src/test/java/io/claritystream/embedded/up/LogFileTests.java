package io.claritystream.embedded.up;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogFileTests {
  @TempDir Path temporary;

  @Test
  void goes_on_where_the_last_run_ended() throws IOException {
    Path file = temporary.resolve("a.log");
    new LogFile(file).append("one");
    new LogFile(file).append("two");
    assertThat(file).content().isEqualTo("one\ntwo\n");
  }

  @Test
  void never_takes_more_than_two_files_of_ten_megabytes() throws IOException {
    Path file = temporary.resolve("a.log");
    LogFile log = new LogFile(file);
    String line = "x".repeat(1 << 20);
    for (int i = 0; i < 35; i++) {
      log.append(line);
    }
    assertThat(Files.size(file)).isLessThan(12L << 20);
    try (var files = Files.list(temporary)) {
      assertThat(files.count()).isEqualTo(2);
    }
  }

  @Test
  void a_place_that_cannot_be_written_to_loses_lines_and_nothing_else() {
    new LogFile(temporary.resolve("missing/a.log")).append("lost");
    assertThat(temporary.resolve("missing")).doesNotExist();
  }
}
