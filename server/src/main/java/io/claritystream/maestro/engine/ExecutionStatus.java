package io.claritystream.maestro.engine;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// What an execution is.
///
/// | from | to | by | statement |
/// |---|---|---|---|
/// | | pending | it was taken in, and waits for a process | `JournalCommit.ACCEPT` |
/// | | running | it was taken in by a process that works on it at once | `JournalCommit.ACCEPT` |
/// | pending, waiting | running | a process claimed it | `Claims.CLAIM` |
/// | running | waiting | a step is to be tried again later, or a person has to decide |
/// `JournalCommit.PAUSES` |
/// | running | pending | its process was lost, or has left | `NodeLease.RELEASE` |
/// | running | pending | its process holds it and knows nothing of it | `Claims.SET_FREE` |
/// | waiting | pending | a person decided | `Decisions.GO_ON` |
/// | running | success, failed | it came to its end | `JournalCommit.ENDS` |
/// | pending, running, waiting | canceled | a person canceled it | `Interventions.CANCEL` |
///
/// What waited too long, for its turn or for a decision, is claimed and then comes to its end.
/// Nothing leads out of success, failed and canceled: what is tried again is another execution. No
/// other statement changes a status, which a test holds; each says what it starts from, and the
/// table's constraints hold the rest.
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
