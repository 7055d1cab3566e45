package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Asks `row_state` and takes rows from it. Each question is one statement for all that a batch
/// wants to know, and goes by an index whatever the planner believes of a table that grows fast.
final class RowStates {
  private static final int FETCHED_AT_A_TIME = 2_000;

  private static final String COLUMNS =
      """
      found.ctid::text, found.table_id, found.key, found.born, found.refers, found.describes,
      (extract(epoch FROM found.at) * 1000000)::bigint, found.schema_version, found.image
      """;

  private static final String OF_KEYS =
      "SELECT "
          + COLUMNS
          + """
          FROM unnest(?::int[], ?::bytea[]) AS wanted (table_id, key)
          CROSS JOIN LATERAL (
            SELECT r.ctid, r.* FROM analytics.row_state r
            WHERE r.table_id = wanted.table_id AND r.key = wanted.key
            LIMIT 1
          ) found
          """;

  /// The keys of equal rows end with their births, so the eldest comes first.
  private static final String OF_PREFIXES =
      "SELECT "
          + COLUMNS
          + """
          FROM unnest(?::int[], ?::bytea[]) AS wanted (table_id, prefix)
          CROSS JOIN LATERAL (
            SELECT r.ctid, r.* FROM analytics.row_state r
            WHERE r.table_id = wanted.table_id
              AND r.key >= wanted.prefix
              AND r.key <= wanted.prefix || '\\xffffffffffffffff'::bytea
            ORDER BY r.key
            LIMIT ?
          ) found
          """;

  private static final String NEWEST_OF_DEVICES =
      "SELECT "
          + COLUMNS
          + """
          FROM unnest(?::uuid[], ?::int[]) AS wanted (refers, table_id)
          CROSS JOIN LATERAL (
            SELECT r.ctid, r.* FROM analytics.row_state r
            WHERE r.refers = wanted.refers AND r.table_id = wanted.table_id AND r.at IS NOT NULL
            ORDER BY r.at DESC, r.born DESC
            LIMIT 1
          ) found
          """;

  private static final String NEWEST_OF_TEXTS =
      "SELECT "
          + COLUMNS
          + """
          FROM unnest(?::uuid[], ?::int[]) AS wanted (describes, table_id)
          CROSS JOIN LATERAL (
            SELECT r.ctid, r.* FROM analytics.row_state r
            WHERE r.describes = wanted.describes AND r.table_id = wanted.table_id
            ORDER BY r.at DESC, r.born DESC
            LIMIT 1
          ) found
          """;

  private static final String DESCRIBING =
      "SELECT "
          + COLUMNS
          + """
          FROM unnest(?::uuid[]) AS wanted (describes)
          CROSS JOIN LATERAL (
            SELECT r.ctid, r.* FROM analytics.row_state r
            WHERE r.describes = wanted.describes AND r.table_id = ANY (?::int[])
            ORDER BY r.born DESC
            LIMIT 1
          ) found
          """;

  private static final String OF_MINUTES =
      "SELECT "
          + COLUMNS
          + """
          FROM unnest(?::uuid[], ?::timestamptz[]) AS wanted (refers, minute)
          CROSS JOIN LATERAL (
            SELECT r.ctid, r.* FROM analytics.row_state r
            WHERE r.refers = wanted.refers AND r.table_id = ANY (?::int[])
              AND r.at >= wanted.minute AND r.at < wanted.minute + interval '1 minute'
            OFFSET 0
          ) found
          """;

  private static final String OF_TABLE =
      "SELECT " + COLUMNS + " FROM analytics.row_state found WHERE found.table_id = ?";

  private static final String HAS_ROWS =
      "SELECT EXISTS (SELECT FROM analytics.row_state WHERE table_id = ?)";

  private static final String COUNT_THERE =
      """
      SELECT count(*)
      FROM (SELECT FROM analytics.row_state
            WHERE table_id = ? AND key IS NOT NULL LIMIT ?) AS there
      """;

  /// No key is as large as the larger bound, and none is not within any bounds.
  private static final String OF_TABLE_WITHIN =
      OF_TABLE + " AND found.key >= ? AND found.key < ? AND found.born < ?";

  private static final byte[] ANY_KEY = {};
  private static final byte[] UNTOLD = {RowKeys.UNTOLD};
  private static final byte[] BEHIND_UNTOLD = {RowKeys.UNTOLD + 1};
  private static final byte[] IMAGE = {'~'};
  private static final byte[] BEHIND_ALL = {'~' + 1};

  private static final String REFERRED =
      """
      SELECT wanted.id
      FROM unnest(?::uuid[]) AS wanted (id)
      CROSS JOIN LATERAL (
        SELECT FROM analytics.row_state r
        WHERE r.refers = wanted.id AND r.table_id = ANY (?::int[])
        LIMIT 1
      ) found
      """;

  private static final String RELEASE_PLACES =
      "UPDATE analytics.row_state SET key = NULL WHERE ctid = ANY (?::tid[])";

  private static final String DELETE =
      "DELETE FROM analytics.row_state WHERE ctid = ANY (?::tid[])";

  /// By key, so that no portion looks at what those before it have left behind in the index.
  private static final String RELEASE =
      """
      WITH portion AS MATERIALIZED (
        SELECT ctid, key FROM analytics.row_state
        WHERE table_id = ? AND key > ? ORDER BY key LIMIT ?),
      released AS (
        UPDATE analytics.row_state r SET key = NULL FROM portion WHERE r.ctid = portion.ctid)
      SELECT key FROM portion ORDER BY key DESC LIMIT 1
      """;

  private final Connection connection;
  private final Plans plans;

  RowStates(Connection connection, Plans plans) {
    this.connection = connection;
    this.plans = plans;
  }

  @FunctionalInterface
  interface Taker {
    void take(StoredRow row) throws SQLException;
  }

  /// A question for rows of one table each.
  static final class Wanted {
    private final ArrayText tables = new ArrayText(64, 4);
    private final ArrayText keys = new ArrayText(64, 80);
    private int count;

    void add(int tableId, byte[] bytes, int offset, int length) {
      tables.add(tableId);
      keys.addBytes(bytes, offset, length);
      count++;
    }

    void add(int tableId, UUID id) {
      tables.add(tableId);
      keys.add(id);
      count++;
    }

    boolean isEmpty() {
      return count == 0;
    }
  }

  void ofKeys(Wanted wanted, Taker taker) throws SQLException {
    if (!wanted.isEmpty()) {
      try (var find = connection.prepareStatement(OF_KEYS)) {
        find.setString(1, wanted.tables.end());
        find.setString(2, wanted.keys.end());
        read(find, taker);
      }
    }
  }

  /// The eldest rows of each image.
  void ofPrefixes(Wanted wanted, int rowsOfEach, Taker taker) throws SQLException {
    if (!wanted.isEmpty()) {
      try (var find = connection.prepareStatement(OF_PREFIXES)) {
        find.setString(1, wanted.tables.end());
        find.setString(2, wanted.keys.end());
        find.setInt(3, rowsOfEach);
        read(find, taker);
      }
    }
  }

  /// The newest reading of each device in a table.
  void newestOfDevices(Wanted wanted, Taker taker) throws SQLException {
    newest(NEWEST_OF_DEVICES, wanted, taker);
  }

  /// The newest row of each text among tall readings.
  void newestOfTexts(Wanted wanted, Taker taker) throws SQLException {
    newest(NEWEST_OF_TEXTS, wanted, taker);
  }

  private void newest(String sql, Wanted wanted, Taker taker) throws SQLException {
    if (!wanted.isEmpty()) {
      try (var find = connection.prepareStatement(sql)) {
        find.setString(1, wanted.keys.end());
        find.setString(2, wanted.tables.end());
        read(find, taker);
      }
    }
  }

  /// The rows that describe these entities: of several of one entity the youngest.
  void describing(Collection<UUID> entities, Taker taker) throws SQLException {
    if (!entities.isEmpty()) {
      try (var find = connection.prepareStatement(DESCRIBING)) {
        find.setString(1, ids(entities));
        find.setString(2, plans.tableIds());
        read(find, taker);
      }
    }
  }

  /// All readings of these devices in these minutes.
  void ofMinutes(List<Minute> minutes, Taker taker) throws SQLException {
    var devices = new ArrayText(minutes.size(), 33);
    var buckets = new ArrayText(minutes.size(), 25);
    for (var minute : minutes) {
      devices.add(minute.series.device.id);
      buckets.addMinute(minute.minute);
    }
    try (var find = connection.prepareStatement(OF_MINUTES)) {
      find.setString(1, devices.end());
      find.setString(2, buckets.end());
      find.setString(3, plans.tableIds());
      read(find, taker);
    }
  }

  /// Every row of a table as it is now; the taker may write rows meanwhile.
  void ofTable(int tableId, Taker taker) throws SQLException {
    try (var find = connection.prepareStatement(OF_TABLE)) {
      find.setInt(1, tableId);
      read(find, taker);
    }
  }

  boolean hasRows(int tableId) throws SQLException {
    try (var find = connection.prepareStatement(HAS_ROWS)) {
      find.setInt(1, tableId);
      try (var found = find.executeQuery()) {
        found.next();
        return found.getBoolean(1);
      }
    }
  }

  /// How many rows of a table are there at the source, as far as is known, and `max` if more are.
  int countThere(int tableId, int max) throws SQLException {
    try (var count = connection.prepareStatement(COUNT_THERE)) {
      count.setInt(1, tableId);
      count.setInt(2, max);
      try (var counted = count.executeQuery()) {
        counted.next();
        return counted.getInt(1);
      }
    }
  }

  /// The rows of a table that are there at the source, as far as is known: without those that it
  /// has deleted and that stay.
  void thereInTable(int tableId, Taker taker) throws SQLException {
    within(tableId, ANY_KEY, BEHIND_ALL, Long.MAX_VALUE, taker);
  }

  /// Those of them that no key of the table tells, and that were born before.
  void untoldInTable(int tableId, long bornBefore, Taker taker) throws SQLException {
    within(tableId, UNTOLD, BEHIND_UNTOLD, bornBefore, taker);
    within(tableId, IMAGE, BEHIND_ALL, bornBefore, taker);
  }

  private void within(int tableId, byte[] from, byte[] behind, long bornBefore, Taker taker)
      throws SQLException {
    try (var find = connection.prepareStatement(OF_TABLE_WITHIN)) {
      find.setInt(1, tableId);
      find.setBytes(2, from);
      find.setBytes(3, behind);
      find.setLong(4, bornBefore);
      read(find, taker);
    }
  }

  /// Those of the devices that a row refers to.
  void referred(Collection<UUID> devices, java.util.function.Consumer<UUID> taker)
      throws SQLException {
    if (devices.isEmpty()) {
      return;
    }
    try (var find = connection.prepareStatement(REFERRED)) {
      find.setString(1, ids(devices));
      find.setString(2, plans.tableIds());
      try (var rows = find.executeQuery()) {
        while (rows.next()) {
          taker.accept(rows.getObject(1, UUID.class));
        }
      }
    }
  }

  void delete(List<String> places) throws SQLException {
    at(places, DELETE);
  }

  /// These rows stay as history that no event can mean any more.
  void release(List<String> places) throws SQLException {
    at(places, RELEASE_PLACES);
  }

  private void at(List<String> places, String sql) throws SQLException {
    if (places.isEmpty()) {
      return;
    }
    var array = new ArrayText(places.size(), 14);
    places.forEach(array::add);
    try (var statement = connection.prepareStatement(sql)) {
      statement.setString(1, array.end());
      statement.executeUpdate();
    }
  }

  /// The next rows of a table stay as history that no event can mean any more.
  ///
  /// @param behind the key behind which they begin; no key is as small as the empty one
  /// @return the key behind which the next ones begin; null if there are none
  byte @Nullable [] release(int tableId, byte[] behind, int rowsMax) throws SQLException {
    try (var release = connection.prepareStatement(RELEASE)) {
      release.setInt(1, tableId);
      release.setBytes(2, behind);
      release.setInt(3, rowsMax);
      try (var last = release.executeQuery()) {
        return last.next() ? last.getBytes(1) : null;
      }
    }
  }

  static String ids(Collection<UUID> ids) {
    var array = new ArrayText(ids.size(), 33);
    ids.forEach(array::add);
    return array.end();
  }

  private void read(PreparedStatement find, Taker taker) throws SQLException {
    find.setFetchSize(FETCHED_AT_A_TIME);
    try (var rows = find.executeQuery()) {
      while (rows.next()) {
        taker.take(row(rows));
      }
    }
  }

  private StoredRow row(ResultSet rows) throws SQLException {
    var plan = plans.of(rows.getInt(2), rows.getInt(8));
    var atUs = rows.getLong(7);
    if (rows.wasNull()) {
      atUs = Moment.NONE;
    }
    return new StoredRow(
        rows.getString(1),
        plan,
        rows.getBytes(3),
        rows.getLong(4),
        rows.getObject(5, UUID.class),
        rows.getObject(6, UUID.class),
        atUs,
        Row.ofImage(rows.getBytes(9), plan.schema.columns().size()));
  }
}
