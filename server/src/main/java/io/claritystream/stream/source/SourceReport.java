package io.claritystream.stream.source;

import io.claritystream.base.http.LineOfText;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What an agent last said of a source. Numbers and texts are the agent's, and so are bounded here:
/// a page can show whatever comes, and one agent's report never keeps others from being written.
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

  /// Up to here a browser counts exactly.
  static final long NUMBER_MAX = (1L << 53) - 1;

  public SourceReport {
    detail = LineOfText.told(detail, DETAIL_LENGTH_MAX);
    position = LineOfText.made(position, POSITION_LENGTH_MAX);
    capturedSeq = number(capturedSeq);
    spoolBytes = number(spoolBytes);
    spoolLimitBytes = number(spoolLimitBytes);
    lagBytes = number(lagBytes);
    if (lastCommitAt != null && lastCommitAt.isBefore(Instant.EPOCH)) {
      lastCommitAt = null;
    }
  }

  /// The same, as it can have been said at that time: what a fast clock at the site has put into
  /// the future has just happened.
  public SourceReport at(Instant now) {
    return lastCommitAt == null || !lastCommitAt.isAfter(now)
        ? this
        : new SourceReport(
            state,
            detail,
            capturedSeq,
            spoolBytes,
            spoolLimitBytes,
            lagBytes,
            now,
            snapshot,
            position);
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
  public record Snapshot(int tablesDone, int tablesTotal, long rows) {
    public Snapshot {
      tablesTotal = Math.max(0, tablesTotal);
      tablesDone = Math.clamp(tablesDone, 0, tablesTotal);
      rows = number(rows);
    }
  }

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

  private static long number(long said) {
    return Math.clamp(said, 0, NUMBER_MAX);
  }
}
