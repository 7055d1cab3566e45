package io.claritystream.stream.gateway;

import com.google.protobuf.ByteString;
import io.claritystream.base.db.TenantId;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.link.AgentFrame;
import io.claritystream.protocol.link.AgentLinkGrpc;
import io.claritystream.protocol.link.Batch;
import io.claritystream.protocol.link.Hello;
import io.claritystream.protocol.link.PlatformFrame;
import io.claritystream.stream.ingest.SimulatedSource;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A source at its agent, as long as the test: it has a spool that forgets nothing, streams it to
/// whichever gateway the edge finds, and comes back however often a stream ends. What it has
/// captured, it remembers in plain rows, too: those are what the read models have to hold.
final class SpooledSource implements AutoCloseable {
  private static final long AGAIN_MS = 200;
  private static final long WELCOME_MS = 20_000;
  private static final long WINDOW_BYTES = 256 * 1024;
  private static final int PUMPS = 4;

  private final TestAgent agent;
  private final String id;
  private final SimulatedSource capture;
  private final Random random;
  private final Instant from;
  private final List<SimulatedSource.Batch> spool = new ArrayList<>();
  private final List<String> oddities = new ArrayList<>();
  private final Thread thread;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile long durable;
  private volatile int welcomes;

  /// The rows that the source has now: pump and time to the pressure.
  private final Map<String, Row> rows = new HashMap<>();

  /// The keys of `rows` in no order: one is picked without going through all.
  private final List<String> keys = new ArrayList<>();

  record Row(long pump, Instant at, String pressure) {}

  /// The values of one pump.
  record Sum(long count, BigDecimal pressures) {}

  SpooledSource(TestAgent agent, String id, TenantId tenant, Instant now, long seed) {
    this.agent = agent;
    this.id = id;
    capture = new SimulatedSource(tenant, UUID.fromString(id), 0, now);
    from = now.truncatedTo(java.time.temporal.ChronoUnit.MINUTES);
    random = new Random(seed);
    thread = Thread.ofPlatform().daemon().name("agent-" + id).start(this::run);
  }

  UUID id() {
    return UUID.fromString(id);
  }

  /// Captures a transaction: rows that come, change and go.
  synchronized void capture() {
    var events = new ArrayList<Event>();
    for (var i = 1 + random.nextInt(30); i > 0; i--) {
      events.add(rows.size() > 50 && random.nextInt(3) == 0 ? changed() : added());
    }
    spool.add(capture.batch(events.toArray(Event[]::new)));
    notifyAll();
  }

  private Event added() {
    var at = from.plusMillis(10L * rows.size() + random.nextInt(10) + 1_000L * random.nextInt(600));
    var row = new Row(random.nextInt(PUMPS), at, pressure());
    var key = row.pump() + " " + at;
    var known = rows.put(key, row) != null;
    if (!known) {
      keys.add(key);
    }
    return Event.reading(row.pump(), at, row.pressure()).as(known ? Op.UPDATE : Op.INSERT);
  }

  private Event changed() {
    var at = random.nextInt(keys.size());
    var key = keys.get(at);
    var old = rows.get(key);
    if (random.nextBoolean()) {
      rows.remove(key);
      Collections.swap(keys, at, keys.size() - 1);
      keys.removeLast();
      return Event.reading(old.pump(), old.at(), old.pressure()).as(Op.DELETE);
    }
    var row = new Row(old.pump(), old.at(), pressure());
    rows.put(key, row);
    return Event.reading(row.pump(), row.at(), row.pressure()).as(Op.UPDATE);
  }

  private String pressure() {
    return new BigDecimal(random.nextInt(100_000)).movePointLeft(3).toPlainString();
  }

  synchronized long lastSeq() {
    return capture.lastSeq();
  }

  /// The last number that a gateway told to be durable.
  long durable() {
    return durable;
  }

  /// How often a stream was opened.
  int welcomes() {
    return welcomes;
  }

  /// What no gateway should have said.
  synchronized List<String> oddities() {
    return List.copyOf(oddities);
  }

  /// What each pump's rows add up to.
  synchronized Map<String, Sum> sums() {
    var sums = new TreeMap<String, Sum>();
    for (var row : rows.values()) {
      sums.merge(
          Long.toString(row.pump()),
          new Sum(1, new BigDecimal(row.pressure())),
          (one, other) ->
              new Sum(one.count() + other.count(), one.pressures().add(other.pressures())));
    }
    return sums;
  }

  private void run() {
    try {
      do {
        try (var stream = new Stream()) {
          stream.serve();
        }
      } while (!closed.await(AGAIN_MS, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      // The test is over.
    }
  }

  private synchronized Hello hello() {
    var tail = spool.isEmpty() ? null : spool.getLast();
    return Hello.newBuilder()
        .setProtocolVersion(1)
        .setSourceId(id)
        .setEpoch(1)
        .setFirstSeq(1)
        .setTailSeq(tail == null ? 0 : tail.lastSeq())
        .setTailDigest(tail == null ? ByteString.EMPTY : tail.header().getDigest())
        .build();
  }

  /// The batch that begins there; null if it was not captured yet.
  private synchronized SimulatedSource.@Nullable Batch batch(long firstSeq) {
    for (var i = spool.size() - 1; i >= 0; i--) {
      var first = spool.get(i).header().getFirstSeq();
      if (first == firstSeq) {
        return spool.get(i);
      }
      if (first < firstSeq) {
        break;
      }
    }
    return null;
  }

  private synchronized void odd(String what) {
    oddities.add(what);
  }

  @Override
  public void close() {
    closed.countDown();
    thread.interrupt();
    try {
      thread.join(5_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// One stream, until it ends.
  private final class Stream
      implements ClientResponseObserver<AgentFrame, PlatformFrame>, AutoCloseable {
    private final BlockingQueue<PlatformFrame> heard = new LinkedBlockingQueue<>();
    private volatile @Nullable ClientCallStreamObserver<AgentFrame> call;
    private volatile boolean ended;
    private long next;
    private long sentBytes;
    private final Map<Long, Integer> sent = new TreeMap<>();

    @Override
    public void beforeStart(ClientCallStreamObserver<AgentFrame> requestStream) {
      call = requestStream;
    }

    @Override
    public void onNext(PlatformFrame frame) {
      heard.add(frame);
    }

    @Override
    public void onError(Throwable failure) {
      ended = true;
    }

    @Override
    public void onCompleted() {
      ended = true;
    }

    private void serve() throws InterruptedException {
      AgentLinkGrpc.newStub(agent.sharedChannel()).stream(this);
      send(AgentFrame.newBuilder().setHello(hello()).build());
      var deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WELCOME_MS);
      PlatformFrame welcome = null;
      while (welcome == null && !ended && closed.getCount() > 0 && System.nanoTime() < deadline) {
        welcome = heard.poll(20, TimeUnit.MILLISECONDS);
      }
      if (welcome == null || !welcome.hasWelcome()) {
        return;
      }
      welcomes++;
      if (welcome.getWelcome().getEpoch() != 1 || welcome.getWelcome().getStartEpoch()) {
        odd("another epoch: " + welcome);
      }
      isDurable(welcome.getWelcome().getDurableSeq());
      next = durable + 1;
      while (!ended && closed.getCount() > 0) {
        sendMore();
        var frame = heard.poll(10, TimeUnit.MILLISECONDS);
        if (frame != null) {
          take(frame);
        }
      }
    }

    private void sendMore() {
      for (var batch = batch(next);
          batch != null && sentBytes < WINDOW_BYTES && !ended;
          batch = batch(next)) {
        send(
            AgentFrame.newBuilder()
                .setBatch(
                    Batch.newBuilder()
                        .setHeader(batch.header())
                        .setPayload(ByteString.copyFrom(batch.payload())))
                .build());
        sent.put(batch.lastSeq(), batch.payload().length);
        sentBytes += batch.payload().length;
        next = batch.lastSeq() + 1;
      }
    }

    private void take(PlatformFrame frame) {
      if (frame.hasDurable()) {
        isDurable(frame.getDurable().getSeq());
      } else if (frame.hasRewind()) {
        next = frame.getRewind().getFromSeq();
        sent.clear();
        sentBytes = 0;
      } else if (frame.hasRefused()) {
        ended = true;
      }
    }

    private void isDurable(long seq) {
      if (seq < durable || seq > lastSeq()) {
        odd("durable " + seq + " after " + durable + " of " + lastSeq());
      }
      durable = seq;
      sent.keySet().removeIf(last -> last <= seq);
      sentBytes = sent.values().stream().mapToLong(Integer::longValue).sum();
    }

    private void send(AgentFrame frame) {
      var open = call;
      if (open != null && !ended) {
        try {
          open.onNext(frame);
        } catch (IllegalStateException e) {
          // It has ended meanwhile.
          ended = true;
        }
      }
    }

    @Override
    public void close() {
      var open = call;
      if (open != null) {
        open.cancel("this end begins again", null);
      }
    }
  }
}
