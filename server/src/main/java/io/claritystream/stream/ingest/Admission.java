package io.claritystream.stream.ingest;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import io.claritystream.protocol.block.BatchDigest;
import io.claritystream.protocol.block.Block;
import io.claritystream.protocol.block.BlockReader;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.CorruptBlockException;
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
import io.claritystream.stream.materializer.TooManySchemasException;
import java.security.MessageDigest;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decides of each record of a partition, in one session, whether it comes next, and puts what it
/// holds into the draft. Belongs to the thread that builds drafts.
final class Admission {
  private static final Logger log = LoggerFactory.getLogger(Admission.class);

  /// How often a batch that came damaged is asked for again.
  private static final int DAMAGED_MAX = 3;

  private static final int SAMPLE_BYTES_MAX = 256;

  private final Lane lane;
  private final Ingest ingest;
  private final Suspects suspects;
  private final SourceLines lines;
  private final BlockReader reader = new BlockReader();

  Admission(Lane lane, Ingest ingest, Suspects suspects) {
    this.lane = lane;
    this.ingest = ingest;
    this.suspects = suspects;
    lines = new SourceLines(ingest, lane.partition());
  }

  /// Puts the record into the draft, or says why not.
  @Nullable Drop admit(Draft draft, Delivery delivery) throws SQLException {
    var header = header(delivery);
    var sourceId = header == null ? null : uuid(header.getSourceId());
    if (header == null || sourceId == null) {
      log.error("record without a header: {} offset={}", lane, delivery.offset());
      return Drop.UNREADABLE;
    }
    var line = lines.find(sourceId);
    if (line == null) {
      log.error("record of a source that is not known: {} source={}", lane, sourceId);
      return Drop.UNKNOWN_SOURCE;
    }
    if (line.source().partition() != lane.partition()) {
      log.error("record in another partition than its source's: {} source={}", lane, sourceId);
      return Drop.WRONG_PARTITION;
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
    List<Integer> versions;
    try {
      if (!sound) {
        throw new CorruptBlockException("not what its checksum says, however often it is sent");
      }
      if (suspects.isGuilty(delivery.offset())) {
        throw new CorruptBlockException("no rows can be made of what it holds");
      }
      block = decode(header, payload);
      // Before the first of its rows is built: so far the draft knows nothing of the batch.
      versions = number(line, block.events().subList(known, block.events().size()));
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
          ingest.models().ofSnapshot(line.source(), header.getFirstSeq(), ingest.clock().instant());
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
  private List<Integer> number(SourceLine line, List<ChangeEvent> events) throws SQLException {
    try {
      return lines.versions(line, events);
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
    var head = Arrays.copyOf(payload, Math.min(payload.length, SAMPLE_BYTES_MAX));
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
