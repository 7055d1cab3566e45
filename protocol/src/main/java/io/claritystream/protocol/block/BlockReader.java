package io.claritystream.protocol.block;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import io.claritystream.protocol.link.BatchHeader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;

/// Reads blocks. It remembers the schemas it has seen, so that events of an unchanged table share
/// one [TableSchema] by identity. Not safe for several threads.
public final class BlockReader {
  /// A block larger than this was not made by an agent of ours: those are closed at 1 MiB, to
  /// which one event of at most 8 MiB may have come.
  public static final int BLOCK_BYTES_MAX = 16 * 1024 * 1024;

  /// Agents close a block at 50,000.
  public static final int EVENTS_MAX = 65_536;

  /// A cell may become a row of its own at the platform, and a block is folded in one turn: the
  /// other sources of its partition wait for it. Agents close a block at 100,000, and one event has
  /// three images of 1,600 columns at most. No release has had another limit. From the first on it
  /// may grow and never shrink: a wider block in an agent's spool would be refused for ever, and
  /// one on the bus would be a dead letter.
  public static final int CELLS_MAX = 131_072;

  /// Bronze repeats a column's name for each cell. A million cells under PostgreSQL's longest names
  /// stay below this.
  private static final long NAME_BYTES_MAX = 64L * 1024 * 1024;

  private static final int SCHEMAS_IN_BLOCK_MAX = 20_000;
  private static final int SCHEMA_BYTES_IN_BLOCK_MAX = 4 * 1024 * 1024;
  private static final int SCHEMAS_REMEMBERED_MAX = 20_000;
  private static final long SCHEMA_BYTES_REMEMBERED_MAX = 32L * 1024 * 1024;

  /// A schema and what it costs.
  private record Known(TableSchema schema, int keyColumns, long nameBytes, int encodedBytes) {}

  /// The least recently used first.
  private final Map<Long, Known> known = new LinkedHashMap<>(64, 0.75f, true);

  private long knownBytes;

  /// Decompresses and reads a batch's payload.
  ///
  /// @throws CorruptBlockException if it is not what its header says
  public Block read(BatchHeader header, byte[] payload) {
    var plain =
        switch (header.getCodec()) {
          case PLAIN_BLOCK_V1 -> {
            if (payload.length > BLOCK_BYTES_MAX) {
              throw new CorruptBlockException("a block of " + payload.length + " bytes");
            }
            yield payload;
          }
          case ZSTD_BLOCK_V1 -> decompress(payload, header.getUncompressedBytes());
          case UNRECOGNIZED ->
              throw new CorruptBlockException("codec " + header.getCodecValue() + " is unknown");
        };
    var block =
        readPlain(
            plain,
            header.getFirstSeq(),
            header.getFirstCapturedAtUs(),
            Math.min(header.getCount(), EVENTS_MAX),
            Math.min(header.getCells(), CELLS_MAX));
    if (block.events().size() != header.getCount()) {
      throw new CorruptBlockException(
          "holds " + block.events().size() + " events and its header says " + header.getCount());
    }
    if (block.snapshotBegins() != header.getSnapshotBegins()
        || block.snapshotEnds() != header.getSnapshotEnds()) {
      throw new CorruptBlockException("its header says otherwise where a snapshot begins or ends");
    }
    return block;
  }

  private static byte[] decompress(byte[] payload, int size) {
    if (size < 1 || size > BLOCK_BYTES_MAX) {
      throw new CorruptBlockException("an uncompressed size of " + size + " bytes");
    }
    try {
      var plain = new byte[size];
      var read = Zstd.decompressByteArray(plain, 0, size, payload, 0, payload.length);
      if (read != size) {
        throw new CorruptBlockException("decompresses to " + read + " bytes instead of " + size);
      }
      return plain;
    } catch (ZstdException e) {
      throw new CorruptBlockException("cannot be decompressed", e);
    }
  }

  Block readPlain(byte[] bytes, long firstSeq, long firstCapturedAtUs) {
    return readPlain(bytes, firstSeq, firstCapturedAtUs, EVENTS_MAX, CELLS_MAX);
  }

  /// Stops where the limits are reached, before anything is made of what lies beyond.
  private Block readPlain(
      byte[] bytes, long firstSeq, long firstCapturedAtUs, int eventsMax, int cellsMax) {
    var in = new ByteSource(bytes, 0, bytes.length);
    var version = in.next();
    if (version != BlockWriter.VERSION) {
      throw new CorruptBlockException("block version " + version + " is unknown");
    }
    var schemas = new ArrayList<Known>();
    var schemaBytes = 0;
    var cellsLeft = cellsMax;
    var nameBytesLeft = NAME_BYTES_MAX;
    var fingerprints = new ArrayList<Long>();
    var events = new ArrayList<ChangeEvent>();
    var position = 0L;
    var capturedAtUs = firstCapturedAtUs;
    var xid = 0L;
    var commitPosition = 0L;
    var committedAtUs = 0L;
    var endSeq = -1L;
    var endPosition = 0L;
    var snapshotBegins = false;
    var snapshotEnds = false;
    while (in.hasMore()) {
      var entry = in.next();
      switch (entry) {
        case BlockWriter.SCHEMA -> {
          var index = in.varintWithin(SCHEMAS_IN_BLOCK_MAX);
          if (index != schemas.size()) {
            throw new CorruptBlockException("schema " + index + " is out of order");
          }
          var fingerprint = in.int64();
          var schema = schema(in, fingerprint);
          schemaBytes += schema.encodedBytes();
          if (schemaBytes > SCHEMA_BYTES_IN_BLOCK_MAX) {
            throw new CorruptBlockException("more than " + schemaBytes + " bytes of schemas");
          }
          schemas.add(schema);
          fingerprints.add(fingerprint);
        }
        case BlockWriter.TRANSACTION -> {
          xid = in.varint();
          commitPosition = in.varint();
          committedAtUs = in.zigzag();
          in.varint();
        }
        case BlockWriter.TRANSACTION_END -> {
          endPosition = in.varint();
          endSeq = firstSeq + events.size() - 1;
        }
        case BlockWriter.SNAPSHOT_BEGIN -> {
          in.varint();
          snapshotBegins = true;
        }
        case BlockWriter.SNAPSHOT_END -> {
          in.varint();
          snapshotEnds = true;
        }
        default -> {
          var op = Op.ofCode(entry - BlockWriter.EVENT);
          var index = in.varintWithin(SCHEMAS_IN_BLOCK_MAX);
          if (index >= schemas.size()) {
            throw new CorruptBlockException("schema " + index + " was not announced");
          }
          if (events.size() >= eventsMax) {
            throw new CorruptBlockException(
                "more events than its header or any block may have: " + eventsMax);
          }
          var known = schemas.get(index);
          var schema = known.schema();
          position += in.zigzag();
          capturedAtUs += in.varint();
          var parts = in.next();
          var columns = schema.columns().size();
          var keyColumns = known.keyColumns();
          cellsLeft -= cells(parts, keyColumns, columns);
          nameBytesLeft -= known.nameBytes() * Integer.bitCount(parts);
          if (cellsLeft < 0 || nameBytesLeft < 0) {
            throw new CorruptBlockException(
                "more cells than its header or any block may have: " + cellsMax);
          }
          var oldKey = (parts & BlockWriter.OLD_KEY) == 0 ? null : Row.read(in, keyColumns);
          var before = (parts & BlockWriter.BEFORE) == 0 ? null : Row.read(in, columns);
          var after = (parts & BlockWriter.AFTER) == 0 ? null : Row.read(in, columns);
          events.add(
              new ChangeEvent(
                  op,
                  firstSeq + events.size(),
                  schema,
                  fingerprints.get(index),
                  position,
                  xid,
                  commitPosition,
                  committedAtUs,
                  capturedAtUs,
                  oldKey,
                  before,
                  after));
        }
      }
    }
    return new Block(events, endSeq, endPosition, snapshotBegins, snapshotEnds);
  }

  private static int cells(int parts, int keyColumns, int columns) {
    return ((parts & BlockWriter.OLD_KEY) == 0 ? 0 : keyColumns)
        + ((parts & BlockWriter.BEFORE) == 0 ? 0 : columns)
        + ((parts & BlockWriter.AFTER) == 0 ? 0 : columns);
  }

  private Known schema(ByteSource in, long fingerprint) {
    var length = in.varintWithin(TableSchema.BYTES_MAX);
    var start = in.skip(length);
    var seen = known.get(fingerprint);
    if (seen != null) {
      return seen;
    }
    var bytes = java.util.Arrays.copyOfRange(in.bytes(), start, start + length);
    if (TableSchema.fingerprint(bytes) != fingerprint) {
      throw new CorruptBlockException("a schema does not have the fingerprint it claims");
    }
    var schema = TableSchema.decode(bytes);
    var fresh = new Known(schema, schema.keyColumns(), schema.nameBytes(), length);
    known.put(fingerprint, fresh);
    knownBytes += length;
    forget();
    return fresh;
  }

  private void forget() {
    var eldest = known.values().iterator();
    while (known.size() > SCHEMAS_REMEMBERED_MAX || knownBytes > SCHEMA_BYTES_REMEMBERED_MAX) {
      knownBytes -= eldest.next().encodedBytes();
      eldest.remove();
    }
  }
}
