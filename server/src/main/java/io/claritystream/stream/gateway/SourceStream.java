package io.claritystream.stream.gateway;

import io.claritystream.protocol.identity.PeerIdentity;
import io.claritystream.protocol.link.AcknowledgeMode;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.Durable;
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
import io.claritystream.stream.source.SourceRef;
import io.claritystream.stream.source.SourceSnapshots;
import io.claritystream.stream.source.Sources;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
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

  private enum State {
    AWAITING_HELLO,
    OPENING,
    LIVE,
    ENDED
  }

  private final StreamServices services;
  private final PeerIdentity.Agent agent;
  private final ServerCallStreamObserver<PlatformFrame> toAgent;
  private final Batches batches;
  private final Tellings tellings;
  private final Stall stall;

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
  private AcknowledgeMode acknowledge = AcknowledgeMode.ACKNOWLEDGE_BRONZE;

  SourceStream(
      StreamServices services,
      PeerIdentity.Agent agent,
      ServerCallStreamObserver<PlatformFrame> toAgent) {
    this.services = services;
    this.agent = agent;
    this.toAgent = toAgent;
    this.batches = new Batches(services, this);
    this.tellings = new Tellings(services, this);
    this.stall = new Stall(services.properties().stallAfter());
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
          case Incoming.Events events -> batches.take(events);
          case Incoming.Report(var status) ->
              services.reports().reported(live(), Reports.read(status));
          case Incoming.Missing(SourceGap gap) -> tellings.gap(gap);
          case Incoming.Ordered(SnapshotState told) -> tellings.snapshot(told);
          case Incoming.Unknown() -> {}
        }
        askForNext();
      }
      case ENDED -> {}
    }
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

  synchronized void say(PlatformFrame.Builder frame) {
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
      superseded();
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
    services.background().execute(new Opening(services, this, hello, opened.get())::run);
  }

  /// What is committed ends with a barrier of the session; empty if the stream has ended.
  synchronized Optional<CompletableFuture<Boolean>> barrierCommitted() {
    return state == State.OPENING ? Optional.of(barrierCommitted) : Optional.empty();
  }

  /// The numbering of the source ended; false if the stream has ended too.
  synchronized boolean renumbered(SourceRef now) {
    if (state != State.OPENING) {
      return false;
    }
    source = now;
    barrierCommitted = new CompletableFuture<>();
    return true;
  }

  /// From here on batches are taken.
  void live(SourceRef opened, DigestChain durable, Welcome welcome) {
    synchronized (this) {
      if (state != State.OPENING) {
        return;
      }
      source = opened;
      state = State.LIVE;
      acknowledge = welcome.getAcknowledge();
      window = new SendWindow(welcome.getDurableSeq(), welcome.getWindowBytes());
      chain = durable;
      stall.begin(services.nanoTime().getAsLong());
      services.reports().connected(opened);
      toAgent.onNext(PlatformFrame.newBuilder().setWelcome(welcome).build());
    }
    LOG.info(
        "stream opened source={} tenant={} epoch={} session={} durable_seq={}",
        opened.sourceId(),
        opened.tenantId(),
        opened.epoch(),
        opened.session(),
        welcome.getDurableSeq());
    askForNext();
  }

  // Batches.

  synchronized byte @Nullable [] digestBefore(BatchHeader header) {
    return chain.before(header.getFirstSeq());
  }

  synchronized SendWindow.Placement place(BatchHeader header, int bytes) {
    if (state != State.LIVE) {
      return new SendWindow.Placement.Dropped();
    }
    stall.sending(window, services.nanoTime().getAsLong());
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

  void accepted(Incoming.Events events, @Nullable Throwable failure) {
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

  synchronized void waitFor(Duration wait) {
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
      stall.progressed(services.nanoTime().getAsLong());
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
      superseded();
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
      long nowNs = services.nanoTime().getAsLong();
      if (state != State.LIVE || window.isEmpty() || unacceptedBytes > 0 || !stall.isOver(nowNs)) {
        return;
      }
      long quietNs = stall.quietNs(nowNs);
      given = stall.noticed();
      LOG.warn(
          "no progress, {} source={} from_seq={} outstanding_bytes={} quiet_ms={}",
          given ? "ending the stream" : "asking again",
          live().sourceId(),
          window.durableSeq() + 1,
          window.outstandingBytes(),
          TimeUnit.NANOSECONDS.toMillis(quietNs));
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

  private void rewind() {
    services.meters().rewound();
    stall.askedAgain(services.nanoTime().getAsLong());
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

  void superseded() {
    refuse(Refusal.SUPERSEDED, "A newer stream of this source was opened.");
  }

  /// Ends the stream with a status.
  void end(Status status) {
    if (end()) {
      toAgent.onError(status.asRuntimeException());
    }
  }

  void fail(String what, Throwable failure) {
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

  synchronized SourceRef live() {
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
