package io.claritystream.agent.uplink;

import io.claritystream.agent.postgres.Gap;
import io.claritystream.agent.postgres.Gaps;
import io.claritystream.agent.postgres.Progress;
import io.claritystream.agent.postgres.SnapshotOrders;
import io.claritystream.agent.spool.Spool;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.link.AgentFrame;
import io.claritystream.protocol.link.GapStored;
import io.claritystream.protocol.link.SnapshotOrder;
import io.claritystream.protocol.link.SnapshotProgress;
import io.claritystream.protocol.link.SnapshotState;
import io.claritystream.protocol.link.SourceGap;
import io.claritystream.protocol.link.SourceStatus;
import io.claritystream.protocol.text.ShortText;
import io.grpc.stub.ClientCallStreamObserver;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the platform is told of a source beside its events, and says of that: how it stands, what
/// was missed, and what became of the snapshots that were ordered. The sender tells; gRPC's threads
/// bring what is said.
final class Tellings {
  private static final Logger LOG = LoggerFactory.getLogger(Tellings.class);
  static final long EVERY_NS = TimeUnit.SECONDS.toNanos(2);
  private static final int DETAIL_MAX = 1_000;

  private final Progress progress;
  private final Gaps gaps;
  private final SnapshotOrders orders;

  /// Orders of the platform that it was not told the end of over this stream.
  private final Set<String> ordered = ConcurrentHashMap.newKeySet();

  private long toldAtNs;

  Tellings(Progress progress, Gaps gaps, SnapshotOrders orders) {
    this.progress = progress;
    this.gaps = gaps;
    this.orders = orders;
  }

  /// Tells all of it, if it is time.
  ///
  /// @param spool the one that is sent, if there is one
  void tell(ClientCallStreamObserver<AgentFrame> out, @Nullable Spool spool) {
    var nowNs = System.nanoTime();
    if (nowNs - toldAtNs < EVERY_NS || !out.isReady()) {
      return;
    }
    toldAtNs = nowNs;
    var now = progress.now();
    out.onNext(AgentFrame.newBuilder().setStatus(status(now, spool)).build());
    for (var gap : gaps.untold()) {
      out.onNext(AgentFrame.newBuilder().setGap(frame(gap)).build());
    }
    for (var order : orders.all()) {
      if (ordered.contains(order.id())) {
        if (order.ended()) {
          ordered.remove(order.id());
        }
        out.onNext(AgentFrame.newBuilder().setSnapshotState(frame(order, now)).build());
      }
    }
  }

  private static SourceStatus status(Progress.Snapshot now, @Nullable Spool spool) {
    var status =
        SourceStatus.newBuilder()
            .setState(now.state())
            .setDetail(detail(now))
            .setCapturedSeq(now.capturedSeq())
            .setLagBytes(now.lagBytes())
            .setLastCommitAtUs(now.lastCommitAtUs())
            .setPosition(now.position() == 0 ? "" : Lsn.text(now.position()));
    if (spool != null) {
      status.setSpoolBytes(spool.bytes()).setSpoolLimitBytes(spool.bytesMax());
    }
    if (now.tablesTotal() > 0) {
      status.setSnapshot(
          SnapshotProgress.newBuilder()
              .setTablesDone(now.tablesDone())
              .setTablesTotal(now.tablesTotal())
              .setRows(now.rows()));
    }
    return status.build();
  }

  private static String detail(Progress.Snapshot now) {
    var words = now.detail().isEmpty() ? String.join("; ", now.notes()) : now.detail();
    return ShortText.of(words, DETAIL_MAX);
  }

  private static SnapshotState frame(SnapshotOrders.Order order, Progress.Snapshot now) {
    var state =
        SnapshotState.newBuilder()
            .setOrderId(order.id())
            .setReason(order.reason())
            .setStage(
                switch (order.stage()) {
                  case ASKED -> SnapshotState.Stage.ASKED;
                  case RUNNING -> SnapshotState.Stage.RUNNING;
                  case DONE -> SnapshotState.Stage.DONE;
                  case FAILED -> SnapshotState.Stage.FAILED_FOR_GOOD;
                });
    return (order.all()
            ? state.setTablesDone(now.tablesDone()).setTablesTotal(now.tablesTotal())
            : state.setTablesDone(order.done()).setTablesTotal(order.tables().size()))
        .build();
  }

  private static SourceGap frame(Gap gap) {
    return SourceGap.newBuilder()
        .setGapId(gap.id())
        .setRevision(gap.revision())
        .setCause(gap.cause())
        .setWords(gap.words())
        .setFromPosition(gap.from() == 0 ? "" : Lsn.text(gap.from()))
        .setToPosition(gap.to() == 0 ? "" : Lsn.text(gap.to()))
        .setNoticedAtUs(gap.noticedAtUs())
        .setRepairedAtUs(gap.repairedAtUs())
        .build();
  }

  /// The platform orders a snapshot.
  void ordered(SnapshotOrder order) {
    try {
      orders.take(order.getOrderId(), order.getTablesList());
      ordered.add(order.getOrderId());
    } catch (IOException e) {
      // It is ordered again.
      LOG.warn("an order of the platform cannot be written down: {}", e.getMessage());
    }
  }

  /// The platform has a gap.
  void stored(GapStored told) {
    try {
      gaps.told(told.getGapId(), told.getRevision());
    } catch (IOException e) {
      // It is told again then, which harms nobody.
      LOG.warn("a gap that the platform has is not forgotten: {}", e.getMessage());
    }
  }
}
