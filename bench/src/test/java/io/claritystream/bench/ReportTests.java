package io.claritystream.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTests {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final Report report =
      new Report("ingest", new PrintStream(bytes, true, StandardCharsets.UTF_8));

  @Test
  void the_last_line_is_one_flat_object() throws Exception {
    report.table("Title", List.of("a", "b"), List.of(List.of("x", "1")));
    report
        .figure("events_per_s", 20_084.8821)
        .figure("rows", 7L)
        .figure("rss_mb_load generator", 1.0);
    report.json();
    String last = bytes.toString(StandardCharsets.UTF_8).lines().reduce("", (_, line) -> line);
    assertThat(last)
        .isEqualTo(
            "{\"bench\":\"ingest\",\"events_per_s\":20084.882,\"rows\":7,"
                + "\"rss_mb_load_generator\":1.0}");
  }

  @Test
  void columns_of_numbers_stand_below_one_another() {
    report.table(
        "Title", List.of("name", "ms"), List.of(List.of("a", "5.0"), List.of("longer", "1,000.0")));
    assertThat(bytes.toString(StandardCharsets.UTF_8).lines().toList())
        .containsExactly(
            "",
            "Title",
            "",
            "  name         ms",
            "  ---------------",
            "  a           5.0",
            "  longer  1,000.0");
  }
}
