package io.claritystream.stream.gateway;

import io.claritystream.protocol.block.BatchDigest;
import io.claritystream.protocol.identity.PeerIdentity;
import io.claritystream.protocol.link.AcknowledgeMode;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.BatchKind;
import io.claritystream.protocol.link.Durable;
import io.claritystream.protocol.link.GapStored;
import io.claritystream.protocol.link.Hello;
import io.claritystream.protocol.link.PlatformFrame;
import io.claritystream.protocol.link.Rewind;
import io.claritystream.protocol.link.Settings;
import io.claritystream.protocol.link.SnapshotOrder;
import io.claritystream.protocol.link.SnapshotState;
import io.claritystream.protocol.link.SourceGap;
import io.claritystream.protocol.link.Welcome;
import io.claritystream.stream.source.Checkpoint;
import io.claritystream.stream.source.DurableMark;
import io.claritystream.stream.source.DurableMarks;
import io.claritystream.stream.source.SourceGaps;
import io.claritystream.stream.source.SourceRef;
import io.claritystream.stream.source.SourceSnapshots;
import io.claritystream.stream.source.Sources;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One stream of one source; the package's documentation has its states.
///
/// Frames arrive one at a time, on the call's own virtual thread, which may wait for Kafka. Durable
/// marks, ticks and acknowledgements of Kafka come from other threads and must not wait; they share
/// the fields below under this object's lock, which is never held over anything that waits.
final class SourceStream implements DurableMarks.Listener {
  static final int PROTOCOL_VERSION = 1;

  private static final Logger LOG = LoggerFactory.getLogger(SourceStream.class);
  private static final Duration STALL_LAST = Duration.ofSeconds(60);

  /// What has not helped so often is not a batch that got lost: the stream is opened anew.
  private static final int STALLS_MAX = 2;

  private enum State {
    AWAITING_HELLO,
    OPENING,
    LIVE,
    ENDED
  }

  private final StreamServices services;
  private final PeerIdentity.Agent agent;
  private final ServerCallStreamObserver<PlatformFrame> toAgent;

  private State state = State.AWAITING_HELLO;
  private @Nullable SourceRef source;
  private CompletableFuture<Boolean> barrierCommitted = new CompletableFuture<>();
  private boolean requested;
  private boolean durableUnsaid;
  private SendWindow window = new SendWindow(0, 0);
  private DigestChain chain = new DigestChain(0, new byte[0]);
  private long unacceptedBytes;
  private long waitUntilNs;
  private boolean waits;
  private long progressNs;
  private long durableNs;
  private Duration stallAfter;
  private int stalls;
  private AcknowledgeMode acknowledge = AcknowledgeMode.ACKNOWLEDGE_BRONZE;

  SourceStream(
      StreamServices services,
      PeerIdentity.Agent agent,
      ServerCallStreamObserver<PlatformFrame> toAgent) {
    this.services = services;
    this.agent = agent;
    this.toAgent = toAgent;
    this.stallAfter = services.properties().stallAfter();
  }

  PeerIdentity.Agent agent() {
    return agent;
  }

  /// The source and session, once there is one.
  synchronized Optional<SourceRef> source() {
    return Optional.ofNullable(source);
  }

  /// Asks for the first frame.
  synchronized void start() {
    requested = true;
    toAgent.request(1);
  }

  // What comes from the agent.

  void received(Incoming frame) {
    try {
      take(frame);
    } catch (RuntimeException e) {
      fail("a frame could not be taken", e);
    }
  }

  private void take(Incoming frame) {
    State now;
    synchronized (this) {
      requested = false;
      now = state;
    }
    switch (now) {
      case AWAITING_HELLO -> {
        if (frame instanceof Incoming.Opening(Hello hello)) {
          open(hello);
        } else {
          refuse(Refusal.BAD_FRAME, "The first frame has to be a hello.");
        }
      }
      case OPENING -> refuse(Refusal.BAD_FRAME, "Nothing may follow a hello before the welcome.");
      case LIVE -> {
        switch (frame) {
          case Incoming.Opening _ -> refuse(Refusal.BAD_FRAME, "There is one hello in a stream.");
          case Incoming.Events events -> batch(events);
          case Incoming.Report(var status) ->
              services.reports().reported(live(), Reports.read(status));
          case Incoming.Missing(SourceGap gap) -> gap(gap);
          case Incoming.Ordered(SnapshotState told) -> ordered(told);
          case Incoming.Unknown() -> {}
        }
        askForNext();
      }
      case ENDED -> {}
    }
  }

  /// Stored aside, so that events need not wait for it; the agent says it again until it is told.
  private void gap(SourceGap told) {
    SourceRef of = live();
    services
        .background()
        .execute(
            () -> {
              try {
                Optional<SourceGaps.Gap> gap = Reports.read(told);
                gap.ifPresent(read -> services.gaps().store(of, read));
                if (gap.isEmpty()) {
                  LOG.warn(
                      "a gap that cannot be read source={} id={}", of.sourceId(), told.getGapId());
                }
                say(
                    PlatformFrame.newBuilder()
                        .setGapStored(
                            GapStored.newBuilder()
                                .setGapId(told.getGapId())
                                .setRevision(told.getRevision())));
              } catch (RuntimeException e) {
                LOG.warn("a gap is not stored yet source={}", of.sourceId(), e);
              }
            });
  }

  private void ordered(SnapshotState told) {
    SourceRef of = live();
    services
        .background()
        .execute(
            () -> {
              try {
                Reports.read(told).ifPresent(read -> services.snapshots().store(of, read));
              } catch (RuntimeException e) {
                LOG.warn("a snapshot's state is not stored yet source={}", of.sourceId(), e);
              }
            });
  }

  /// Said again until the agent tells that it has ended.
  void order(SourceSnapshots.Order order) {
    if (!toAgent.isReady()) {
      return;
    }
    say(
        PlatformFrame.newBuilder()
            .setSnapshotOrder(
                SnapshotOrder.newBuilder()
                    .setOrderId(order.id().toString())
                    .addAllTables(order.tables())));
  }

  private synchronized void say(PlatformFrame.Builder frame) {
    if (state == State.LIVE) {
      toAgent.onNext(frame.build());
    }
  }

  /// The agent has nothing more to say, or is gone.
  void closed() {
    if (end()) {
      toAgent.onCompleted();
    }
  }

  void cancelled() {
    end();
  }

  /// The agent can take frames again.
  void ready() {
    synchronized (this) {
      if (state == State.LIVE && durableUnsaid) {
        sayDurable();
      }
    }
  }

  // Opening.

  private void open(Hello hello) {
    if (hello.getProtocolVersion() != PROTOCOL_VERSION) {
      refuse(
          Refusal.PROTOCOL_VERSION,
          "This platform speaks version "
              + PROTOCOL_VERSION
              + " of the protocol, the agent "
              + hello.getProtocolVersion()
              + ". Update the agent.");
      return;
    }
    Optional<String> wrong = HelloCheck.wrong(hello);
    if (wrong.isPresent()) {
      refuse(
          Refusal.BAD_HELLO, "The hello cannot be right: " + wrong.get() + ". Update the agent.");
      return;
    }
    Optional<UUID> sourceId = uuid(hello.getSourceId());
    Optional<SourceRef> opened = sourceId.flatMap(id -> services.sources().openSession(agent, id));
    if (opened.isEmpty()) {
      refuse(Refusal.UNKNOWN_SOURCE, "This agent has no source " + hello.getSourceId() + ".");
      return;
    }
    synchronized (this) {
      if (state != State.AWAITING_HELLO) {
        return;
      }
      state = State.OPENING;
      source = opened.get();
    }
    if (!services.streams().add(opened.get(), this)) {
      refuse(Refusal.SUPERSEDED, "A newer stream of this source was opened.");
      return;
    }
    services.marks().listen(opened.get().sourceId(), this);
    synchronized (this) {
      if (state == State.ENDED) {
        // It ended before it was known, and so could not be forgotten.
        forget(opened.get());
        return;
      }
    }
    services.background().execute(() -> finishOpening(hello, opened.get()));
  }

  private void finishOpening(Hello hello, SourceRef opened) {
    try {
      if (!isCommitted(barrier(opened))) {
        return;
      }
      Checkpoint checkpoint =
          services.sources().standing(List.of(opened.sourceId())).getFirst().checkpoint();
      switch (Numbering.compare(hello, opened, checkpoint)) {
        case Numbering.Continues(long durable) -> welcome(opened, checkpoint, durable, "");
        case Numbering.Breaks(String why) -> {
          if (!services.epochs().admits(opened.sourceId())) {
            tooManyEpochs(opened, why);
            return;
          }
          Optional<SourceRef> renumbered = openEpoch(opened, why);
          if (renumbered.isEmpty()) {
            refuse(Refusal.SUPERSEDED, "A newer stream of this source was opened.");
            return;
          }
          synchronized (this) {
            if (state != State.OPENING) {
              return;
            }
            source = renumbered.get();
            barrierCommitted = new CompletableFuture<>();
          }
          // A barrier that got lost would leave every batch behind it without an epoch.
          if (isCommitted(barrier(renumbered.get()))) {
            welcome(renumbered.get(), checkpoint, 0, why);
          }
        }
      }
    } catch (ExecutionException e) {
      fail("the bus did not take the barrier", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail("the gateway is stopping", e);
    } catch (RuntimeException e) {
      fail("a stream could not be opened", e);
    }
  }

  private void tooManyEpochs(SourceRef opened, String why) {
    int most = services.epochs().perHour();
    LOG.warn("no more epochs source={} per_hour={} because {}", opened.sourceId(), most, why);
    refuse(
        Refusal.TOO_MANY_EPOCHS,
        "This source begins its numbers anew more often than the "
            + most
            + " times an hour that it may, and would again: "
            + why
            + ". See that the agent's data directory is kept, whole and used by one agent alone;"
            + " it is tried again by itself.");
  }

  private Optional<SourceRef> openEpoch(SourceRef opened, String why) {
    Optional<SourceRef> renumbered = services.sources().openEpoch(opened);
    renumbered.ifPresent(
        now -> {
          LOG.warn("epoch opened source={} epoch={} because {}", now.sourceId(), now.epoch(), why);
          services.meters().epochOpened();
        });
    return renumbered;
  }

  /// Sends the barrier and waits until ingest has committed it. False if the stream has ended
  /// meanwhile.
  private boolean isCommitted(BatchHeader barrier) throws InterruptedException, ExecutionException {
    send(barrier).get();
    CompletableFuture<Boolean> committed;
    synchronized (this) {
      if (state != State.OPENING) {
        return false;
      }
      committed = barrierCommitted;
    }
    try {
      return committed.get(services.properties().welcomeWithin().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      fail("ingest has not reached the source's barrier", e);
      return false;
    }
  }

  private void welcome(SourceRef opened, Checkpoint checkpoint, long durable, String epochOpened) {
    long windowBytes = services.window(opened.partition());
    AcknowledgeMode acknowledged =
        mode(services.sources().standing(List.of(opened.sourceId())).getFirst().acknowledge());
    synchronized (this) {
      if (state != State.OPENING) {
        return;
      }
      source = opened;
      state = State.LIVE;
      acknowledge = acknowledged;
      window = new SendWindow(durable, windowBytes);
      chain = new DigestChain(durable, durable == 0 ? new byte[0] : checkpoint.digest());
      progressNs = services.nanoTime().getAsLong();
      durableNs = progressNs;
      services.reports().connected(opened);
      toAgent.onNext(
          PlatformFrame.newBuilder()
              .setWelcome(
                  Welcome.newBuilder()
                      .setSession(opened.session())
                      .setEpoch(opened.epoch())
                      .setDurableSeq(durable)
                      .setDurablePosition(checkpoint.position())
                      .setWindowBytes(windowBytes)
                      .setPolicyVersion(BatchCheck.POLICY_VERSION)
                      .setAcknowledge(acknowledged)
                      .setStartEpoch(!epochOpened.isEmpty())
                      .setReason(epochOpened))
              .build());
    }
    LOG.info(
        "stream opened source={} tenant={} epoch={} session={} durable_seq={}",
        opened.sourceId(),
        opened.tenantId(),
        opened.epoch(),
        opened.session(),
        durable);
    askForNext();
  }

  private BatchHeader barrier(SourceRef opened) {
    return completed(BatchHeader.newBuilder().setKind(BatchKind.BARRIER), opened)
        .setEpoch(opened.epoch())
        .setSourceId(opened.sourceId().toString())
        .setPolicyVersion(BatchCheck.POLICY_VERSION)
        .build();
  }

  private CompletableFuture<?> send(BatchHeader barrier) {
    return services.bus().send(live().partition(), barrier, new byte[0]);
  }

  // Batches.

  private void batch(Incoming.Events events) {
    BatchHeader header = events.header();
    byte[] payload = events.payload();
    SourceRef to = live();
    switch (BatchCheck.of(header, payload, to)) {
      case BatchCheck.Wrong(Refusal refusal, String why) -> {
        refuse(refusal, why);
        return;
      }
      case BatchCheck.Right() -> {}
    }
    byte[] before = digestBefore(header);
    switch (place(header, payload.length)) {
      case SendWindow.Placement.Refused(String why) -> refuse(Refusal.OUT_OF_ORDER, why);
      case SendWindow.Placement.Dropped() -> services.meters().dropped(payload.length);
      case SendWindow.Placement.Next() -> {
        if (before != null
            && !Arrays.equals(
                BatchDigest.next(before, payload, 0, payload.length),
                header.getDigest().toByteArray())) {
          unchained(to, header);
          return;
        }
        Duration wait = services.quotas().spent(to.tenantId(), Charge.of(header, payload.length));
        if (wait.isPositive()) {
          waitFor(wait);
        }
        BatchHeader complete = completed(header.toBuilder(), to).build();
        services
            .bus()
            .send(to.partition(), complete, payload)
            .whenComplete((_, failure) -> accepted(events, failure));
      }
    }
  }

  /// The numbers fit, but what is before them in the agent's spool is not what is before them
  /// here: the numbering ends, and the agent begins the next one when it comes back.
  private void unchained(SourceRef to, BatchHeader header) {
    String why =
        "The batch that begins at "
            + header.getFirstSeq()
            + " does not follow the one that was sent before it.";
    if (!services.epochs().admits(to.sourceId())) {
      tooManyEpochs(to, why);
      return;
    }
    openEpoch(to, why);
    refuse(Refusal.OUT_OF_ORDER, why);
  }

  private synchronized byte @Nullable [] digestBefore(BatchHeader header) {
    return chain.before(header.getFirstSeq());
  }

  private synchronized SendWindow.Placement place(BatchHeader header, int bytes) {
    if (state != State.LIVE) {
      return new SendWindow.Placement.Dropped();
    }
    if (window.isEmpty()) {
      progressNs = services.nanoTime().getAsLong();
    }
    if (window.isAllDurable()) {
      durableNs = progressNs;
    }
    SendWindow.Placement placement =
        window.place(header.getFirstSeq(), header.getFirstSeq() + header.getCount(), bytes);
    if (placement instanceof SendWindow.Placement.Next) {
      unacceptedBytes += bytes;
      chain.sent(
          header.getFirstSeq(),
          header.getFirstSeq() + header.getCount() - 1,
          header.getDigest().toByteArray());
    }
    return placement;
  }

  private void accepted(Incoming.Events events, @Nullable Throwable failure) {
    synchronized (this) {
      unacceptedBytes -= events.payload().length;
    }
    if (failure != null) {
      fail("the bus did not take a batch", failure);
      return;
    }
    services
        .meters()
        .accepted(
            events.payload().length,
            events.header().getCount(),
            System.nanoTime() - events.receivedNs());
    askForNext();
  }

  private BatchHeader.Builder completed(BatchHeader.Builder header, SourceRef to) {
    Instant now = services.clock().instant();
    return header
        .setTenantId(to.tenantId().toString())
        .setSession(to.session())
        .setAcceptedAtUs(
            TimeUnit.SECONDS.toMicros(now.getEpochSecond())
                + TimeUnit.NANOSECONDS.toMicros(now.getNano()));
  }

  /// Requests a frame if there is room for what it may carry.
  private synchronized void askForNext() {
    if (state == State.LIVE
        && !requested
        && !waits
        && !window.isFull()
        && unacceptedBytes < services.properties().acceptance().toBytes()) {
      requested = true;
      toAgent.request(1);
    }
  }

  private synchronized void waitFor(Duration wait) {
    waits = true;
    waitUntilNs = services.nanoTime().getAsLong() + wait.toNanos();
    services.meters().throttled();
    services.later(
        wait,
        () -> {
          synchronized (this) {
            if (services.nanoTime().getAsLong() < waitUntilNs) {
              return;
            }
            waits = false;
          }
          askForNext();
        });
  }

  // What becomes durable.

  @Override
  public void durable(DurableMark mark) {
    SourceRef opened;
    long events;
    synchronized (this) {
      opened = source;
      if (opened == null || state == State.ENDED) {
        return;
      }
      if (mark.session() >= opened.session() && mark.epoch() >= opened.epoch()) {
        barrierCommitted.complete(true);
      }
      if (state != State.LIVE || mark.epoch() != opened.epoch()) {
        return;
      }
      events = window.durable(mark.seq());
      if (events == 0) {
        return;
      }
      chain.durable(mark.seq());
      stalls = 0;
      progressNs = services.nanoTime().getAsLong();
      stallAfter = patience(progressNs - durableNs);
      durableNs = progressNs;
      sayDurable();
    }
    services.reports().durable(opened, events);
    askForNext();
  }

  @Override
  public void missing(int epoch, long firstMissingSeq) {
    synchronized (this) {
      if (state != State.LIVE
          || live().epoch() != epoch
          || !window.isWorthAsking(firstMissingSeq)) {
        return;
      }
      rewind();
    }
    askForNext();
  }

  /// What the database says of the source now.
  void standing(Sources.Standing now) {
    Optional<SourceRef> opened = source();
    if (opened.isEmpty()) {
      return;
    }
    if (now.source().session() > opened.get().session()) {
      refuse(Refusal.SUPERSEDED, "A newer stream of this source was opened.");
      return;
    }
    acknowledge(mode(now.acknowledge()));
    Checkpoint checkpoint = now.checkpoint();
    durable(
        new DurableMark(
            opened.get().sourceId(), checkpoint.epoch(), checkpoint.session(), checkpoint.seq()));
  }

  private synchronized void acknowledge(AcknowledgeMode now) {
    if (state == State.LIVE && acknowledge != now) {
      acknowledge = now;
      toAgent.onNext(
          PlatformFrame.newBuilder()
              .setSettings(Settings.newBuilder().setAcknowledge(now))
              .build());
    }
  }

  /// As the link says it.
  static AcknowledgeMode mode(String acknowledge) {
    return acknowledge.equals("spool")
        ? AcknowledgeMode.ACKNOWLEDGE_SPOOL
        : AcknowledgeMode.ACKNOWLEDGE_BRONZE;
  }

  /// Time has passed.
  void tick() {
    boolean given;
    synchronized (this) {
      long quietNs = services.nanoTime().getAsLong() - progressNs;
      if (state != State.LIVE
          || window.isEmpty()
          || unacceptedBytes > 0
          || quietNs < stallAfter.toNanos()) {
        return;
      }
      stalls++;
      given = stalls > STALLS_MAX;
      LOG.warn(
          "no progress, {} source={} from_seq={} outstanding_bytes={} quiet_ms={}",
          given ? "ending the stream" : "asking again",
          live().sourceId(),
          window.durableSeq() + 1,
          window.outstandingBytes(),
          TimeUnit.NANOSECONDS.toMillis(quietNs));
      Duration doubled = stallAfter.multipliedBy(2);
      stallAfter = doubled.compareTo(STALL_LAST) > 0 ? STALL_LAST : doubled;
      if (!given) {
        rewind();
      }
    }
    if (given) {
      end(
          Status.UNAVAILABLE.withDescription(
              "Nothing becomes durable, however often it is sent; connect again."));
    } else {
      askForNext();
    }
  }

  /// Where commits come slowly, asking again early only adds to what they are slow of.
  private Duration patience(long sinceDurableNs) {
    Duration slow = Duration.ofNanos(3 * sinceDurableNs);
    Duration least = services.properties().stallAfter();
    if (slow.compareTo(least) <= 0) {
      return least;
    }
    return slow.compareTo(STALL_LAST) > 0 ? STALL_LAST : slow;
  }

  private void rewind() {
    services.meters().rewound();
    progressNs = services.nanoTime().getAsLong();
    toAgent.onNext(
        PlatformFrame.newBuilder()
            .setRewind(Rewind.newBuilder().setFromSeq(window.goBack()))
            .build());
  }

  /// Only the newest mark is of interest: while the agent takes nothing they become one.
  private void sayDurable() {
    if (!toAgent.isReady()) {
      durableUnsaid = true;
      return;
    }
    durableUnsaid = false;
    toAgent.onNext(
        PlatformFrame.newBuilder()
            .setDurable(Durable.newBuilder().setSeq(window.durableSeq()))
            .build());
  }

  // The end.

  /// Ends the stream with a frame that says why.
  void refuse(Refusal refusal, String why) {
    if (!end()) {
      return;
    }
    services.meters().refused(refusal);
    LOG.info("stream refused agent={} code={} why={}", agent.agentId(), refusal.code(), why);
    toAgent.onNext(refusal.frame(why));
    toAgent.onCompleted();
  }

  /// Ends the stream with a status.
  void end(Status status) {
    if (end()) {
      toAgent.onError(status.asRuntimeException());
    }
  }

  private void fail(String what, Throwable failure) {
    if (!end()) {
      return;
    }
    LOG.warn("stream ended, {} agent={} source={}", what, agent.agentId(), source(), failure);
    services.meters().failed();
    toAgent.onError(
        Status.UNAVAILABLE
            .withDescription("The platform cannot take events just now.")
            .asRuntimeException());
  }

  /// True for the one who may close the call.
  private boolean end() {
    SourceRef opened;
    synchronized (this) {
      if (state == State.ENDED) {
        return false;
      }
      state = State.ENDED;
      opened = source;
      barrierCommitted.complete(false);
    }
    if (opened != null) {
      forget(opened);
      services.reports().disconnected(opened);
      LOG.info("stream ended source={} session={}", opened.sourceId(), opened.session());
    }
    return true;
  }

  private void forget(SourceRef opened) {
    services.marks().forget(opened.sourceId(), this);
    services.streams().remove(opened, this);
  }

  private synchronized SourceRef live() {
    SourceRef opened = source;
    if (opened == null) {
      throw new IllegalStateException("a stream without a source, agent " + agent.agentId());
    }
    return opened;
  }

  private static Optional<UUID> uuid(String text) {
    try {
      return Optional.of(UUID.fromString(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
