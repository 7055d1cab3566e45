package io.claritystream.stream.gateway;

import io.claritystream.protocol.link.SnapshotProgress;
import io.claritystream.protocol.link.SnapshotState;
import io.claritystream.protocol.link.SourceGap;
import io.claritystream.protocol.link.SourceStatus;
import io.claritystream.stream.source.SourceGaps;
import io.claritystream.stream.source.SourceReport;
import io.claritystream.stream.source.SourceSnapshots;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Reads what an agent reports.
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

  /// A gap as it was told, if it can be one.
  static Optional<SourceGaps.Gap> read(SourceGap gap) {
    Instant noticedAt = time(gap.getNoticedAtUs());
    try {
      return noticedAt == null
          ? Optional.empty()
          : Optional.of(
              new SourceGaps.Gap(
                  UUID.fromString(gap.getGapId()),
                  gap.getRevision(),
                  switch (gap.getCause()) {
                    case SLOT_DROPPED -> "slot_dropped";
                    case SLOT_MOVED -> "slot_moved";
                    case SLOT_INVALIDATED -> "slot_invalidated";
                    case LOG_DIVERGED -> "log_diverged";
                    case SPOOL_LOST -> "spool_lost";
                    case PUBLICATION_CHANGED -> "publication_changed";
                    case LOG_UNDECODABLE -> "log_undecodable";
                    case GAP_CAUSE_UNSPECIFIED, UNRECOGNIZED -> "other";
                  },
                  gap.getWords(),
                  gap.getFromPosition(),
                  gap.getToPosition(),
                  noticedAt,
                  time(gap.getRepairedAtUs())));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /// How an ordered snapshot stands, if that can be read.
  static Optional<SourceSnapshots.Told> read(SnapshotState told) {
    try {
      return Optional.of(
          new SourceSnapshots.Told(
              UUID.fromString(told.getOrderId()),
              switch (told.getStage()) {
                case RUNNING -> SourceSnapshots.State.RUNNING;
                case DONE -> SourceSnapshots.State.DONE;
                case FAILED_FOR_GOOD -> SourceSnapshots.State.FAILED;
                case ASKED, STAGE_UNSPECIFIED, UNRECOGNIZED -> SourceSnapshots.State.ASKED;
              },
              told.getReason(),
              Math.max(0, told.getTablesDone()),
              Math.max(0, told.getTablesTotal())));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
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
