package io.claritystream.stream.bronze;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.PayloadReader;
import io.claritystream.protocol.block.TableSchema;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Reads the events of one source back from bronze, in their order, as they were captured: the same
/// cells under the same schemas. Not safe for several threads.
///
/// What bronze does not keep of an event is not there: the source's transaction, and the moment of
/// capture below the millisecond.
public final class SourceHistory {
  /// Rows fetched at once: few at first, then as many as are worth about so many bytes. An event
  /// may have megabytes.
  private static final int FETCH_ROWS_FIRST = 8;

  private static final int FETCH_ROWS_MAX = 100;
  private static final long FETCH_BYTES = 1024 * 1024;

  /// So many events a part, where those of some tables are passed over.
  private static final int PASSED_MAX = 50_000;

  /// Each day's index is in the order of a source, and merging them needs no sort: for any other
  /// plan PostgreSQL would read all that is left of the source for each part.
  private static final String IN_ORDER =
      "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off";

  private static final String AS_BEFORE =
      "SET LOCAL enable_seqscan TO DEFAULT; SET LOCAL enable_bitmapscan TO DEFAULT;"
          + " SET LOCAL enable_sort TO DEFAULT";

  private static final String EVENTS =
      """
      SELECT epoch, seq, op, table_name, schema_version, lsn,
        (extract(epoch FROM least(event_time, timestamptz '9999-12-31 23:59:59+00')) * 1000000)
          ::bigint AS committed_us,
        event_id, CASE WHEN wanted.tables IS NULL OR table_name = ANY (wanted.tables)
          THEN payload::text END AS payload
      FROM bronze.cdc_events, (SELECT ?::text[] AS tables) AS wanted
      WHERE source_id = ? AND (epoch, seq) > (?, ?) AND (epoch, seq) <= (?, ?)
      ORDER BY epoch, seq
      LIMIT ?
      """;

  private static final String LAST_OF_EPOCH =
      "SELECT coalesce(max(seq), 0) FROM bronze.cdc_events WHERE source_id = ? AND epoch = ?";

  private static final String SCHEMA =
      """
      SELECT schema, schema_fingerprint FROM control.source_table
      WHERE source_id = ? AND table_name = ? AND schema_version = ?
      """;

  /// Events of one epoch, in order.
  ///
  /// @param events those that were wanted
  /// @param lastSeq the number of the last one, wanted or not
  /// @param count how many there were, with those that were not wanted
  public record Part(int epoch, List<ChangeEvent> events, long lastSeq, int count) {
    public boolean isEmpty() {
      return count == 0;
    }

    public Place last() {
      return new Place(epoch, lastSeq);
    }
  }

  private record Version(String table, int number) {}

  private record Known(TableSchema schema, long fingerprint) {}

  private final UUID sourceId;
  private final PayloadReader payloads = new PayloadReader();
  private final Map<Version, Known> schemas = new HashMap<>();

  public SourceHistory(UUID sourceId) {
    this.sourceId = sourceId;
  }

  /// The next events behind `after`, up to and with `upTo`, of one epoch; empty if there are none.
  /// To be called within a transaction of `connection`.
  ///
  /// @param bytesMax of payloads, beyond which the part ends; one event is always given
  public Part next(Connection connection, Place after, Place upTo, int eventsMax, long bytesMax)
      throws SQLException {
    return next(connection, after, upTo, null, eventsMax, bytesMax);
  }

  /// The same, of which only the events of some tables are wanted. The others are passed over, many
  /// at a time, as their payloads are not read.
  ///
  /// @param tables null if all are wanted
  public Part next(
      Connection connection,
      Place after,
      Place upTo,
      @Nullable Set<String> tables,
      int eventsMax,
      long bytesMax)
      throws SQLException {
    set(connection, IN_ORDER);
    var part = read(connection, after, upTo, tables, eventsMax, bytesMax);
    // After an error there is no transaction left to set anything in.
    set(connection, AS_BEFORE);
    return part;
  }

  private static void set(Connection connection, String settings) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(settings);
    }
  }

  private Part read(
      Connection connection,
      Place after,
      Place upTo,
      @Nullable Set<String> tables,
      int eventsMax,
      long bytesMax)
      throws SQLException {
    var events = new ArrayList<ChangeEvent>();
    var epoch = after.epoch();
    var lastSeq = 0L;
    var count = 0;
    var bytes = 0L;
    try (var select = connection.prepareStatement(EVENTS)) {
      select.setArray(
          1, tables == null ? null : connection.createArrayOf("text", tables.toArray()));
      bind(select, after, upTo);
      select.setInt(7, tables == null ? eventsMax : PASSED_MAX);
      select.setFetchSize(FETCH_ROWS_FIRST);
      try (var rows = select.executeQuery()) {
        while (bytes < bytesMax && events.size() < eventsMax && rows.next()) {
          if (count == 0) {
            epoch = rows.getInt("epoch");
          } else if (rows.getInt("epoch") != epoch) {
            break;
          }
          count++;
          lastSeq = rows.getLong("seq");
          var text = rows.getString("payload");
          if (text != null) {
            var payload = text.getBytes(StandardCharsets.UTF_8);
            bytes += payload.length;
            events.add(event(connection, rows, payload));
          }
          rows.setFetchSize(
              Math.clamp(FETCH_BYTES * count / Math.max(1, bytes), 1, FETCH_ROWS_MAX));
        }
      }
    }
    return new Part(epoch, events, lastSeq, count);
  }

  /// How many numbers there are behind `after`, up to and with `upTo`: as many events, or some more
  /// where bronze could not store one.
  public long distance(Connection connection, Place after, Place upTo) throws SQLException {
    var distance = -after.seq();
    for (var epoch = after.epoch(); epoch < upTo.epoch(); epoch++) {
      try (var select = connection.prepareStatement(LAST_OF_EPOCH)) {
        select.setObject(1, sourceId);
        select.setInt(2, epoch);
        try (var rows = select.executeQuery()) {
          rows.next();
          distance += rows.getLong(1);
        }
      }
    }
    return Math.max(0, distance + upTo.seq());
  }

  private void bind(java.sql.PreparedStatement select, Place after, Place upTo)
      throws SQLException {
    select.setObject(2, sourceId);
    select.setInt(3, after.epoch());
    select.setLong(4, after.seq());
    select.setInt(5, upTo.epoch());
    select.setLong(6, upTo.seq());
  }

  private ChangeEvent event(Connection connection, ResultSet row, byte[] payload)
      throws SQLException {
    var version = new Version(row.getString("table_name"), row.getInt("schema_version"));
    var known = schemas.get(version);
    if (known == null) {
      known = schema(connection, version);
      schemas.put(version, known);
    }
    var images = payloads.read(payload, known.schema());
    return new ChangeEvent(
        Op.ofLabel(row.getString("op")),
        row.getLong("seq"),
        known.schema(),
        known.fingerprint(),
        Lsn.parse(row.getString("lsn")),
        0,
        0,
        row.getLong("committed_us"),
        (row.getObject("event_id", UUID.class).getMostSignificantBits() >>> 16) * 1_000,
        images.oldKey(),
        images.before(),
        images.after());
  }

  private Known schema(Connection connection, Version version) throws SQLException {
    try (var select = connection.prepareStatement(SCHEMA)) {
      select.setObject(1, sourceId);
      select.setString(2, version.table());
      select.setInt(3, version.number());
      try (var rows = select.executeQuery()) {
        if (!rows.next()) {
          throw new SQLException(
              "version " + version.number() + " of " + version.table() + " is not known", "XX000");
        }
        return new Known(TableSchema.decode(rows.getBytes(1)), rows.getLong(2));
      }
    }
  }
}
