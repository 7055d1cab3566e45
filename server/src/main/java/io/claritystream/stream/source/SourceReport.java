package io.claritystream.stream.source;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What an agent last said of a source. Numbers and texts are the agent's, and so are bounded here.
public record SourceReport(
    State state,
    String detail,
    long capturedSeq,
    long spoolBytes,
    long spoolLimitBytes,
    long lagBytes,
    @Nullable Instant lastCommitAt,
    @Nullable Snapshot snapshot,
    String position) {

  private static final int DETAIL_LENGTH_MAX = 1_000;
  private static final int POSITION_LENGTH_MAX = 200;
  private static final Instant LATEST = Instant.parse("2200-01-01T00:00:00Z");

  public SourceReport {
    detail = bounded(detail, DETAIL_LENGTH_MAX);
    position = bounded(position, POSITION_LENGTH_MAX);
    if (lastCommitAt != null
        && (lastCommitAt.isBefore(Instant.EPOCH) || lastCommitAt.isAfter(LATEST))) {
      lastCommitAt = null;
    }
  }

  /// The states as the API has them.
  public enum State {
    SNAPSHOTTING,
    STREAMING,
    WAITING,
    STOPPED,
    FAILED,
    OFFLINE
  }

  /// How far the first copy of the tables has come.
  public record Snapshot(int tablesDone, int tablesTotal, long rows) {}

  /// Before an agent has said anything, and when it has gone.
  static SourceReport of(State state) {
    return new SourceReport(state, "", 0, 0, 0, 0, null, null, "");
  }

  SourceReport in(State other) {
    return new SourceReport(
        other,
        detail,
        capturedSeq,
        spoolBytes,
        spoolLimitBytes,
        lagBytes,
        lastCommitAt,
        snapshot,
        position);
  }

  private static String bounded(String text, int length) {
    String storable = text.replace("\u0000", "");
    return storable.length() <= length ? storable : storable.substring(0, length);
  }
}
