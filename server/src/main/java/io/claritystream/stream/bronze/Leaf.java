package io.claritystream.stream.bronze;

import io.claritystream.protocol.block.ByteSink;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/// Rows for one day's partition, as the bytes that COPY takes, and where each of them ends.
final class Leaf {
  /// How much goes out in one message: the server reads one while it works on the one before.
  private static final int MESSAGE_BYTES = 64 * 1024;

  /// Signature, no flags, no extension.
  private static final byte[] HEADER = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xff, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0
  };

  private static final byte[] TRAILER = {(byte) 0xff, (byte) 0xff};
  private static final int FIELDS_BEFORE_PAYLOAD = 10;

  /// A buffer that one huge batch has grown beyond this is not kept for the next.
  private static final int KEPT_BYTES_MAX = 16 * 1024 * 1024;

  private final long epochDay;
  private final String copy;
  private ByteSink rows = new ByteSink(1 << 20);
  private int[] ends = new int[4_096];
  private int[] events = new int[4_096];
  private int count;

  Leaf(long epochDay) {
    this.epochDay = epochDay;
    // Eight digits are all that varies: no parameter can name a table.
    this.copy =
        """
        COPY bronze.cdc_events_%s (event_id, tenant_id, source_id, epoch, seq, op, table_name, schema_version,
          lsn, event_time, payload, ingest_time)
        FROM STDIN (FORMAT binary)
        """
            .formatted(DateTimeFormatter.BASIC_ISO_DATE.format(day()));
  }

  LocalDate day() {
    return LocalDate.ofEpochDay(epochDay);
  }

  long epochDay() {
    return epochDay;
  }

  int count() {
    return count;
  }

  /// Where the next row is to be written; [#rowEnds] follows.
  ByteSink rows() {
    return rows;
  }

  void rowEnds(int event) {
    if (count == ends.length) {
      ends = Arrays.copyOf(ends, count * 2);
      events = Arrays.copyOf(events, count * 2);
    }
    events[count] = event;
    ends[count++] = rows.size();
  }

  /// Which event of the batch a row is.
  int event(int row) {
    return events[row];
  }

  void clear() {
    count = 0;
    if (rows.array().length > KEPT_BYTES_MAX) {
      rows = new ByteSink(1 << 20);
    }
    rows.clear();
  }

  /// Copies the rows `from` (included) to `to`, all or none.
  void copy(Connection connection, int from, int to) throws SQLException {
    var begin = from == 0 ? 0 : ends[from - 1];
    send(connection, rows.array(), begin, ends[to - 1]);
  }

  /// Copies rows with their payloads wrapped, so that nothing in them means anything to PostgreSQL.
  void copyWrapped(Connection connection, int from, int to) throws SQLException {
    var wrapped = new ByteSink(1_024);
    for (var row = from; row < to; row++) {
      wrap(row, wrapped);
    }
    send(connection, wrapped.array(), 0, wrapped.size());
  }

  private void wrap(int row, ByteSink wrapped) {
    var begin = row == 0 ? 0 : ends[row - 1];
    var end = ends[row];
    var bytes = rows.array();
    var at = begin + 2;
    for (var field = 0; field < FIELDS_BEFORE_PAYLOAD; field++) {
      at += 4 + int32(bytes, at);
    }
    var length = int32(bytes, at);
    var text = Arrays.copyOfRange(bytes, at + 5, at + 4 + length);
    wrapped.put(bytes, begin, at - begin);
    var lengthAt = wrapped.size();
    wrapped.int32(0).put(1).ascii("{\"$raw\":\"").put(Base64.getEncoder().encode(text));
    wrapped.ascii("\",\"$encoding\":\"base64\"}");
    wrapped.int32At(lengthAt, wrapped.size() - lengthAt - 4);
    wrapped.put(bytes, at + 4 + length, end - at - 4 - length);
  }

  private void send(Connection connection, byte[] bytes, int begin, int end) throws SQLException {
    CopyIn in = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(copy);
    try {
      in.writeToCopy(HEADER, 0, HEADER.length);
      for (var at = begin; at < end; at += MESSAGE_BYTES) {
        in.writeToCopy(bytes, at, Math.min(MESSAGE_BYTES, end - at));
      }
      in.writeToCopy(TRAILER, 0, TRAILER.length);
      in.endCopy();
    } finally {
      if (in.isActive()) {
        in.cancelCopy();
      }
    }
  }

  private static int int32(byte[] bytes, int at) {
    return bytes[at] << 24
        | (bytes[at + 1] & 0xff) << 16
        | (bytes[at + 2] & 0xff) << 8
        | bytes[at + 3] & 0xff;
  }
}
