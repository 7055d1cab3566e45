package io.claritystream.agent.uplink;

import com.google.protobuf.UnsafeByteOperations;
import io.claritystream.agent.postgres.Gaps;
import io.claritystream.agent.postgres.Progress;
import io.claritystream.agent.postgres.Released;
import io.claritystream.agent.postgres.SnapshotOrders;
import io.claritystream.agent.spool.Spool;
import io.claritystream.agent.spool.SpoolDamagedException;
import io.claritystream.agent.spool.SpoolEntry;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.link.AcknowledgeMode;
import io.claritystream.protocol.link.AgentFrame;
import io.claritystream.protocol.link.AgentLinkGrpc;
import io.claritystream.protocol.link.Batch;
import io.claritystream.protocol.link.Hello;
import io.claritystream.protocol.link.PlatformFrame;
import io.claritystream.protocol.link.Refused;
import io.claritystream.protocol.link.Welcome;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The stream of one source to the platform. One thread sends; what comes back is taken in by
/// gRPC's threads and only remembered, for the sender to act on.
///
/// It works for whichever spool is attached. Where none can be continued, it asks the platform for
/// an epoch ([#wantEpoch()]) and tells the [Listener] which one was granted.
public final class Uplink implements AutoCloseable, Released {
  private static final Logger LOG = LoggerFactory.getLogger(Uplink.class);
  private static final int PROTOCOL_VERSION = 1;
  private static final long WELCOME_NS = TimeUnit.SECONDS.toNanos(30);
  private static final long BACKOFF_MIN_MS = 200;
  private static final long BACKOFF_MAX_MS = 30_000;
  private static final long REFUSED_MS = 60_000;

  /// A source that was removed does not come back by being asked for.
  private static final long UNKNOWN_MS = 600_000;

  private static final String UNKNOWN_SOURCE = "unknown_source";
  private static final String REMOVED_THERE =
      "this source was removed on the platform, or belongs to another agent there; its slot still"
          + " holds the database's log: take it out with `source remove NAME` at the agent, and add"
          + " it again if it is to be captured";

  /// Only for what nobody wakes the sender for: the next status.
  private static final long POLL_MS = 500;

  /// Told of what the platform decides; must not wait for the uplink.
  public interface Listener {
    /// The source begins an epoch: from a position of its log, or with a snapshot if that is 0.
    void epochGranted(int epoch, long position, String reason);

    /// The spool gave back something else than was written into it.
    void spoolDamaged(String reason);
  }

  private final String sourceId;
  private final Platform platform;
  private final Tellings tellings;
  private final Listener listener;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by the lock.
  private @Nullable Spool spool;
  private boolean busy;
  private boolean epochWanted;
  private boolean stopped;
  private @Nullable Welcome welcome;
  private long durableTold;
  private long rewindTo = -1;
  private @Nullable Throwable ended;
  private @Nullable Refused refusal;
  private @Nullable Object current;
  private long happened;

  // The sender's own.
  private final InFlight inFlight = new InFlight();
  private Channel over;

  private volatile long durableSeq;

  /// Whether the platform has said it of the spool that is attached.
  private volatile boolean durableKnown;
  private volatile byte[] durableDigest = new byte[0];
  private volatile long releasedPosition;
  private volatile long sentSeq;
  private volatile AcknowledgeMode acknowledge = AcknowledgeMode.ACKNOWLEDGE_BRONZE;
  private volatile boolean connected;
  private volatile String trouble = "";

  public Uplink(
      String sourceId,
      Platform platform,
      Progress progress,
      Gaps gaps,
      SnapshotOrders orders,
      Listener listener) {
    this.sourceId = sourceId;
    this.platform = platform;
    tellings = new Tellings(progress, gaps, orders);
    this.listener = listener;
    over = platform.channel();
    thread = Thread.ofPlatform().name("uplink").daemon().unstarted(this::run);
  }

  public Uplink start() {
    thread.start();
    return this;
  }

  /// What is sent from now on.
  public void attach(Spool now) {
    lock.lock();
    try {
      spool = now;
      epochWanted = false;
      durableKnown = false;
      durableSeq = 0;
      durableTold = 0;
      durableDigest = new byte[0];
      releasedPosition = 0;
      sentSeq = 0;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Nothing of the spool is read once this returns.
  public void detach() throws InterruptedException {
    lock.lock();
    try {
      spool = null;
      changed.signalAll();
      while (busy) {
        changed.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /// There is no spool that could be continued.
  public void wantEpoch() {
    lock.lock();
    try {
      epochWanted = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long seq() {
    var now = attached();
    return acknowledge == AcknowledgeMode.ACKNOWLEDGE_SPOOL && now != null
        ? now.tailSeq()
        : durableSeq;
  }

  @Override
  public long position() {
    var now = attached();
    return acknowledge == AcknowledgeMode.ACKNOWLEDGE_SPOOL && now != null
        ? now.tailMark().endPosition()
        : releasedPosition;
  }

  @Override
  public boolean durable() {
    return acknowledge != AcknowledgeMode.ACKNOWLEDGE_SPOOL;
  }

  @Override
  public long durablePosition() {
    return releasedPosition;
  }

  @Override
  public long durableSeq() {
    return durableSeq;
  }

  /// Not before the place behind which to send was found, which takes a while in a large spool.
  public boolean durableKnown() {
    return durableKnown;
  }

  public long sentSeq() {
    return sentSeq;
  }

  public boolean connected() {
    return connected;
  }

  /// Why nothing can be sent, or nothing.
  public String trouble() {
    return trouble;
  }

  private @Nullable Spool attached() {
    lock.lock();
    try {
      return spool;
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    var failures = 0;
    while (true) {
      try {
        if (!awaitWork()) {
          return;
        }
        var startedNs = System.nanoTime();
        var durableBefore = durableSeq;
        var pauseMs = session();
        connected = false;
        if (durableSeq > durableBefore
            || System.nanoTime() - startedNs > TimeUnit.SECONDS.toNanos(10)) {
          failures = 0;
        }
        failures++;
        pause(pauseMs > 0 ? pauseMs : backoffMs(failures));
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        connected = false;
        trouble = "sending failed: " + e;
        LOG.error("sending of source {} failed", sourceId, e);
        failures++;
        try {
          pause(backoffMs(failures));
        } catch (InterruptedException interrupted) {
          return;
        }
      }
    }
  }

  private static long backoffMs(int failures) {
    var most = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS << Math.min(failures, 10));
    return ThreadLocalRandom.current().nextLong(most / 2, most + 1);
  }

  private boolean awaitWork() throws InterruptedException {
    lock.lock();
    try {
      while (spool == null && !epochWanted && !stopped) {
        changed.await();
      }
      return !stopped;
    } finally {
      lock.unlock();
    }
  }

  private void pause(long ms) throws InterruptedException {
    lock.lock();
    try {
      var left = TimeUnit.MILLISECONDS.toNanos(ms);
      while (!stopped && left > 0) {
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
    platform.hurry();
  }

  /// From hello to the stream's end.
  ///
  /// @return how long to wait before the next one, 0 for the usual
  private long session() throws InterruptedException {
    lock.lock();
    try {
      current = null;
      welcome = null;
      ended = null;
      rewindTo = -1;
      refusal = null;
      durableTold = 0;
    } finally {
      lock.unlock();
    }
    inFlight.clear();
    var incoming = new Incoming();
    over = platform.channel();
    AgentLinkGrpc.newStub(over).stream(incoming);
    try {
      return session(incoming.out());
    } finally {
      incoming.abandon();
    }
  }

  private long session(ClientCallStreamObserver<AgentFrame> out) throws InterruptedException {
    var mine = occupy();
    try {
      out.onNext(AgentFrame.newBuilder().setHello(hello(mine)).build());
    } finally {
      vacate();
    }
    var greeting = awaitWelcome();
    if (greeting == null) {
      return endedPauseMs();
    }
    connected = true;
    trouble = "";
    platform.welcomed(over);
    acknowledge = greeting.getAcknowledge();
    LOG.debug(
        "source {} is welcome: session {}, epoch {}, durable {}",
        sourceId,
        greeting.getSession(),
        greeting.getEpoch(),
        greeting.getDurableSeq());
    if (greeting.getStartEpoch() || mine == null) {
      if (!greeting.getStartEpoch() && greeting.getDurableSeq() > 0) {
        trouble = "the platform holds events of this source that the agent cannot continue";
        return REFUSED_MS;
      }
      return newEpoch(
          out,
          greeting.getEpoch(),
          greeting.getDurablePosition(),
          greeting.getReason(),
          greeting.getWindowBytes());
    }
    if (greeting.getEpoch() != mine.epoch() || greeting.getDurableSeq() > mine.tailSeq()) {
      trouble = "the platform answered for another epoch than was asked for";
      return REFUSED_MS;
    }
    return send(out, mine, greeting.getDurableSeq(), greeting.getWindowBytes());
  }

  private Hello hello(@Nullable Spool of) {
    var hello =
        Hello.newBuilder()
            .setProtocolVersion(PROTOCOL_VERSION)
            .setSourceId(sourceId)
            .setAgentVersion(platform.version());
    if (of != null) {
      var tail = of.tail();
      hello
          .setEpoch(of.epoch())
          .setTailSeq(tail.seq())
          .setTailDigest(UnsafeByteOperations.unsafeWrap(tail.digest()))
          .setFirstSeq(of.firstSeq())
          .setDurableSeq(durableSeq)
          .setDurableDigest(UnsafeByteOperations.unsafeWrap(durableDigest));
    }
    return hello.build();
  }

  private @Nullable Welcome awaitWelcome() throws InterruptedException {
    lock.lock();
    try {
      var left = WELCOME_NS;
      while (welcome == null && ended == null && refusal == null && !stopped && left > 0) {
        left = changed.awaitNanos(left);
      }
      return ended == null && refusal == null ? welcome : null;
    } finally {
      lock.unlock();
    }
  }

  /// Tells the listener, and goes on with the spool that it attaches.
  private long newEpoch(
      ClientCallStreamObserver<AgentFrame> out,
      int epoch,
      String position,
      String reason,
      long window)
      throws InterruptedException {
    long from;
    try {
      from = position.isEmpty() ? 0 : Lsn.parse(position);
    } catch (NumberFormatException e) {
      trouble = "the platform named a position that is none: " + position;
      return REFUSED_MS;
    }
    listener.epochGranted(epoch, from, reason);
    Spool fresh = null;
    while (fresh == null) {
      lock.lock();
      try {
        if (stopped || ended != null || refusal != null) {
          break;
        }
        if (spool != null && spool.epoch() == epoch) {
          fresh = spool;
          break;
        }
        changed.awaitNanos(Tellings.EVERY_NS);
      } finally {
        lock.unlock();
      }
      tellings.tell(out, null);
    }
    return fresh == null ? endedPauseMs() : send(out, fresh, 0, window);
  }

  private long send(ClientCallStreamObserver<AgentFrame> out, Spool mine, long durable, long window)
      throws InterruptedException {
    try {
      if (!occupy(mine)) {
        return 1;
      }
      try (var opened = mine.readBehind(durable)) {
        var before = opened.before();
        if (before != null) {
          release(before.mark().endPosition(), before.header().getDigest().toByteArray());
        }
        durableSeq = durable;
        durableKnown = true;
        mine.durable(durable);
      } finally {
        vacate();
      }
      return pump(out, mine, window, durable);
    } catch (SpoolDamagedException e) {
      LOG.error("the spool of source {} is damaged: {}", sourceId, e.getMessage());
      listener.spoolDamaged(e.getMessage());
      return 0;
    } catch (IOException e) {
      trouble = "the spool cannot be read: " + e.getMessage();
      return 0;
    }
  }

  /// @return how long to pause once the stream has ended
  private long pump(ClientCallStreamObserver<AgentFrame> out, Spool mine, long window, long from)
      throws IOException, InterruptedException {
    Spool.Reader reader = null;
    SpoolEntry entry = null;
    var behind = from;
    try {
      while (true) {
        var seen = happened();
        var pauseMs = takeIn(mine);
        if (pauseMs != null) {
          return pauseMs;
        }
        var back = takeRewind();
        if (back >= 0) {
          behind = Math.max(back - 1, durableSeq);
          inFlight.forgetBehind(behind);
          entry = null;
          if (reader != null) {
            reader.close();
            reader = null;
          }
          LOG.info("the platform asks for source {} from {} again", sourceId, behind + 1);
        }
        tellings.tell(out, mine);
        if (!occupy(mine)) {
          return 1;
        }
        try {
          if (reader == null) {
            reader = mine.readBehind(behind);
          }
          while (entry != null || (entry = reader.next()) != null) {
            if (!out.isReady() || !inFlight.hasRoom(entry, window)) {
              break;
            }
            out.onNext(
                AgentFrame.newBuilder()
                    .setBatch(
                        Batch.newBuilder().setHeader(entry.header()).setPayload(entry.payload()))
                    .build());
            inFlight.sent(entry);
            behind = entry.lastSeq();
            sentSeq = behind;
            entry = null;
          }
        } finally {
          vacate();
        }
        await(mine, behind, entry != null, seen);
      }
    } finally {
      if (reader != null) {
        reader.close();
      }
    }
  }

  /// Waits for something to do: a record if none is held back, and whatever the platform says.
  private void await(Spool mine, long behind, boolean held, long seen) throws InterruptedException {
    if (!held) {
      mine.awaitBeyond(behind, POLL_MS, TimeUnit.MILLISECONDS);
      return;
    }
    lock.lock();
    try {
      var left = TimeUnit.MILLISECONDS.toNanos(POLL_MS);
      while (happened == seen && left > 0) {
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Something happened that the sender has to look at, wherever it waits.
  private void wake() {
    Spool now;
    lock.lock();
    try {
      happened++;
      changed.signalAll();
      now = spool;
    } finally {
      lock.unlock();
    }
    if (now != null) {
      now.wake();
    }
  }

  private long happened() {
    lock.lock();
    try {
      return happened;
    } finally {
      lock.unlock();
    }
  }

  /// @return how long to pause if the stream has ended, else null
  private @Nullable Long takeIn(Spool mine) throws IOException {
    long told;
    lock.lock();
    try {
      if (stopped || ended != null || refusal != null || spool != mine) {
        return spool != mine && ended == null && refusal == null ? Long.valueOf(1) : endedPause();
      }
      told = durableTold;
    } finally {
      lock.unlock();
    }
    if (told > durableSeq) {
      for (var sent = inFlight.takeUpTo(told); sent != null; sent = inFlight.takeUpTo(told)) {
        release(sent.endPosition(), sent.digest());
        durableSeq = sent.lastSeq();
      }
      mine.durable(durableSeq);
    }
    return null;
  }

  private void release(long position, byte[] digest) {
    durableDigest = digest;
    if (Long.compareUnsigned(position, releasedPosition) > 0) {
      releasedPosition = position;
    }
  }

  private long takeRewind() {
    lock.lock();
    try {
      var back = rewindTo;
      rewindTo = -1;
      return back;
    } finally {
      lock.unlock();
    }
  }

  private long endedPauseMs() {
    lock.lock();
    try {
      return endedPause();
    } finally {
      lock.unlock();
    }
  }

  /// Called with the lock held.
  private long endedPause() {
    if (stopped) {
      return 1;
    }
    var no = refusal;
    if (no != null) {
      if (no.getCode().equals(UNKNOWN_SOURCE)) {
        trouble = REMOVED_THERE;
        return UNKNOWN_MS;
      }
      trouble = "the platform refuses: " + no.getMessage() + " (" + no.getCode() + ")";
      return no.getRetryable() ? 0 : REFUSED_MS;
    }
    var why = ended;
    trouble =
        why == null
            ? "the platform at " + platform.identity().server() + " does not answer"
            : platform.failed(why, over);
    return 0;
  }

  /// Marks the attached spool as being read.
  private @Nullable Spool occupy() {
    lock.lock();
    try {
      busy = spool != null;
      return spool;
    } finally {
      lock.unlock();
    }
  }

  private boolean occupy(Spool mine) {
    lock.lock();
    try {
      busy = spool == mine;
      return busy;
    } finally {
      lock.unlock();
    }
  }

  private void vacate() {
    lock.lock();
    try {
      busy = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// What the platform says, as gRPC hands it in.
  private final class Incoming implements ClientResponseObserver<AgentFrame, PlatformFrame> {
    private @Nullable ClientCallStreamObserver<AgentFrame> call;

    ClientCallStreamObserver<AgentFrame> out() {
      var now = call;
      if (now == null) {
        throw new IllegalStateException("the call has not begun");
      }
      return now;
    }

    void abandon() {
      var now = call;
      if (now != null) {
        now.cancel("the stream begins anew", null);
      }
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<AgentFrame> stream) {
      call = stream;
      lock.lock();
      try {
        current = this;
      } finally {
        lock.unlock();
      }
      stream.setOnReadyHandler(Uplink.this::wake);
    }

    @Override
    public void onNext(PlatformFrame frame) {
      lock.lock();
      try {
        if (current != this) {
          return;
        }
        switch (frame.getFrameCase()) {
          case WELCOME -> welcome = frame.getWelcome();
          case DURABLE -> durableTold = Math.max(durableTold, frame.getDurable().getSeq());
          case REWIND -> rewindTo = frame.getRewind().getFromSeq();
          case REFUSED -> refusal = frame.getRefused();
          case GAP_STORED -> tellings.stored(frame.getGapStored());
          case SETTINGS -> acknowledge = frame.getSettings().getAcknowledge();
          case SNAPSHOT_ORDER -> tellings.ordered(frame.getSnapshotOrder());
          case FRAME_NOT_SET -> LOG.debug("a frame of a kind that this version does not know");
        }
      } finally {
        lock.unlock();
      }
      wake();
    }

    @Override
    public void onError(Throwable failure) {
      end(failure);
    }

    @Override
    public void onCompleted() {
      end(Status.UNAVAILABLE.withDescription("the platform ended the stream").asRuntimeException());
    }

    private void end(Throwable failure) {
      lock.lock();
      try {
        if (current != this) {
          return;
        }
        if (ended == null) {
          ended = failure;
        }
      } finally {
        lock.unlock();
      }
      wake();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      stopped = true;
    } finally {
      lock.unlock();
    }
    wake();
    try {
      thread.join(5_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
