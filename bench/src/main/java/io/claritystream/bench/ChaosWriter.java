package io.claritystream.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One of the customer's applications: random changes in transactions that overlap those of others,
/// some of them rolled back as a whole or in part, over a connection that may break at any moment.
/// What it changed it notes in the journal, in the same transaction.
final class ChaosWriter {
  private static final int STATEMENTS_MAX = 25;
  private static final int BULK_ROWS = 1_500;
  private static final String NOTE =
      "(SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 120))";

  private final ChaosSource source;
  private final String database;
  private final List<ChaosTable> tables;
  private final Committed committed;
  private final Random random;
  private final ChaosSessions sessions;
  private final Thread thread;
  private final Map<String, Long> noted = new HashMap<>();
  private volatile boolean stopped;
  private volatile @Nullable Throwable failure;

  ChaosWriter(
      ChaosSource source,
      String database,
      List<ChaosTable> tables,
      Committed committed,
      long seed) {
    this.source = source;
    this.database = database;
    this.tables = tables;
    this.committed = committed;
    random = new Random(seed);
    sessions = new ChaosSessions(random);
    thread = Thread.ofPlatform().name("writes").daemon().start(this::write);
  }

  private void write() {
    try {
      while (!stopped) {
        try (Connection connection = source.connect(database)) {
          connection.setAutoCommit(false);
          while (!stopped) {
            transaction(connection);
          }
        } catch (SQLException e) {
          // It was killed; it comes again.
          TimeUnit.MILLISECONDS.sleep(50);
        }
      }
    } catch (InterruptedException | RuntimeException e) {
      failure = e;
    }
  }

  /// Stops after the transaction it is in.
  void stop() throws InterruptedException {
    stopped = true;
    thread.join();
    Throwable failed = failure;
    if (failed != null) {
      throw new BenchFailedException("a writer failed", failed);
    }
  }

  private void transaction(Connection connection) throws SQLException, InterruptedException {
    noted.clear();
    try {
      int statements = 1 + random.nextInt(STATEMENTS_MAX);
      for (int i = 0; i < statements; i++) {
        if (random.nextInt(8) == 0) {
          part(connection);
        } else {
          change(connection, noted);
        }
        if (random.nextInt(10) == 0) {
          TimeUnit.MILLISECONDS.sleep(random.nextInt(20));
        }
      }
      if (random.nextInt(10) == 0) {
        connection.rollback();
        return;
      }
      note(connection);
      connection.commit();
    } catch (SQLException e) {
      if (connection.isValid(2)) {
        // A deadlock with another writer, or a row that moved away: given up, and nothing noted.
        connection.rollback();
        return;
      }
      throw e;
    }
    String lsn = Sql.text(connection, "SELECT pg_current_wal_insert_lsn()::text");
    connection.commit();
    if (lsn != null) {
      committed.add(lsn, noted.values().stream().mapToLong(Long::longValue).sum());
    }
  }

  /// A part of a transaction that may be taken back.
  private void part(Connection connection) throws SQLException {
    Savepoint savepoint = connection.setSavepoint();
    Map<String, Long> ofPart = new HashMap<>();
    for (int i = 0; i < 3; i++) {
      change(connection, ofPart);
    }
    if (random.nextBoolean()) {
      connection.rollback(savepoint);
    } else {
      connection.releaseSavepoint(savepoint);
      ofPart.forEach((key, rows) -> noted.merge(key, rows, Long::sum));
    }
  }

  private void note(Connection connection) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO journal.change VALUES (?, ?, ?)")) {
      for (Map.Entry<String, Long> entry : noted.entrySet()) {
        String[] key = entry.getKey().split(" ");
        insert.setString(1, key[0]);
        insert.setString(2, key[1]);
        insert.setLong(3, entry.getValue());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private static void add(Map<String, Long> counts, String table, String op, long rows) {
    if (rows > 0) {
      counts.merge(table + " " + op, rows, Long::sum);
    }
  }

  private void change(Connection connection, Map<String, Long> counts) throws SQLException {
    if (random.nextInt(12) == 0) {
      describe(connection, counts);
      return;
    }
    if (random.nextInt(8) == 0) {
      sessions.change(connection, counts);
      return;
    }
    ChaosTable table = tables.get(random.nextInt(tables.size()));
    int choice = random.nextInt(100);
    if (choice < 60) {
      insert(connection, table, counts);
    } else if (choice == 99 && random.nextInt(4) == 0) {
      Sql.run(connection, "TRUNCATE " + table.qualified());
      add(counts, table.qualified(), "truncate", 1);
    } else if (!table.tellsChanges()) {
      insert(connection, table, counts);
    } else if (choice < 85) {
      update(connection, table, counts);
    } else {
      long rows =
          Sql.run(
              connection, "DELETE FROM " + table.qualified() + " WHERE " + row(connection, table));
      add(counts, table.qualified(), "delete", rows);
    }
  }

  private void insert(Connection connection, ChaosTable table, Map<String, Long> counts)
      throws SQLException {
    int rows = random.nextInt(60) == 0 ? BULK_ROWS : 1 + random.nextInt(8);
    long changed =
        Sql.run(
            connection,
            """
            INSERT INTO %s
            SELECT n, 1 + (n * %d) %% %d, %s, %s, %s, %s
            FROM (SELECT nextval('journal.number') AS n FROM generate_series(1, %d)) numbers
            """
                .formatted(
                    table.qualified(),
                    1 + random.nextInt(7),
                    ChaosSource.ASSETS,
                    time("n"),
                    number(),
                    real(),
                    table.kind() == ChaosTable.Kind.NUMBERED_AND_TOAST ? NOTE : "'note ' || n",
                    rows));
    add(counts, table.qualified(), "insert", changed);
    if (table.kind() == ChaosTable.Kind.KEYLESS_FULL && random.nextInt(3) == 0) {
      // Rows that nothing tells apart.
      add(
          counts,
          table.qualified(),
          "insert",
          Sql.run(
              connection,
              "INSERT INTO %1$s SELECT * FROM %1$s WHERE %2$s"
                  .formatted(table.qualified(), row(connection, table))));
    }
  }

  /// No two readings have a time in common, so that the last of a minute is one.
  private String time(String number) {
    return "date_trunc('hour', now()) - interval '3 hours' + (%d + %s %% 13) * interval '1 minute'"
            .formatted(random.nextInt(60), number)
        + " + "
        + number
        + " * interval '1 microsecond'";
  }

  private String number() {
    return switch (random.nextInt(12)) {
      case 0 -> "NULL";
      case 1 -> "'NaN'";
      case 2 -> "12345678901234567890.123456789012345678901234567890";
      case 3 -> "-0.00";
      case 4 -> "1.500";
      default -> "round((random() * 200 - 100)::numeric, " + random.nextInt(12) + ")";
    };
  }

  private String real() {
    return switch (random.nextInt(12)) {
      case 0 -> "NULL";
      case 1 -> "'-Infinity'";
      case 2 -> "'NaN'";
      case 3 -> "1e20";
      default -> "random() * 1000";
    };
  }

  private void update(Connection connection, ChaosTable table, Map<String, Long> counts)
      throws SQLException {
    String what =
        switch (random.nextInt(7)) {
          case 0 -> "asset_id = 1 + (asset_id + 3) % " + ChaosSource.ASSETS;
          case 1 -> "id = nextval('journal.number')";
          case 2 -> "read_at = " + time("nextval('journal.number')");
          case 3 -> table.flow() + " = " + real();
          case 4 -> "note = " + (random.nextBoolean() ? "NULL" : NOTE);
          default -> table.pressure() + " = " + number();
        };
    if (table.kind() == ChaosTable.Kind.KEYLESS_FULL && !what.startsWith("read_at")) {
      // Of two rows alike one changes: which of them is the last of its minute has to stay plain.
      what += ", read_at = " + time("nextval('journal.number')");
    }
    // A row that moves to another partition is deleted there and inserted here.
    String sql =
        """
        WITH changed AS (
          UPDATE %s SET %s WHERE %s RETURNING OLD.tableoid <> NEW.tableoid AS moved)
        SELECT count(*) FILTER (WHERE NOT moved), count(*) FILTER (WHERE moved) FROM changed
        """
            .formatted(table.qualified(), what, row(connection, table));
    try (PreparedStatement update = connection.prepareStatement(sql);
        ResultSet result = update.executeQuery()) {
      result.next();
      add(counts, table.qualified(), "update", result.getLong(1));
      add(counts, table.qualified(), "delete", result.getLong(2));
      add(counts, table.qualified(), "insert", result.getLong(2));
    }
  }

  /// One of the rows that there are, as far as there are any.
  private String row(Connection connection, ChaosTable table) throws SQLException {
    String found =
        Sql.text(
            connection,
            "SELECT format('tableoid = %s AND ctid = ''%s''', tableoid::oid, ctid) FROM "
                + table.qualified()
                + " OFFSET "
                + random.nextInt(400)
                + " LIMIT 1");
    return found == null ? "false" : found;
  }

  private void describe(Connection connection, Map<String, Long> counts) throws SQLException {
    if (random.nextInt(3) == 0) {
      // One that nothing refers to yet.
      long rows =
          Sql.run(
              connection,
              """
              INSERT INTO plant.asset
              SELECT 1000 + n, 1 + n %% 2, 'Spare ' || n, %s, n * 0.10, n %% 3 = 0, NULL
              FROM (SELECT nextval('journal.number') AS n) number
              """
                  .formatted(random.nextBoolean() ? "NULL" : "'spare: ' || n"));
      add(counts, "plant.asset", "insert", rows);
      return;
    }
    int asset = 1 + random.nextInt(ChaosSource.ASSETS);
    String spare =
        "asset_id = (SELECT min(asset_id) FROM plant.asset WHERE asset_id > %d)"
            .formatted(1_000 + random.nextInt(100));
    switch (random.nextInt(5)) {
      case 0 ->
          add(
              counts,
              "plant.asset",
              "delete",
              Sql.run(connection, "DELETE FROM plant.asset WHERE " + spare));
      case 1 ->
          add(
              counts,
              "plant.asset",
              "update",
              Sql.run(
                  connection,
                  "UPDATE plant.asset SET asset_id = 1000 + nextval('journal.number') WHERE "
                      + spare));
      case 2 -> update(connection, counts, "remark = NULL, rating = NULL", asset);
      case 3 -> update(connection, counts, "name = name || '.', site_id = 3 - site_id", asset);
      default ->
          update(
              connection,
              counts,
              "remark = 'checked', rating = random()::numeric, approved = NOT approved",
              asset);
    }
  }

  private static void update(
      Connection connection, Map<String, Long> counts, String what, int asset) throws SQLException {
    add(
        counts,
        "plant.asset",
        "update",
        Sql.run(connection, "UPDATE plant.asset SET " + what + " WHERE asset_id = " + asset));
  }

  /// What was surely committed by which position of the log.
  static final class Committed {
    private record One(long lsn, long changes) {}

    private final List<One> all = new ArrayList<>();

    private synchronized void add(String lsn, long changes) {
      all.add(new One(position(lsn), changes));
    }

    /// How many changes were committed at or before a position, at least.
    synchronized long until(long lsn) {
      return all.stream().filter(one -> one.lsn() <= lsn).mapToLong(One::changes).sum();
    }

    static long position(String lsn) {
      int slash = lsn.indexOf('/');
      return Long.parseLong(lsn.substring(0, slash), 16) << 32
          | Long.parseLong(lsn.substring(slash + 1), 16);
    }
  }
}
