package io.claritystream.maestro.engine;

import io.claritystream.base.process.LastResort;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntPredicate;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes what executions did durable, in groups: while one group commits, the next gathers. Whoever
/// gives an entry waits for its outcome, so an execution never has two on their way.
///
/// A group costs the database as much as some ten entries do, whatever it holds. So there is no
/// timer, and alone an entry is written at once; but beside a commit that is under way only what is
/// worth one of its own is written.
///
/// When the database is away, groups wait for it as long as this node's lease may still stand, and
/// are written again: nothing is told to be committed that is not.
final class Journal implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Journal.class);
  private static final int GROUP_MAX = 400;

  /// So many entries are worth a commit of their own beside another.
  private static final int WORTH_A_COMMIT = 64;

  /// Nobody forgets to wake who gathers; if it were forgotten, entries would wait so long.
  private static final long GATHER_MAX_NS = TimeUnit.MILLISECONDS.toNanos(20);

  private static final int WAITING_MAX = 10_000;
  private static final int GROUP_CHARS_MAX = 8 * 1024 * 1024;

  /// What waits may hold so much in all, in portions: most entries are one.
  private static final int PORTION_CHARS = 4 * 1024;

  private static final int PORTIONS_MAX = 32 * 1024 * 1024 / PORTION_CHARS;
  private static final long AGAIN_AFTER_MS = 50;

  private final DataSource engine;
  private final @Nullable EventEncoder events;
  private final IntPredicate stands;
  private final Runnable written;
  private final BlockingQueue<Written> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
  private final Semaphore room = new Semaphore(PORTIONS_MAX);
  private final List<Thread> writers = new ArrayList<>();

  /// Held by the one writer that gathers.
  private final ReentrantLock turn = new ReentrantLock();

  private final AtomicInteger underWay = new AtomicInteger();
  private volatile @Nullable Thread gathers;
  private final int writersCount;
  private final Timer commits;
  private final DistributionSummary groups;
  private volatile boolean closing;

  /// @param node as which it was made; an entry of a node that has ended is lost
  /// @param chars that it holds
  private record Written(JournalEntry entry, int node, long chars) {
    /// Of the room for what waits.
    private int portions() {
      return (int) Math.min(PORTIONS_MAX, 1 + chars / PORTION_CHARS);
    }
  }

  /// @param events null if nobody is told of executions
  /// @param stands whether a node's lease may still stand
  /// @param written told after each commit that there is something in the outbox
  Journal(
      DataSource engine,
      @Nullable EventEncoder events,
      IntPredicate stands,
      Runnable written,
      int writers,
      MeterRegistry meters) {
    this.engine = engine;
    this.events = events;
    this.stands = stands;
    this.written = written;
    this.writersCount = writers;
    this.commits =
        Timer.builder("clarity_maestro_commit_seconds")
            .description("One group of journal entries, written and durable")
            .register(meters);
    this.groups =
        DistributionSummary.builder("clarity_maestro_commit_entries")
            .description("Journal entries in one group")
            .register(meters);
  }

  void start() {
    for (var i = 0; i < writersCount; i++) {
      writers.add(Thread.ofPlatform().daemon().name("maestro-journal-" + i).start(this::writeAll));
    }
  }

  /// Gives an entry and waits for what becomes of it.
  JournalEntry.Outcome write(JournalEntry entry, int node) {
    give(entry, node);
    return entry.await();
  }

  /// Gives an entry; its maker waits later. Holds the caller while too many wait, or too much.
  void give(JournalEntry entry, int node) {
    var written = new Written(entry, node, LogLine.chars(entry.lines));
    var interrupted = false;
    var admitted = false;
    while (true) {
      if (closing) {
        entry.lost();
        break;
      }
      try {
        admitted = admitted || room.tryAcquire(written.portions(), 1, TimeUnit.SECONDS);
        if (admitted && waiting.offer(written, 1, TimeUnit.SECONDS)) {
          if (waiting.size() >= WORTH_A_COMMIT) {
            wakeWhoGathers();
          }
          if (closing && waiting.remove(written)) {
            // Whoever closes has looked for what is left by now.
            entry.lost();
          }
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void writeAll() {
    var taken = new ArrayList<Written>(GROUP_MAX);
    while (true) {
      try {
        if (!gather(taken)) {
          if (closing) {
            return;
          }
          continue;
        }
        try {
          writeTaken(taken);
        } finally {
          underWay.decrementAndGet();
          wakeWhoGathers();
        }
      } catch (InterruptedException e) {
        log.debug("journal writer ends");
        taken.forEach(written -> written.entry.lost());
        return;
      } catch (RuntimeException | Error e) {
        LastResort.endUnlessPassing(e);
        log.error("journal group failed: entries={}", taken.size(), e);
        taken.forEach(written -> written.entry.refused(new IllegalStateException(e)));
      } finally {
        taken.forEach(written -> room.release(written.portions()));
        taken.clear();
      }
    }
  }

  /// Takes the next group, which is under way then.
  ///
  /// @return false if there was none for a while
  private boolean gather(List<Written> taken) throws InterruptedException {
    turn.lockInterruptibly();
    try {
      var first = waiting.poll(100, TimeUnit.MILLISECONDS);
      if (first == null) {
        return false;
      }
      taken.add(first);
      gathers = Thread.currentThread();
      var untilNs = System.nanoTime() + GATHER_MAX_NS;
      while (underWay.get() > 0 && waiting.size() < WORTH_A_COMMIT) {
        var leftNs = untilNs - System.nanoTime();
        if (leftNs <= 0) {
          break;
        }
        LockSupport.parkNanos(this, leftNs);
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
      gathers = null;
      waiting.drainTo(taken, GROUP_MAX - 1);
      underWay.incrementAndGet();
      return true;
    } finally {
      gathers = null;
      turn.unlock();
    }
  }

  private void wakeWhoGathers() {
    var gathering = gathers;
    if (gathering != null) {
      LockSupport.unpark(gathering);
    }
  }

  /// Parts what was taken by node and by size.
  private void writeTaken(List<Written> taken) throws InterruptedException {
    var group = new ArrayList<JournalEntry>(taken.size());
    var node = taken.getFirst().node;
    var chars = 0L;
    for (var written : taken) {
      if (!group.isEmpty() && (written.node != node || chars + written.chars > GROUP_CHARS_MAX)) {
        writeGroup(node, group, false);
        group = new ArrayList<>();
        chars = 0;
      }
      node = written.node;
      chars += written.chars;
      group.add(written.entry);
    }
    writeGroup(node, group, false);
  }

  private void writeGroup(int node, List<JournalEntry> group, boolean again)
      throws InterruptedException {
    var failure = writeOrFail(node, group, again);
    if (failure == null) {
      return;
    }
    if (group.size() == 1) {
      log.error("journal entry is refused: execution={}", group.getFirst().execution, failure);
      group.getFirst().refused(failure);
      return;
    }
    log.warn(
        "journal group is refused, writing its entries one by one: cause={}", failure.toString());
    for (var entry : group) {
      // Carefully: the group may have been written before, when its answer was lost.
      writeGroup(node, List.of(entry), true);
    }
  }

  /// Tells of those of a group that stand, which as a whole did not, or was written before.
  private void tell(Connection connection, int node, List<JournalEntry> standing)
      throws SQLException {
    if (events != null && !standing.isEmpty()) {
      Outbox.add(connection, node, events.encode(standing));
    }
  }

  /// How those who are told of executions are told; null if nobody is.
  @Nullable EventEncoder events() {
    return events;
  }

  /// @return why the database refuses the group; null if it is written or lost
  private @Nullable Exception writeOrFail(int node, List<JournalEntry> group, boolean before)
      throws InterruptedException {
    var told = events == null ? null : events.encode(group);
    var again = before;
    while (true) {
      var startedNs = System.nanoTime();
      try (var connection = engine.getConnection()) {
        var written = JournalCommit.write(connection, node, group, told, again);
        commits.record(System.nanoTime() - startedNs, TimeUnit.NANOSECONDS);
        groups.record(group.size());
        if (!written.told()) {
          tell(
              connection,
              node,
              group.stream().filter(entry -> !written.lost().contains(entry)).toList());
        }
        for (var entry : group) {
          if (written.lost().contains(entry)) {
            entry.lost();
          } else {
            entry.committed();
          }
        }
        this.written.run();
        return null;
      } catch (SQLException e) {
        if (!passing(e)) {
          return e;
        }
        if (closing || !stands.test(node)) {
          log.warn("journal group is lost with its node: node={} cause={}", node, e.toString());
          group.forEach(JournalEntry::lost);
          return null;
        }
        again = true;
        log.info("journal group is written again: cause={}", e.toString());
        TimeUnit.MILLISECONDS.sleep(AGAIN_AFTER_MS);
      }
    }
  }

  /// Whether the fault may be gone the next time: connections, shutdown, locks, resources.
  private static boolean passing(SQLException e) {
    var state = e.getSQLState();
    return e instanceof SQLNonTransientConnectionException
        || e instanceof java.sql.SQLTransientException
        || state == null
        || state.startsWith("08")
        || state.startsWith("53")
        || state.startsWith("57")
        || state.startsWith("40")
        || state.equals("55P03");
  }

  /// Writes what waits, then ends.
  @Override
  public void close() {
    closing = true;
    for (var writer : writers) {
      try {
        if (!writer.join(java.time.Duration.ofSeconds(5))) {
          writer.interrupt();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    for (Written left; (left = waiting.poll()) != null; ) {
      left.entry.lost();
    }
  }
}
