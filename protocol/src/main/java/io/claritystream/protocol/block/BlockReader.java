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
  /// A block larger than this was not made by an agent of ours.
  public static final int BLOCK_BYTES_MAX = 64 * 1024 * 1024;

  private static final int SCHEMAS_IN_BLOCK_MAX = 20_000;
  private static final int SCHEMAS_REMEMBERED_MAX = 20_000;

  private final Map<Long, TableSchema> known =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, TableSchema> eldest) {
          return size() > SCHEMAS_REMEMBERED_MAX;
        }
      };

  /// Decompresses and reads a batch's payload.
  ///
  /// @throws CorruptBlockException if it is not what its header says
  public Block read(BatchHeader header, byte[] payload) {
    var plain =
        switch (header.getCodec()) {
          case PLAIN_BLOCK_V1 -> payload;
          case ZSTD_BLOCK_V1 -> decompress(payload, header.getUncompressedBytes());
          case UNRECOGNIZED ->
              throw new CorruptBlockException("codec " + header.getCodecValue() + " is unknown");
        };
    var block = readPlain(plain, header.getFirstSeq(), header.getFirstCapturedAtUs());
    if (block.events().size() != header.getCount()) {
      throw new CorruptBlockException(
          "holds " + block.events().size() + " events and its header says " + header.getCount());
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
    var in = new ByteSource(bytes, 0, bytes.length);
    var version = in.next();
    if (version != BlockWriter.VERSION) {
      throw new CorruptBlockException("block version " + version + " is unknown");
    }
    var schemas = new ArrayList<TableSchema>();
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
          schemas.add(schema(in, fingerprint));
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
          var schema = schemas.get(index);
          position += in.zigzag();
          capturedAtUs += in.varint();
          var parts = in.next();
          var columns = schema.columns().size();
          var oldKey =
              (parts & BlockWriter.OLD_KEY) == 0 ? null : Row.read(in, schema.keyColumns());
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

  private TableSchema schema(ByteSource in, long fingerprint) {
    var length = in.varint();
    var start = in.skip(length);
    var seen = known.get(fingerprint);
    if (seen != null) {
      return seen;
    }
    var bytes = java.util.Arrays.copyOfRange(in.bytes(), start, start + (int) length);
    if (TableSchema.fingerprint(bytes) != fingerprint) {
      throw new CorruptBlockException("a schema does not have the fingerprint it claims");
    }
    var schema = TableSchema.decode(bytes);
    known.put(fingerprint, schema);
    return schema;
  }
}
