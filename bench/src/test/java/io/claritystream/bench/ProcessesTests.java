package io.claritystream.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProcessesTests {
  private static final long OWN = ProcessHandle.current().pid();

  @Test
  void cpu_time_that_was_spent_is_seen() {
    Processes.Use before = Processes.of(Map.of("tests", OWN)).get("tests");
    long end = System.nanoTime() + 300_000_000;
    double sink = 0;
    while (System.nanoTime() < end) {
      sink += Math.sqrt(System.nanoTime());
    }
    Processes.Use spent = Processes.of(Map.of("tests", OWN)).get("tests").since(before);
    assertThat(sink).isPositive();
    assertThat(spent.cpuS()).isBetween(0.05, 20.0);
  }

  @Test
  void a_program_is_its_process_with_its_descendants_that_are_not_programs_themselves()
      throws IOException {
    Process child = new ProcessBuilder("sleep", "60").start();
    try {
      Map<String, Processes.Use> apart = Processes.of(Map.of("tests", OWN, "child", child.pid()));
      Map<String, Processes.Use> together = Processes.of(Map.of("tests", OWN));
      assertThat(apart.get("child").processes()).isEqualTo(1);
      assertThat(together.get("tests").processes()).isEqualTo(apart.get("tests").processes() + 1);
    } finally {
      child.destroyForcibly();
    }
  }

  @Test
  void memory_shared_with_others_is_counted_in_part() {
    Processes.Use use = Processes.of(Map.of("tests", OWN)).get("tests");
    assertThat(use.rssKb()).isGreaterThan(20_000);
    assertThat(use.ownKb()).isBetween(10_000L, use.rssKb() + 5_000);
  }

  @Test
  void a_process_name_may_hold_anything() {
    assertThat(Processes.fieldsBehindName("42 (a) b (c) S 7 1 1"))
        .containsExactly("S", "7", "1", "1");
  }
}
