package io.claritystream.maestro.engine;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An entry of an execution's log, which is its journal too.
///
/// @param logId its number within the execution
/// @param attempt of the step
/// @param outputGlimpse null if it is the recorded answer, as it is
/// @param recorded what a step answered, as JSON; null if the entry records nothing
record LogLine(
    int logId,
    Instant timestamp,
    Level level,
    Kind kind,
    @Nullable String step,
    int attempt,
    String message,
    long durationUs,
    @Nullable String inputGlimpse,
    @Nullable String outputGlimpse,
    @Nullable String recorded) {

  /// Beyond this, what is recorded lies apart.
  static final int RECORDED_INLINE_CHARS_MAX = 8_000;

  enum Level {
    INFO("info"),
    WARN("warn"),
    ERROR("error");

    final String key;

    Level(String key) {
      this.key = key;
    }

    static Level of(String key) {
      for (var level : values()) {
        if (level.key.equals(key)) {
          return level;
        }
      }
      throw new IllegalArgumentException("no level " + key);
    }
  }

  /// What an entry says. From the journal of an execution, in order, follows where it stands.
  enum Kind {
    /// The execution was taken in; recorded is what the trigger brought.
    TRIGGER("trigger"),
    /// A step that acts on the world is about to do so.
    INTENT("intent"),
    /// A step succeeded; recorded is what it answered.
    SUCCEEDED("succeeded"),
    /// A step failed for good and was handled: recorded is the error.
    HANDLED("handled"),
    /// A step failed for good.
    FAILED("failed"),
    /// A step failed and is to be tried again.
    RETRY("retry"),
    /// Nobody knows whether a step has acted, and a person is to decide.
    PARKED("parked"),
    /// A person decided what became of a parked step.
    RESOLVED("resolved"),
    /// Something happened to the execution as a whole.
    NOTE("note");

    final String key;

    Kind(String key) {
      this.key = key;
    }

    static Kind of(String key) {
      for (var kind : values()) {
        if (kind.key.equals(key)) {
          return kind;
        }
      }
      throw new IllegalArgumentException("no kind of log entry " + key);
    }
  }

  /// What lines hold: nearly all of it is what is recorded.
  static long chars(List<LogLine> lines) {
    var chars = 0L;
    for (var line : lines) {
      chars += line.recorded == null ? 0 : line.recorded.length();
    }
    return chars;
  }

  boolean apart() {
    return recorded != null && recorded.length() > RECORDED_INLINE_CHARS_MAX;
  }
}
