package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ByteSink;
import io.claritystream.protocol.block.Row;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/// Rows of `row_state` in the form that binary COPY takes, built from the bytes of their blocks:
/// nothing is allocated for a value.
final class RowSink {
  private static final String COPY =
      """
      COPY analytics.row_state (table_id, key, born, refers, describes, at, schema_version, image)
      FROM STDIN (FORMAT binary)
      """;

  private static final int FIELDS = 8;
  private static final int NULL = -1;
  private static final int MESSAGE_BYTES = 1 << 16;

  /// PostgreSQL counts its microseconds from 2000.
  private static final long EPOCH_2000_US = 946_684_800_000_000L;

  private static final byte[] HEADER =
      ByteBuffer.allocate(19)
          .put("PGCOPY\n\377\r\n\0".getBytes(StandardCharsets.ISO_8859_1))
          .array();
  private static final byte[] TRAILER = {-1, -1};

  private final ByteSink rows = new ByteSink(1 << 12);
  private int count;
  private int rowAt;
  private int keyAt;

  /// Begins a row; its key is written to the result, then [#endKey] or [#abandon] follows.
  ByteSink begin(int tableId) {
    rowAt = rows.size();
    rows.int16(FIELDS).int32(4).int32(tableId);
    keyAt = rows.size();
    return rows.int32(0);
  }

  /// Where the bytes of the key begin, in the array of what [#begin] gave.
  int keyStart() {
    return keyAt + 4;
  }

  void abandon() {
    rows.truncate(rowAt);
  }

  /// @param has whether the row has a key: what was written, otherwise nothing was
  void endKey(boolean has, long born) {
    rows.int32At(keyAt, has ? rows.size() - keyAt - 4 : NULL);
    rows.int32(8).int64(born);
  }

  /// @param atUs [Moment#NONE] if it has no time
  void end(
      @Nullable UUID refers, @Nullable UUID describes, long atUs, int schemaVersion, Row image) {
    uuid(refers);
    uuid(describes);
    if (atUs == Moment.NONE) {
      rows.int32(NULL);
    } else {
      rows.int32(8).int64(atUs - EPOCH_2000_US);
    }
    rows.int32(4).int32(schemaVersion);
    rows.int32(image.imageLength());
    image.writeImage(rows);
    count++;
  }

  private void uuid(@Nullable UUID value) {
    if (value == null) {
      rows.int32(NULL);
    } else {
      rows.int32(16).int64(value.getMostSignificantBits()).int64(value.getLeastSignificantBits());
    }
  }

  /// A whole row.
  void add(
      TablePlan plan,
      byte @Nullable [] key,
      long born,
      @Nullable UUID refers,
      @Nullable UUID describes,
      long atUs,
      Row image) {
    var out = begin(plan.modelTable.id);
    if (key != null) {
      out.put(key);
    }
    endKey(key != null, born);
    end(refers, describes, atUs, plan.version, image);
  }

  boolean isEmpty() {
    return count == 0;
  }

  void copy(Connection connection) throws SQLException {
    var in = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(COPY);
    try {
      in.writeToCopy(HEADER, 0, HEADER.length);
      for (var at = 0; at < rows.size(); at += MESSAGE_BYTES) {
        in.writeToCopy(rows.array(), at, Math.min(MESSAGE_BYTES, rows.size() - at));
      }
      in.writeToCopy(TRAILER, 0, TRAILER.length);
      in.endCopy();
    } finally {
      if (in.isActive()) {
        in.cancelCopy();
      }
    }
  }
}
