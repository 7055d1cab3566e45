package io.claritystream.agent;

import io.claritystream.protocol.link.SourceState;
import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a running agent says of its sources and of the platform: a change once, and what lasts
/// again at growing intervals.
final class Announcements {
  private static final List<Duration> AGAIN_AFTER =
      List.of(
          Duration.ofMinutes(1),
          Duration.ofMinutes(5),
          Duration.ofMinutes(15),
          Duration.ofHours(1));
  private static final int WORDS_MAX = 20;

  /// A source that connects a little later than the others is not refused.
  private static final Duration REFUSED_AFTER = Duration.ofSeconds(10);
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT);

  private final PrintStream events;
  private final boolean json;
  private final Clock clock;
  private final Map<String, String> told = new HashMap<>();
  private final Map<String, Instant> refusedSince = new HashMap<>();
  private final Map<String, String> refusals = new HashMap<>();
  private final Set<String> troubles = new HashSet<>();
  private @Nullable Instant awaySince;
  private Instant againAt = Instant.MAX;
  private int times;

  Announcements(PrintStream events, boolean json, Clock clock) {
    this.events = events;
    this.json = json;
    this.clock = clock;
  }

  void ready(boolean anySource, String called) {
    tell(new Json().object().field("event", "ready").end().toString(), "running, Ctrl-C stops it");
    if (!anySource && !json) {
      tell(
          "",
          "no source yet; add one in another terminal, this agent takes it up by itself:\n  "
              + called
              + " source add NAME --host HOST --database DATABASE --user USER");
    }
  }

  void halfRemoved(String name, String called) {
    tell(
        new Json()
            .object()
            .field("event", "source")
            .field("name", name)
            .field("state", "half_removed")
            .end()
            .toString(),
        "the removal of source "
            + name
            + " was interrupted and its database may keep its log for it; finish it: "
            + called
            + " source remove "
            + name);
  }

  void of(List<SourceReport> reports) {
    // Where one source is connected, the platform is there: the trouble of another is its own.
    var there = reports.stream().anyMatch(SourceReport::connected);
    platform(
        there
            ? ""
            : reports.stream()
                .map(SourceReport::trouble)
                .filter(trouble -> !trouble.isEmpty())
                .findFirst()
                .orElse(""));
    for (var report : reports) {
      source(report);
      refused(report, there ? report.trouble() : "");
    }
  }

  /// What keeps one source alone from being sent, once it has lasted.
  private void refused(SourceReport report, String trouble) {
    if (trouble.isEmpty()) {
      if (refusedSince.remove(report.name()) != null) {
        refusals.remove(report.name());
      }
      return;
    }
    var since = refusedSince.computeIfAbsent(report.name(), _ -> clock.instant());
    if (clock.instant().isBefore(since.plus(REFUSED_AFTER))
        || trouble.equals(refusals.put(report.name(), trouble))) {
      return;
    }
    tell(
        new Json()
            .object()
            .field("event", "source")
            .field("name", report.name())
            .field("state", "refused")
            .field("trouble", trouble)
            .end()
            .toString(),
        "nothing of source " + report.name() + " can be sent: " + trouble);
  }

  private void source(SourceReport report) {
    var state = report.state().name().toLowerCase(Locale.ROOT);
    var words = state + (report.detail().isEmpty() ? "" : ": " + report.detail());
    if (words.equals(told.put(report.name(), words))
        || report.state() == SourceState.STATE_UNSPECIFIED) {
      return;
    }
    tell(
        new Json()
            .object()
            .field("event", "source")
            .field("name", report.name())
            .field("state", state)
            .field("detail", report.detail())
            .field("trouble", report.trouble())
            .end()
            .toString(),
        "source " + report.name() + " is " + words);
  }

  /// The same absence has several faces, one after the other and again: each is shown once.
  private void platform(String trouble) {
    var now = clock.instant();
    var since = awaySince;
    if (trouble.isEmpty()) {
      if (since != null) {
        awaySince = null;
        var lasted = Duration.between(since, now);
        platform(
            "back", lasted, "", "the platform is back after " + words(lasted) + "; sending again");
      }
      return;
    }
    if (since == null) {
      awaySince = now;
      times = 0;
      troubles.clear();
      troubles.add(trouble);
      againAt = now.plus(AGAIN_AFTER.getFirst());
      platform(
          "away",
          Duration.ZERO,
          trouble,
          "nothing can be sent: " + trouble + "; what is captured waits in the spool");
      return;
    }
    var lasts = Duration.between(since, now);
    var fresh = troubles.size() < WORDS_MAX && troubles.add(trouble);
    if (!fresh && now.isBefore(againAt)) {
      return;
    }
    if (!now.isBefore(againAt)) {
      times++;
      againAt = now.plus(AGAIN_AFTER.get(Math.min(times, AGAIN_AFTER.size() - 1)));
    }
    platform(
        "away",
        lasts,
        trouble,
        "still nothing can be sent, for " + words(lasts) + " now: " + trouble);
  }

  private void platform(String state, Duration lasts, String trouble, String words) {
    tell(
        new Json()
            .object()
            .field("event", "platform")
            .field("state", state)
            .field("for_s", lasts.toSeconds())
            .field("trouble", trouble)
            .end()
            .toString(),
        words);
  }

  static String words(Duration duration) {
    var seconds = duration.toSeconds();
    if (seconds < 120) {
      return seconds + " s";
    }
    if (seconds < 2 * 3_600) {
      return seconds / 60 + " min";
    }
    return seconds < 2 * 86_400 ? seconds / 3_600 + " h" : seconds / 86_400 + " days";
  }

  /// As the log begins its lines too, so that both read as one.
  private void tell(String asJson, String words) {
    events.println(
        json ? asJson : TIME.format(clock.instant().atZone(ZoneId.systemDefault())) + "  " + words);
    events.flush();
  }
}
