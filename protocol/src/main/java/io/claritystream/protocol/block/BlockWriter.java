package io.claritystream.protocol.block;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/// Writes one block after another into the same room. An event is written in place: `beginEvent`,
/// then its images cell by cell, then `endEvent`; nothing is allocated for it. Not safe for several
/// threads.
public final class BlockWriter {
  static final int VERSION = 1;
  static final int SCHEMA = 0x01;
  static final int TRANSACTION = 0x02;
  static final int TRANSACTION_END = 0x03;
  static final int SNAPSHOT_BEGIN = 0x04;
  static final int SNAPSHOT_END = 0x05;
  static final int EVENT = 0x10;
  static final int OLD_KEY = 1;
  static final int BEFORE = 2;
  static final int AFTER = 4;

  private record Encoded(byte[] bytes, long fingerprint) {}

  private final ByteSink out;
  private final Map<TableSchema, Encoded> encodings = new IdentityHashMap<>();
  private final Map<Long, Integer> indexes = new HashMap<>();
  private int events;
  private int cells;
  private long position;
  private long capturedAtUs;
  private long firstCapturedAtUs;
  private int eventStart;
  private int partsAt;
  private int parts;
  private long positionBefore;
  private long capturedBefore;
  private int cellsBefore;
  private boolean snapshotBegins;
  private boolean snapshotEnds;

  public BlockWriter(int capacity) {
    out = new ByteSink(capacity);
    reset();
  }

  /// Begins an empty block.
  public void reset() {
    out.clear();
    out.put(VERSION);
    indexes.clear();
    events = 0;
    cells = 0;
    position = 0;
    capturedAtUs = 0;
    firstCapturedAtUs = 0;
    eventStart = -1;
    snapshotBegins = false;
    snapshotEnds = false;
  }

  /// What follows belongs to this transaction, of which `eventsBefore` events were written already,
  /// here or in earlier blocks.
  public void transaction(long xid, long commitPosition, long committedAtUs, long eventsBefore) {
    out.put(TRANSACTION).varint(xid).varint(commitPosition).zigzag(committedAtUs);
    out.varint(eventsBefore);
  }

  /// The transaction is whole: once all so far is durable, the source may go on at `endPosition`.
  public void transactionEnd(long endPosition) {
    out.put(TRANSACTION_END).varint(endPosition);
  }

  public void snapshotBegin(long atPosition) {
    out.put(SNAPSHOT_BEGIN).varint(atPosition);
    snapshotBegins = true;
  }

  public void snapshotEnd(long atPosition) {
    out.put(SNAPSHOT_END).varint(atPosition);
    snapshotEnds = true;
  }

  /// @param capturedAtUs never less than that of the event before it
  public void beginEvent(Op op, TableSchema schema, long eventPosition, long eventCapturedAtUs) {
    var index = schemaIndex(schema);
    eventStart = out.size();
    positionBefore = position;
    capturedBefore = capturedAtUs;
    cellsBefore = cells;
    if (events == 0) {
      firstCapturedAtUs = eventCapturedAtUs;
      capturedAtUs = eventCapturedAtUs;
    }
    if (eventCapturedAtUs < capturedAtUs) {
      throw new IllegalArgumentException("the time of capture runs backwards");
    }
    out.put(EVENT + op.ordinal()).varint(index);
    out.zigzag(eventPosition - position).varint(eventCapturedAtUs - capturedAtUs);
    position = eventPosition;
    capturedAtUs = eventCapturedAtUs;
    partsAt = out.size();
    parts = 0;
    out.put(0);
  }

  /// What follows are the cells of the key columns as they were.
  public void oldKey() {
    part(OLD_KEY);
  }

  /// What follows are the cells of the whole row as it was.
  public void before() {
    part(BEFORE);
  }

  /// What follows are the cells of the whole row as it is.
  public void after() {
    part(AFTER);
  }

  public void value(byte[] source, int offset, int length) {
    cells++;
    out.varint(Row.TEXT + ((long) length << 1)).put(source, offset, length);
  }

  public void hashedValue(byte[] source, int offset, int length) {
    cells++;
    out.varint(Row.TEXT + ((long) length << 1 | 1)).put(source, offset, length);
  }

  /// A cell without text: [Row#NULL], [Row#UNCHANGED], [Row#DROPPED], [Row#REDACTED] or
  /// [Row#OMITTED].
  public void marker(int marker) {
    cells++;
    out.put(-1 - marker);
  }

  public void endEvent() {
    out.array()[partsAt] = (byte) parts;
    events++;
    eventStart = -1;
  }

  /// Takes back an event that was begun and cannot be finished.
  public void abandonEvent() {
    if (eventStart < 0) {
      throw new IllegalStateException("no event is begun");
    }
    out.truncate(eventStart);
    position = positionBefore;
    capturedAtUs = capturedBefore;
    cells = cellsBefore;
    eventStart = -1;
  }

  public int events() {
    return events;
  }

  public int cells() {
    return cells;
  }

  /// Whether a snapshot begins in it.
  public boolean snapshotBegins() {
    return snapshotBegins;
  }

  /// Whether a snapshot ends in it.
  public boolean snapshotEnds() {
    return snapshotEnds;
  }

  public int size() {
    return out.size();
  }

  public long firstCapturedAtUs() {
    return firstCapturedAtUs;
  }

  public long lastCapturedAtUs() {
    return capturedAtUs;
  }

  /// The block so far: valid up to [#size()] and until the next write.
  public byte[] array() {
    return out.array();
  }

  private void part(int bit) {
    if (parts >= bit) {
      throw new IllegalStateException("parts of an event go in their order, once");
    }
    parts |= bit;
  }

  private int schemaIndex(TableSchema schema) {
    // Schemas live as long as their table does not change, so identity finds them without hashing
    // 400 columns for each row.
    var encoded =
        encodings.computeIfAbsent(
            schema,
            made -> {
              var bytes = made.encode();
              return new Encoded(bytes, TableSchema.fingerprint(bytes));
            });
    var index = indexes.get(encoded.fingerprint());
    if (index != null) {
      return index;
    }
    var fresh = indexes.size();
    indexes.put(encoded.fingerprint(), fresh);
    out.put(SCHEMA).varint(fresh).int64(encoded.fingerprint());
    out.varint(encoded.bytes().length).put(encoded.bytes());
    return fresh;
  }

  /// Drops what is remembered of a schema that is no longer used.
  public void forget(TableSchema schema) {
    encodings.remove(schema);
  }
}
