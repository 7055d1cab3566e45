package io.claritystream.stream.ingest;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import io.claritystream.protocol.block.BatchDigest;
import io.claritystream.protocol.block.Block;
import io.claritystream.protocol.block.BlockReader;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.CorruptBlockException;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.link.Batch;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.BatchKind;
import io.claritystream.stream.bronze.CaptureWindow;
import io.claritystream.stream.bus.Delivery;
import io.claritystream.stream.bus.Lane;
import io.claritystream.stream.deadletter.Cause;
import io.claritystream.stream.deadletter.DeadLetter;
import io.claritystream.stream.ingest.IngestMetrics.Drop;
import io.claritystream.stream.ingest.Sequence.Verdict;
import io.claritystream.stream.materializer.SourceTables;
import io.claritystream.stream.materializer.TooManySchemasException;
import io.claritystream.stream.source.DurableMark;
import java.security.MessageDigest;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
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
  private static final int DAMAGED_MAX = 3;
  private static final int SAMPLE_BYTES_MAX = 256;

  /// How often a record may fail before it is taken for guilty.
  private static final int FAILURES_MAX = 2;

  private static final int SUSPECTS_MAX = 1_000;

  /// How often the transaction of a draft may be refused for what it holds, parted and all.
  private static final int REFUSALS_MAX = 3;

  private final Lane lane;
  private final Ingest ingest;
  private final BlockReader reader = new BlockReader();
  private final Backoff backoff = new Backoff();
  private final OpenPages pages;

  /// The records that sessions ended at, though they could be decoded: by offset, how often. What
  /// is committed is no suspect any more.
  private final ConcurrentNavigableMap<Long, Integer> suspects = new ConcurrentSkipListMap<>();

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

  private void suspect(long offset) {
    suspects.merge(offset, 1, Integer::sum);
    while (suspects.size() > SUSPECTS_MAX) {
      suspects.pollLastEntry();
    }
  }

  private boolean isGuilty(long offset) {
    return suspects.getOrDefault(offset, 0) >= FAILURES_MAX;
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
    private final Map<UUID, SourceLine> lines = new HashMap<>();
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
        dropped = admit(draft, delivery);
      } catch (SQLException | RuntimeException | Error e) {
        if (Fault.of(e) == Fault.DATA) {
          suspect(delivery.offset());
        }
        throw e;
      }
      draft.dealtWith(delivery.offset());
      if (dropped != null) {
        ingest.metrics().dropped(dropped);
      }
    }

    /// Puts the record into the draft, or says why not.
    private @Nullable Drop admit(Draft draft, Delivery delivery) throws SQLException {
      var header = header(delivery);
      var sourceId = header == null ? null : uuid(header.getSourceId());
      if (header == null || sourceId == null) {
        log.error("record without a header: {} offset={}", lane, delivery.offset());
        return Drop.UNREADABLE;
      }
      var line = lines.get(sourceId);
      if (line == null) {
        line = line(sourceId);
        if (line == null) {
          log.error("record of a source that is not known: {} source={}", lane, sourceId);
          return Drop.UNKNOWN_SOURCE;
        }
        if (line.source().partition() != lane.partition()) {
          log.error("record in another partition than its source's: {} source={}", lane, sourceId);
          return Drop.WRONG_PARTITION;
        }
        lines.put(sourceId, line);
      }
      if (!header.getTenantId().equals(line.tenant().toString())) {
        log.error("record names another tenant than its source's: {} source={}", lane, sourceId);
        return Drop.WRONG_TENANT;
      }
      return switch (Sequence.judge(line.mark(), header)) {
        case Verdict.Follows(var known) -> follow(draft, line, header, delivery, known);
        case Verdict.Opens() -> {
          draft.move(line, line.mark().opened(header.getEpoch(), header.getSession()));
          // An agent waits for its session to be known.
          draft.hurry();
          yield null;
        }
        case Verdict.Repeats() -> Drop.REPEATED;
        case Verdict.Stale() -> Drop.STALE;
        case Verdict.Unopened() -> {
          log.error("record of an epoch that was never opened: source={}", sourceId);
          yield Drop.UNOPENED;
        }
        case Verdict.Skips(var firstMissing) -> {
          if (line.missesNow()) {
            log.warn(
                "numbers are missing: source={} epoch={} from={} to={}",
                sourceId,
                header.getEpoch(),
                firstMissing,
                header.getFirstSeq() - 1);
            ingest.metrics().gap();
            ingest.marks().missing(sourceId, header.getEpoch(), firstMissing);
          }
          yield Drop.AFTER_GAP;
        }
      };
    }

    private @Nullable Drop follow(
        Draft draft, SourceLine line, BatchHeader header, Delivery delivery, int known)
        throws SQLException {
      var payload = delivery.payload();
      var sound = BatchDigest.crc32c(payload, 0, payload.length) == header.getCrc32C();
      if (!sound && line.damagedAgain() <= DAMAGED_MAX) {
        // Bytes that changed on the way can be had again.
        log.warn(
            "batch is damaged, asking for it again: source={} seq={}",
            line.sourceId(),
            header.getFirstSeq());
        ingest.marks().missing(line.sourceId(), header.getEpoch(), line.mark().seq() + 1);
        return Drop.DAMAGED;
      }
      if (sound && known == 0 && !continues(line.mark(), header, payload)) {
        if (line.missesNow()) {
          log.error(
              "batch is of another history than what is durable: source={} epoch={} seq={}",
              line.sourceId(),
              header.getEpoch(),
              header.getFirstSeq());
          ingest.marks().missing(line.sourceId(), header.getEpoch(), line.mark().seq() + 1);
        }
        return Drop.FORKED;
      }
      Block block;
      var versions = new ArrayList<Integer>();
      try {
        if (!sound) {
          throw new CorruptBlockException("not what its checksum says, however often it is sent");
        }
        if (isGuilty(delivery.offset())) {
          throw new CorruptBlockException("no rows can be made of what it holds");
        }
        block = decode(header, payload);
        // Before the first of its rows is built: so far the draft knows nothing of the batch.
        number(line, block.events().subList(known, block.events().size()), versions);
      } catch (CorruptBlockException e) {
        return corrupt(draft, line, header, payload, known, e);
      }
      beginSnapshot(draft, line, header, known);
      var events = block.events();
      var now = ingest.clock().instant();
      var newestUs = 0L;
      for (var i = known; i < events.size(); i++) {
        var event = events.get(i);
        draft.add(
            line,
            event,
            versions.get(i - known),
            CaptureWindow.heldMs(event.capturedAtUs(), now),
            now);
        newestUs = Math.max(newestUs, event.committedAtUs());
      }
      if (header.getSnapshotEnds()) {
        draft.endSnapshot(line, header.getFirstSeq() + header.getCount() - 1);
      }
      var mark = line.mark().session(header.getSession());
      if (!events.isEmpty()) {
        mark =
            mark.taken(
                events.getLast().seq(),
                header.getDigest().toByteArray(),
                events.size() - known,
                newestUs,
                header.getLastCapturedAtUs());
      }
      if (block.transactionEndSeq() >= 0) {
        mark = mark.positioned(block.transactionEndSeq(), block.transactionEndPosition());
      }
      draft.move(line, mark);
      return null;
    }

    /// What the first snapshot begins with is nothing, and part of a batch was begun before. Rows
    /// that were deleted are in no snapshot: where they are kept, a model is built from bronze.
    private void beginSnapshot(Draft draft, SourceLine line, BatchHeader header, int known)
        throws SQLException {
      if (!header.getSnapshotBegins() || known > 0 || line.mark().epoch() == 1) {
        return;
      }
      if (ingest.models().keepsDeletedRows(line.sourceId())) {
        draft.beginSnapshot(line, IngestTransaction.NO_MODEL);
      } else {
        var model =
            ingest
                .models()
                .ofSnapshot(line.source(), header.getFirstSeq(), ingest.clock().instant());
        ingest.materializer().forget(model);
        draft.beginSnapshot(line, model);
      }
    }

    /// Whether the batch was made after the very one that is durable.
    private static boolean continues(Mark mark, BatchHeader header, byte[] payload) {
      return header.getCount() == 0
          || MessageDigest.isEqual(
              BatchDigest.next(mark.digest(), payload, 0, payload.length),
              header.getDigest().toByteArray());
    }

    /// The version of each event's table. What the database refuses to know of a table is in the
    /// batch.
    private void number(SourceLine line, List<ChangeEvent> events, List<Integer> versions)
        throws SQLException {
      try {
        var known = line.versions();
        learn(line, events, known);
        for (var event : events) {
          versions.add(known.get(event.schema()));
        }
      } catch (TooManySchemasException e) {
        throw new CorruptBlockException(String.valueOf(e.getMessage()), e);
      } catch (SQLException e) {
        if (Fault.of(e) != Fault.DATA) {
          throw e;
        }
        throw new CorruptBlockException(
            "the database refuses its table: SQLSTATE " + e.getSQLState(), e);
      }
    }

    private Block decode(BatchHeader header, byte[] payload) {
      try {
        return reader.read(header, payload);
      } catch (CorruptBlockException e) {
        throw e;
      } catch (RuntimeException e) {
        // Whatever else trips the decoder is in the bytes, and would trip it again.
        throw new CorruptBlockException("cannot be decoded", e);
      }
    }

    /// What cannot be decoded is passed over, and kept as it came. A snapshot begins and ends with
    /// it all the same: without its begin the rest would be folded a second time into what people
    /// see, and without its end they would never see it.
    private @Nullable Drop corrupt(
        Draft draft,
        SourceLine line,
        BatchHeader header,
        byte[] payload,
        int known,
        CorruptBlockException failure)
        throws SQLException {
      var first = line.mark().seq() + 1;
      var last = header.getFirstSeq() + header.getCount() - 1;
      log.error(
          "batch cannot be decoded, it is kept as a dead letter: source={} epoch={} seq={}..{}",
          line.sourceId(),
          header.getEpoch(),
          first,
          last,
          failure);
      if (last < first) {
        return Drop.DAMAGED;
      }
      var now = ingest.clock().instant();
      ingest.metrics().gap();
      ingest.metrics().lost(Math.toIntExact(last - first + 1));
      beginSnapshot(draft, line, header, known);
      draft.add(letter(line, header, first, last, payload, failure, now));
      if (header.getSnapshotEnds()) {
        draft.endSnapshot(line, last);
      }
      draft.move(
          line,
          line.mark()
              .session(header.getSession())
              .taken(last, header.getDigest().toByteArray(), 0, 0, header.getLastCapturedAtUs()));
      return null;
    }

    private DeadLetter letter(
        SourceLine line,
        BatchHeader header,
        long first,
        long last,
        byte[] payload,
        CorruptBlockException failure,
        Instant now) {
      var head = java.util.Arrays.copyOf(payload, Math.min(payload.length, SAMPLE_BYTES_MAX));
      return new DeadLetter(
          line.ids().eventId(CaptureWindow.heldMs(header.getFirstCapturedAtUs(), now), first),
          line.tenant(),
          line.sourceId(),
          header.getEpoch(),
          first,
          last,
          null,
          null,
          null,
          Cause.BATCH_CORRUPT,
          null,
          String.valueOf(failure.getMessage()),
          Base64.getEncoder().encodeToString(head),
          Batch.newBuilder()
              .setHeader(header)
              .setPayload(UnsafeByteOperations.unsafeWrap(payload))
              .build()
              .toByteArray(),
          now);
    }

    /// Makes known those versions of tables that the line does not know, in a short transaction
    /// of their own.
    private void learn(SourceLine line, List<ChangeEvent> events, Map<TableSchema, Integer> known)
        throws SQLException {
      var firsts = new IdentityHashMap<TableSchema, SourceTables.First>();
      for (var event : events) {
        if (!known.containsKey(event.schema())) {
          firsts.putIfAbsent(
              event.schema(),
              new SourceTables.First(event.schema(), event.schemaFingerprint(), event.seq()));
        }
      }
      if (firsts.isEmpty()) {
        return;
      }
      var inOrder =
          firsts.values().stream()
              .sorted(java.util.Comparator.comparingLong(SourceTables.First::seq))
              .toList();
      var made = ingest.tables().versions(line.source(), line.mark().epoch(), inOrder);
      for (var i = 0; i < made.size(); i++) {
        known.put(inOrder.get(i).schema(), made.get(i));
      }
    }

    /// Null if there is no such source.
    private @Nullable SourceLine line(UUID sourceId) throws SQLException {
      var source = ingest.sources().find(sourceId).orElse(null);
      if (source == null) {
        return null;
      }
      try (var connection = ingest.service().getConnection()) {
        var stored = ingest.checkpoints().mark(connection, sourceId);
        var mark =
            stored.isPresent()
                ? stored.get()
                : Mark.NONE.folding(ingest.models().live(source, ingest.clock().instant()));
        var quarantine = Quarantine.read(connection, ingest.deadLetters(), mark.model());
        var letters = ingest.deadLetters().counts(connection, sourceId);
        // What was remembered of it may be older than what another process has folded since.
        ingest.materializer().forget(mark.model());
        ingest.tables().forget(sourceId);
        return new SourceLine(source, stored.isPresent(), mark, quarantine, letters);
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
              suspects.headMap(draft.nextOffset()).clear();
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
      while (!isGuilty(draft.nextOffset() - 1)) {
        suspect(draft.nextOffset() - 1);
      }
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

  private static @Nullable BatchHeader header(Delivery delivery) {
    if (delivery.header() == null) {
      return null;
    }
    try {
      var header = BatchHeader.parseFrom(delivery.header());
      var sound =
          header.getEpoch() >= 1
              && header.getCount() >= 0
              && (header.getKind() == BatchKind.BARRIER
                  || header.getFirstSeq() >= 1
                      && header.getFirstSeq() <= Long.MAX_VALUE - header.getCount());
      return sound ? header : null;
    } catch (InvalidProtocolBufferException e) {
      return null;
    }
  }

  private static @Nullable UUID uuid(String text) {
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
