package io.claritystream.stream.gateway;

import io.claritystream.protocol.link.SnapshotProgress;
import io.claritystream.protocol.link.SourceStatus;
import io.claritystream.stream.source.SourceReport;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Reads a status frame.
final class Reports {
  private Reports() {}

  static SourceReport read(SourceStatus status) {
    return new SourceReport(
        switch (status.getState()) {
          case SNAPSHOTTING -> SourceReport.State.SNAPSHOTTING;
          case STREAMING -> SourceReport.State.STREAMING;
          case STOPPED -> SourceReport.State.STOPPED;
          case FAILED -> SourceReport.State.FAILED;
          case WAITING, STATE_UNSPECIFIED, UNRECOGNIZED -> SourceReport.State.WAITING;
        },
        status.getDetail(),
        status.getCapturedSeq(),
        status.getSpoolBytes(),
        status.getSpoolLimitBytes(),
        status.getLagBytes(),
        time(status.getLastCommitAtUs()),
        status.hasSnapshot() ? snapshot(status.getSnapshot()) : null,
        status.getPosition());
  }

  private static SourceReport.Snapshot snapshot(SnapshotProgress progress) {
    return new SourceReport.Snapshot(
        progress.getTablesDone(), progress.getTablesTotal(), progress.getRows());
  }

  private static @Nullable Instant time(long microseconds) {
    return microseconds <= 0
        ? null
        : Instant.ofEpochSecond(
            TimeUnit.MICROSECONDS.toSeconds(microseconds),
            TimeUnit.MICROSECONDS.toNanos(microseconds % TimeUnit.SECONDS.toMicros(1)));
  }
}
