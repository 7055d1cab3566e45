package io.claritystream.stream.ingest;

import io.claritystream.stream.bus.Delivery;
import io.claritystream.stream.bus.Lane;
import io.claritystream.stream.ingest.IngestMetrics.Drop;
import io.claritystream.stream.source.DurableMark;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Works one partition, for as long as its lane is this process's: one thread takes records and
/// builds drafts, another commits them.
///
/// It lives in *sessions*. A session begins by reading where the partition stands, and ends when
/// the lane is lost or a transaction is fenced; nothing that was learnt in it outlives it.
final class PartitionWorker {
  private static final Logger log = LoggerFactory.getLogger(PartitionWorker.class);

  private static final Duration IDLE_LOOK = Duration.ofMillis(500);
  private static final Duration SEEK_MAX = Duration.ofSeconds(30);

  /// How often the transaction of a draft may be refused for what it holds, parted and all.
  private static final int REFUSALS_MAX = 3;

  private final Lane lane;
  private final Ingest ingest;
  private final Backoff backoff = new Backoff();
  private final OpenPages pages;
  private final Suspects suspects = new Suspects();

  /// Records before this offset are committed one by one: one of them spoils what it is with.
  private volatile long singlyBefore;

  PartitionWorker(Lane lane, Ingest ingest) {
    this.lane = lane;
    this.ingest = ingest;
    pages = new OpenPages(ingest.service(), ingest.models(), ingest.live());
  }

  void run() {
    var unwatch = ingest.metrics().watch(lane);
    try {
      while (!lane.lost()) {
        try {
          new Session(position()).run();
        } catch (SQLException
            | RuntimeException
            | ExecutionException
            | TimeoutException
            | Error e) {
          if (!lane.lost()) {
            report("partition cannot be worked, beginning again", e);
          }
        }
        rest(backoff.next());
      }
    } catch (InterruptedException e) {
      // Only the end of the process interrupts.
    } finally {
      unwatch.run();
    }
  }

  private long position() throws SQLException {
    try (var connection = ingest.service().getConnection()) {
      return ingest
          .checkpoints()
          .position(connection, lane.topicId(), lane.partition(), ingest.clock().instant());
    }
  }

  private void rest(Duration pause) throws InterruptedException {
    var endNs = System.nanoTime() + pause.toNanos();
    while (!lane.lost() && System.nanoTime() < endNs) {
      TimeUnit.MILLISECONDS.sleep(Math.min(20, pause.toMillis() + 1));
    }
  }

  private void report(String what, Throwable failure) {
    var fault = Fault.of(failure);
    ingest.metrics().failed(fault);
    if (fault == Fault.PASSING) {
      log.warn("{}: partition={} cause={}", what, lane.partition(), failure.toString());
    } else {
      log.error("{}: partition={}", what, lane.partition(), failure);
    }
  }

  /// From one reading of the position to the next.
  private final class Session {
    private final Handover handover = new Handover();
    private final ArrayDeque<Draft> free = new ArrayDeque<>();
    private final Admission admission = new Admission(lane, ingest, suspects);
    private final Pace pace = new Pace(System.nanoTime());

    /// Where the fence will stand once all drafts that were handed over are committed.
    private long fence;

    private volatile long commitNs;

    private Session(long fence) {
      this.fence = fence;
      free.add(new Draft());
      free.add(new Draft());
    }

    private void run()
        throws InterruptedException, ExecutionException, TimeoutException, SQLException {
      try {
        var offset = lane.seek(fence).get(SEEK_MAX.toMillis(), TimeUnit.MILLISECONDS);
        log.info("partition is read: partition={} from={}", lane.partition(), offset);
      } catch (CancellationException e) {
        return;
      }
      var committer =
          Thread.ofPlatform().name("ingest-commit-" + lane.partition()).start(this::commitAll);
      try {
        while (!lane.lost() && !handover.ended()) {
          build();
        }
      } finally {
        handover.end();
        committer.interrupt();
        committer.join();
      }
    }

    /// One draft, from its first record until it is handed over.
    private void build() throws InterruptedException, SQLException {
      var first = lane.poll(IDLE_LOOK.toNanos());
      if (first == null) {
        return;
      }
      // Two take turns: while one is with the committer the other is here.
      var draft = free.remove();
      free.add(draft);
      draft.begin(fence);
      take(draft, first);
      gather(draft);
      pace.taken(draft.events(), System.nanoTime());
      if (handover.give(draft)) {
        fence = draft.nextOffset();
      }
    }

    private void gather(Draft draft) throws InterruptedException, SQLException {
      pace.committed(commitNs);
      var endNs = System.nanoTime() + pace.waitNs();
      while (!draft.full() && draft.nextOffset() >= singlyBefore) {
        var leftNs = draft.urgent() ? 0 : endNs - System.nanoTime();
        if (leftNs <= 0 && handover.idle()) {
          return;
        }
        var next = lane.poll(Math.max(0, leftNs));
        if (next == null) {
          return;
        }
        take(draft, next);
      }
    }

    private void take(Draft draft, Delivery delivery) throws SQLException {
      Drop dropped;
      try {
        dropped = admission.admit(draft, delivery);
      } catch (SQLException | RuntimeException | Error e) {
        if (Fault.of(e) == Fault.DATA) {
          suspects.failed(delivery.offset());
        }
        throw e;
      }
      draft.dealtWith(delivery.offset());
      if (dropped != null) {
        ingest.metrics().dropped(dropped);
      }
    }

    /// The committing thread's whole life.
    private void commitAll() {
      try {
        for (var draft = handover.take(); draft != null; draft = handover.take()) {
          if (!commit(draft)) {
            return;
          }
          handover.committed();
        }
      } catch (InterruptedException e) {
        // The session is over; the draft at hand is built again in the next.
      } finally {
        handover.end();
      }
    }

    /// Until it is committed. False: it never will be, or nothing that was built on it.
    private boolean commit(Draft draft) throws InterruptedException {
      var pauses = new Backoff();
      var refusals = 0;
      while (!lane.lost()) {
        try {
          var startedNs = System.nanoTime();
          var outcome = ingest.transaction().run(lane.topicId(), lane.partition(), draft);
          switch (outcome) {
            case IngestTransaction.Outcome.Committed committed -> {
              commitNs = System.nanoTime() - startedNs;
              ingest.metrics().committed(draft.events(), Duration.ofNanos(commitNs));
              backoff.reset();
              suspects.committedBefore(draft.nextOffset());
              publish(draft);
              pages.tell(committed);
              return !committed.detached();
            }
            case IngestTransaction.Outcome.Singly() -> {
              part(draft);
              return false;
            }
            case IngestTransaction.Outcome.Fenced(var what) -> {
              log.warn("another one has moved on, reading anew: {} what={}", lane, what);
              ingest.metrics().fenced();
              return false;
            }
          }
        } catch (SQLException | RuntimeException | Error e) {
          report("transaction failed and is tried again", e);
          ingest.partitions().forget();
          if (Fault.of(e) == Fault.DATA && !handover.ended() && ++refusals >= REFUSALS_MAX) {
            part(draft);
            return false;
          }
          rest(pauses.next());
        }
      }
      return false;
    }

    /// No single event is guilty of what the draft is refused for, so its records are tried one by
    /// one; and one that is alone already is.
    private void part(Draft draft) {
      if (draft.records() > 1) {
        singlyBefore = draft.nextOffset();
        return;
      }
      suspects.failedAlone(draft.nextOffset() - 1);
    }

    private void publish(Draft draft) {
      for (var move : draft.moves()) {
        var mark = move.after();
        ingest
            .marks()
            .committed(
                new DurableMark(move.line().sourceId(), mark.epoch(), mark.session(), mark.seq()));
      }
    }
  }
}
