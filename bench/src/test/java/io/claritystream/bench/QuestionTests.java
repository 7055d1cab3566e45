package io.claritystream.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class QuestionTests {
  private static final Instant FROM = Instant.parse("2026-03-02T00:00:00Z");

  @Test
  void four_in_five_ask_for_a_day_of_one_series_and_one_in_five_for_ten_metrics_of_a_site() {
    List<MinuteRows.Line> lines = lines();
    MinuteRows.Span span = new MinuteRows.Span(FROM, FROM.plus(Duration.ofDays(4)));
    Random random = new Random(7);
    int wide = 0;
    for (int n = 0; n < 1_000; n++) {
      Question question = Question.next(random, lines, span);
      assertThat(question.from()).isBetween(span.from(), span.to());
      assertThat(question.to()).isBeforeOrEqualTo(span.to());
      Duration length = Duration.between(question.from(), question.to());
      if (question.wide()) {
        wide++;
        assertThat(question.keys()).hasSize(MinuteRows.METRICS);
        assertThat(question.series()).hasSize(MinuteRows.METRICS * MinuteRows.DEVICES_A_SITE);
        assertThat(length).isEqualTo(Duration.ofHours(1));
        assertThat(question.path())
            .contains("site_id=" + question.siteId(), "key=metric_0&key=metric_1&");
      } else {
        assertThat(question.series()).hasSize(1);
        assertThat(length).isEqualTo(Duration.ofDays(1));
        assertThat(question.path()).contains("device_id=" + question.deviceId());
      }
    }
    assertThat(wide).isBetween(150, 250);
  }

  private static List<MinuteRows.Line> lines() {
    List<MinuteRows.Line> lines = new ArrayList<>();
    for (int site = 0; site < 3; site++) {
      UUID siteId = new UUID(1, site);
      for (int device = 0; device < MinuteRows.DEVICES_A_SITE; device++) {
        for (int metric = 0; metric < MinuteRows.METRICS; metric++) {
          lines.add(
              new MinuteRows.Line(
                  lines.size(), new UUID(2, lines.size() / 10), siteId, "metric_" + metric));
        }
      }
    }
    return lines;
  }
}
