package io.claritystream.maestro.engine;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// What an execution is.
///
/// | from | to | by |
/// |---|---|---|
/// | | pending | it was taken in, and waits for a process |
/// | | running | it was taken in by a process that works on it at once |
/// | pending, waiting | running | a process claimed it |
/// | running | waiting | a step is to be tried again later, or a person has to decide |
/// | running | pending | its process was lost |
/// | waiting | pending | a person decided |
/// | running | success, failed | it came to its end |
/// | pending, running, waiting | canceled | a person canceled it |
/// | pending, waiting | failed | its time was over before it could go on |
///
/// Nothing leads out of success, failed and canceled: what is tried again is another execution. The
/// statements of [JournalCommit], [Claims] and [Interventions] are the transitions, each of which
/// says what it starts from; the table's constraints hold the rest.
public enum ExecutionStatus {
  PENDING(false),
  RUNNING(false),
  WAITING(false),
  SUCCESS(true),
  FAILED(true),
  CANCELED(true);

  private final boolean ended;

  ExecutionStatus(boolean ended) {
    this.ended = ended;
  }

  public boolean ended() {
    return ended;
  }

  @JsonValue
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Throws IllegalArgumentException for a word that is none.
  @JsonCreator
  public static ExecutionStatus of(String key) {
    for (var status : values()) {
      if (status.key().equals(key)) {
        return status;
      }
    }
    throw new IllegalArgumentException("no status " + key);
  }
}
