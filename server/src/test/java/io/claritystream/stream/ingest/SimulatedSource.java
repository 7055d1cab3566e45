package io.claritystream.stream.ingest;

import com.github.luben.zstd.Zstd;
import com.google.protobuf.ByteString;
import io.claritystream.base.db.TenantId;
import io.claritystream.protocol.block.BatchDigest;
import io.claritystream.protocol.block.BlockWriter;
import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.BatchKind;
import io.claritystream.protocol.link.Codec;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// An agent's spool and its gateway: numbers events, packs them, heads them.
public final class SimulatedSource {
  public static final TableSchema READING =
      new TableSchema(
          "public",
          "pump_reading",
          'd',
          "",
          List.of(
              column("pump_id", "integer", ValueKind.INT, true),
              column("read_at", "timestamp with time zone", ValueKind.TIMESTAMPTZ, true),
              column("pressure_bar", "numeric(8,3)", ValueKind.NUMERIC, false),
              column("flow_m3_h", "double precision", ValueKind.FLOAT, false),
              column("note", "text", ValueKind.TEXT, false)),
          List.of());

  public static final TableSchema STOP =
      new TableSchema(
          "public",
          "pump_stop",
          'd',
          "",
          List.of(
              column("stop_id", "integer", ValueKind.INT, true),
              column("pump_id", "integer", ValueKind.INT, false),
              column("started_at", "timestamp with time zone", ValueKind.TIMESTAMPTZ, false),
              column("ended_at", "timestamp with time zone", ValueKind.TIMESTAMPTZ, false),
              column("reason", "text", ValueKind.TEXT, false)),
          List.of());

  public static final TableSchema STATE =
      new TableSchema(
          "public",
          "pump_state_log",
          'd',
          "",
          List.of(
              column("id", "integer", ValueKind.INT, true),
              column("pump_id", "integer", ValueKind.INT, false),
              column("changed_at", "timestamp with time zone", ValueKind.TIMESTAMPTZ, false),
              column("state", "text", ValueKind.TEXT, false)),
          List.of());

  /// A batch as it goes onto the bus.
  public record Batch(BatchHeader header, byte[] payload) {
    public long lastSeq() {
      return header.getFirstSeq() + header.getCount() - 1;
    }

    public Batch session(long session) {
      return new Batch(header.toBuilder().setSession(session).build(), payload);
    }

    public Batch with(java.util.function.UnaryOperator<BatchHeader.Builder> change) {
      return new Batch(change.apply(header.toBuilder()).build(), payload);
    }
  }

  private static final String UNCHANGED = "\0unchanged";

  /// The cells of one event; the defaults are a plain reading.
  ///
  /// @param keyBefore the key that its row had until now; empty if that is the same
  public record Event(Op op, List<@Nullable String> cells, List<String> keyBefore) {
    public Event(Op op, List<@Nullable String> cells) {
      this(op, cells, List.of());
    }

    /// What an agent sends before it reads a table again; it stands nowhere in the log.
    public static final Event CLEARED = new Event(Op.TRUNCATE, List.of());

    public static Event reading(long pump, Instant at, String pressure) {
      return new Event(
          Op.INSERT,
          java.util.Arrays.asList(Long.toString(pump), text(at), pressure, "12.5", null));
    }

    public Event note(String note) {
      var changed = new java.util.ArrayList<>(cells);
      changed.set(4, note);
      return new Event(op, changed);
    }

    public Event as(Op other) {
      return new Event(other, cells);
    }

    /// A deletion that tells no more than the first cells, which are the row's key.
    public Event deletedBy(int keyCells) {
      return new Event(Op.DELETE, cells.subList(0, keyCells));
    }

    /// An update that gives the row another key.
    public Event movedFrom(String... key) {
      return new Event(Op.UPDATE, cells, List.of(key));
    }

    /// An update that does not tell the note, which it left alone.
    public Event withoutNote() {
      return note(UNCHANGED).as(Op.UPDATE);
    }
  }

  private final TenantId tenant;
  private final UUID sourceId;
  private final int partition;
  private int epoch = 1;
  private long session = 1;
  private long nextSeq = 1;
  private byte[] digest = {};
  private Instant capturedAt;

  public SimulatedSource(TenantId tenant, UUID sourceId, int partition, Instant now) {
    this.tenant = tenant;
    this.sourceId = sourceId;
    this.partition = partition;
    this.capturedAt = now;
  }

  public static String text(Instant at) {
    return at.toString().replace('T', ' ').replace("Z", "+00");
  }

  public TenantId tenant() {
    return tenant;
  }

  public UUID id() {
    return sourceId;
  }

  public int partition() {
    return partition;
  }

  /// The number of the last event that was made.
  public long lastSeq() {
    return nextSeq - 1;
  }

  public Instant capturedAt() {
    return capturedAt;
  }

  public void capturedAt(Instant at) {
    capturedAt = at;
  }

  /// Opens the source's next stream.
  public Batch barrier() {
    session++;
    return barrierAgain();
  }

  public Batch barrierAgain() {
    return new Batch(head().setKind(BatchKind.BARRIER).build(), new byte[0]);
  }

  /// Begins another numbering; its barrier is to be sent first.
  public Batch nextEpoch() {
    epoch++;
    nextSeq = 1;
    digest = new byte[0];
    return barrier();
  }

  /// The next `count` plain readings.
  public Batch batch(int count) {
    var events = new Event[count];
    for (var i = 0; i < count; i++) {
      events[i] = Event.reading(nextSeq + i, capturedAt, "4." + (nextSeq + i) % 1_000);
    }
    return batch(events);
  }

  public Batch batch(Event... events) {
    return batch(READING, new BlockWriter(256), events);
  }

  public Batch batch(TableSchema table, Event... events) {
    return batch(table, new BlockWriter(256), events);
  }

  /// A batch that a snapshot begins in.
  public Batch snapshot(Event... events) {
    var block = new BlockWriter(256);
    block.snapshotBegin(0x1_0000_0000L);
    return batch(READING, block, events);
  }

  /// A batch that holds a whole snapshot.
  public Batch wholeSnapshot(Event... events) {
    var block = new BlockWriter(256);
    block.snapshotBegin(0x1_0000_0000L);
    block.snapshotEnd(0x1_0000_0000L);
    return batch(READING, block, events);
  }

  /// A batch that a snapshot ends in.
  public Batch snapshotEnd(Event... events) {
    var block = new BlockWriter(256);
    block.snapshotEnd(0x1_0000_0000L);
    return batch(READING, block, events);
  }

  /// Of a table that is called otherwise.
  public Batch batchOf(String table, Event... events) {
    var schema = new TableSchema("public", table, 'd', "", READING.columns(), List.of());
    return batch(schema, new BlockWriter(256), events);
  }

  private Batch batch(TableSchema schema, BlockWriter block, Event... events) {
    var atUs = capturedAt.getEpochSecond() * 1_000_000 + capturedAt.getNano() / 1_000;
    block.transaction(700 + nextSeq, 0x1_0000_0000L + nextSeq, atUs, 0);
    for (var event : events) {
      var position = event == Event.CLEARED ? 0 : 0x1_0000_0000L + nextSeq;
      block.beginEvent(event.op(), schema, position, atUs);
      if (event.op() == Op.TRUNCATE) {
        block.endEvent();
        continue;
      }
      if (!event.keyBefore().isEmpty()) {
        block.oldKey();
        event.keyBefore().forEach(key -> value(block, key));
      }
      if (event.cells().size() < schema.columns().size()) {
        block.oldKey();
      } else if (event.op() == Op.DELETE) {
        block.before();
      } else {
        block.after();
      }
      for (var cell : event.cells()) {
        if (cell == null) {
          block.marker(io.claritystream.protocol.block.Row.NULL);
        } else if (cell.equals(UNCHANGED)) {
          block.marker(io.claritystream.protocol.block.Row.UNCHANGED);
        } else {
          value(block, cell);
        }
      }
      block.endEvent();
    }
    block.transactionEnd(0x1_0000_0000L + nextSeq + events.length);
    var plain = java.util.Arrays.copyOf(block.array(), block.size());
    return packed(
        plain, events.length, block.cells(), atUs, block.snapshotBegins(), block.snapshotEnds());
  }

  private static void value(BlockWriter block, String cell) {
    var bytes = cell.getBytes(StandardCharsets.UTF_8);
    block.value(bytes, 0, bytes.length);
  }

  /// A batch whose payload is not a block, though everything about it is in order.
  public Batch nonsense(int count) {
    return nonsense(count, false, false);
  }

  /// The same, and its header says that a snapshot begins or ends in it.
  public Batch nonsense(int count, boolean begins, boolean ends) {
    return packed("not a block".getBytes(StandardCharsets.UTF_8), count, 0, 0, begins, ends);
  }

  private Batch packed(
      byte[] plain, int count, int cells, long atUs, boolean begins, boolean ends) {
    var payload = Zstd.compress(plain, 1);
    if (count > 0) {
      digest = BatchDigest.next(digest, payload, 0, payload.length);
    }
    var header =
        head()
            .setFirstSeq(nextSeq)
            .setCount(count)
            .setCells(cells)
            .setCodec(Codec.ZSTD_BLOCK_V1)
            .setUncompressedBytes(plain.length)
            .setCrc32C(BatchDigest.crc32c(payload, 0, payload.length))
            .setDigest(ByteString.copyFrom(digest))
            .setFirstCapturedAtUs(atUs)
            .setLastCapturedAtUs(atUs)
            .setSnapshotBegins(begins)
            .setSnapshotEnds(ends)
            .build();
    nextSeq += count;
    return new Batch(header, payload);
  }

  private BatchHeader.Builder head() {
    return BatchHeader.newBuilder()
        .setSourceId(sourceId.toString())
        .setTenantId(tenant.toString())
        .setEpoch(epoch)
        .setSession(session);
  }

  private static Column column(String name, String type, ValueKind kind, boolean key) {
    return new Column(name, type, 0, kind, key, key, "");
  }
}
