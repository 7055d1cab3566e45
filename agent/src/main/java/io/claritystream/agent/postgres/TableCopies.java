package io.claritystream.agent.postgres;

import io.claritystream.agent.postgres.CapturedTable.Stand;
import io.claritystream.agent.spool.Spool;
import io.claritystream.protocol.block.Op;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads single tables into a stream under way, between two of its transactions, and clears those
/// that are captured no more. Used by the thread that captures.
///
/// The rows of a table are those that one snapshot of the database sees; behind them the stream is
/// taken without the transactions that the snapshot saw ([Cut]). So that nothing is lost, the
/// snapshot must see every transaction that the stream brought before the rows. It is therefore
/// taken only when all transactions that ran when the reading was begun have ended, and given up
/// when one is still running for it that the stream brought already: the log has a commit a moment
/// before others see it, or, where commits wait for a standby, much earlier. The wait also lets
/// those end that wrote to the table before it was published, whose changes the stream lacks.
///
/// Cut short at any place it is done again: the rows begin with an event that clears the table.
final class TableCopies implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TableCopies.class);
  private static final long LOOK_NS = TimeUnit.MILLISECONDS.toNanos(100);

  /// How long others are waited for in silence, and how often it is looked who they are.
  private static final long SILENT_NS = TimeUnit.SECONDS.toNanos(2);

  private static final long AGAIN_NS = TimeUnit.SECONDS.toNanos(15);

  /// Transactions are remembered in a bit each; beyond this many the reading is begun again.
  private static final int REMEMBERED_MAX = 1 << 26;

  /// Of the event that clears a table: it stands nowhere in the log, which tells it from a
  /// TRUNCATE.
  static final long NOWHERE = 0;

  private static final long MIB = 1024 * 1024;

  /// A table of so many bytes takes long enough for its size to be of interest.
  private static final long SAID_FROM = 256 * MIB;

  private static final int LOCK_WAIT_MS = 2_000;
  private static final long NO_TABLE = 0;

  private final Database database;
  private final CapturedTables tables;
  private final Spool spool;
  private final Progress progress;
  private final Clock clock;
  private final BlockAssembler.Waiting waiting;
  private @Nullable Connection beside;
  private long begunAt = -1;

  /// By table, how it was published when its reading was begun ([CapturedTable]). Who wrote
  /// to it while it was published otherwise has to end, too.
  private final Map<Long, Long> begunFor = new HashMap<>();

  private BitSet brought = new BitSet();
  private long lookNs;
  private long waitsSinceNs;
  private long awaitedNs;

  /// What the server refused of a table, and when that is tried again. Of no table: 0.
  private final Map<Long, Refusal> refused = new TreeMap<>();

  private record Refusal(String words, long againNs) {}

  /// @param waiting keeps the stream alive while it is not read, and ends the reading by throwing
  TableCopies(
      Database database,
      CapturedTables tables,
      Spool spool,
      Progress progress,
      Clock clock,
      BlockAssembler.Waiting waiting) {
    this.database = database;
    this.tables = tables;
    this.spool = spool;
    this.progress = progress;
    this.clock = clock;
    this.waiting = waiting;
    lookNs = System.nanoTime();
  }

  /// The stream brings this transaction.
  void brought(long xid) {
    if (begunAt < 0) {
      return;
    }
    var at = (int) (xid - begunAt);
    if (at >= 0 && at < REMEMBERED_MAX) {
      brought.set(at);
    } else if (at >= REMEMBERED_MAX) {
      begunAt = -1;
    }
  }

  /// Called between two transactions ([BlockAssembler#betweenTransactions()]). Does what there is
  /// to do and can be done now.
  void step(BlockAssembler events)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    if (!tables.work() || System.nanoTime() - lookNs < 0) {
      return;
    }
    lookNs = System.nanoTime() + LOOK_NS;
    var of = NO_TABLE;
    try {
      var connection = connected();
      for (var table : tables.standing(Stand.LEAVING)) {
        clear(connection, table, events);
      }
      var table = ready(connection);
      refused.remove(NO_TABLE);
      if (table != null) {
        of = table.oid();
        refused.remove(of);
        copy(connection, table, events);
      }
    } catch (PSQLException e) {
      if (e.getServerErrorMessage() == null) {
        throw e;
      }
      refused(of, e);
    } finally {
      tell();
    }
  }

  /// What the server refuses of one table must keep neither the stream nor the other tables from
  /// going on.
  private void refused(long oid, PSQLException e) throws SQLException {
    var table = tables.get(oid);
    var words =
        (table == null ? "tables" : table.name().toString())
            + " cannot be read beside the stream: "
            + Unusable.words(e, database);
    LOG.warn("{}", words);
    // Those that came since are not begun as long as one that was is left.
    begunFor.remove(oid);
    var againNs = System.nanoTime() + AGAIN_NS;
    refused.put(oid, new Refusal(words, againNs));
    var now = beside;
    if (table == null || now == null || now.isClosed()) {
      lookNs = againNs;
      disconnect();
    }
  }

  private void tell() {
    var words = refused.values().stream().map(Refusal::words).findFirst().orElse("");
    progress.unreadable(refused.size() > 1 ? words + ", and others" : words);
  }

  private Connection connected() throws SQLException {
    var now = beside;
    if (now == null || now.isClosed()) {
      now = database.connect();
      beside = now;
      now.setNetworkTimeout(Runnable::run, 60_000);
      now.setReadOnly(true);
      now.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      begunAt = -1;
    }
    return now;
  }

  /// The first table whose reading was begun and for which all that ran then has ended, and which
  /// was not refused a moment ago.
  private @Nullable CapturedTable ready(Connection connection) throws SQLException {
    var wanted = tables.toRead();
    var entries =
        wanted.stream().collect(Collectors.toMap(CapturedTable::oid, CapturedTable::entry));
    begunFor.entrySet().retainAll(entries.entrySet());
    refused.keySet().removeIf(oid -> oid != NO_TABLE && !entries.containsKey(oid));
    if (wanted.isEmpty()) {
      begunAt = -1;
      progress.waiting("");
      return null;
    }
    if (begunAt < 0 || begunFor.isEmpty()) {
      // A number of our own: whoever runs has a lower one. A snapshot's end would not do, for it
      // lies behind the last that has ended and may leave out some that run.
      begunAt = Visible.assign(connection);
      brought = new BitSet();
      begunFor.putAll(entries);
      waitsSinceNs = System.nanoTime();
      awaitedNs = waitsSinceNs;
    }
    var now = Visible.read(connection);
    if (now.first() < begunAt) {
      tellAwaited(connection, now.first(), wanted);
      return null;
    }
    progress.waiting("");
    return wanted.stream()
        .filter(table -> begunFor.containsKey(table.oid()) && !waits(table))
        .findFirst()
        .orElse(null);
  }

  /// Says for whom the tables wait, if that takes long.
  private void tellAwaited(Connection connection, long xid, List<CapturedTable> wanted)
      throws SQLException {
    var nowNs = System.nanoTime();
    if (nowNs - awaitedNs < SILENT_NS) {
      return;
    }
    awaitedNs = nowNs;
    var awaited = Awaited.read(connection, xid);
    var first = wanted.getFirst();
    progress.waiting(
        awaited == null
            ? ""
            : first.name()
                + (wanted.size() > 1 ? " and " + (wanted.size() - 1) + " more" : "")
                + " cannot be read yet"
                + (first.why().isEmpty() ? "" : " (because " + first.why() + ")")
                + ": that waits for "
                + awaited.words(TimeUnit.NANOSECONDS.toSeconds(nowNs - waitsSinceNs)));
  }

  private boolean waits(CapturedTable table) {
    var refusal = refused.get(table.oid());
    return refusal != null && System.nanoTime() - refusal.againNs() < 0;
  }

  private void clear(Connection connection, CapturedTable table, BlockAssembler events)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    var position = Slot.inserted(connection);
    events.copyBegin(position, micros());
    events.beginEvent(Op.TRUNCATE, table.nameAlone(), NOWHERE);
    events.endEvent();
    events.copyEnd();
    spooled(events);
    tables.cleared(table.stands(Stand.GONE).cut(new Cut(null, position, events.lastSeq())));
    LOG.info("{} is captured no more, its rows are cleared", table.name());
  }

  private void copy(Connection connection, CapturedTable table, BlockAssembler events)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    // What it is named by, and whether it has partitions: the latter never changes.
    var named = new Catalog(connection).table(table.oid());
    if (named == null || !named.table().equals(table.name())) {
      // Dropped or renamed: whoever watches the catalogue finds that too.
      return;
    }
    connection.setAutoCommit(false);
    try {
      // The lock comes before the snapshot: whoever emptied or rewrote the table is over then, and
      // the snapshot sees what came of it.
      try (var statement = connection.createStatement()) {
        statement.execute("SET LOCAL lock_timeout = " + LOCK_WAIT_MS);
        statement.execute("LOCK TABLE " + TableReader.only(named) + " IN ACCESS SHARE MODE");
      }
      var rows = Visible.read(connection);
      var position = Slot.inserted(connection);
      var catalog = new Catalog(connection);
      var facts = catalog.table(table.oid());
      if (facts == null || !facts.table().equals(table.name())) {
        return;
      }
      if (rows.running().stream().anyMatch(this::wasBrought)) {
        return;
      }
      var only = List.of(table.oid());
      var leaves = catalog.leaves(only).getOrDefault(table.oid(), "");
      var shape = Shapes.read(connection, only).getOrDefault(table.oid(), "");
      read(connection, facts, catalog.bytes(table.oid()), table.why(), position, events);
      var cut = new Cut(rows, position, events.lastSeq());
      tables.put(CapturedTable.held(facts, leaves, shape, table.entry(), cut));
    } finally {
      if (!connection.isClosed()) {
        connection.rollback();
        connection.setAutoCommit(true);
      }
    }
  }

  private boolean wasBrought(long xid) {
    return xid >= begunAt && brought.get((int) (xid - begunAt));
  }

  private void read(
      Connection connection,
      TableFacts facts,
      long bytes,
      String why,
      long position,
      BlockAssembler events)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    var words =
        "reads all rows of "
            + facts.table()
            + (bytes < SAID_FROM ? "" : " (" + bytes / MIB + " MiB)")
            + " beside the stream"
            + (why.isEmpty() ? "" : ", because " + why);
    progress.beside(words);
    if (bytes >= SAID_FROM) {
      LOG.info("{}; the stream waits meanwhile, and the source keeps its log", words);
    }
    events.copyBegin(position, micros());
    try {
      events.beginEvent(Op.TRUNCATE, facts.schema(), NOWHERE);
      events.endEvent();
      var all =
          TableReader.read(
              connection,
              facts,
              position,
              events,
              rows -> {
                progress.beside(String.format(Locale.ROOT, "%s; %,d so far", words, rows));
                waiting.tick();
              });
      LOG.info("read {} rows of {} beside the stream", all, facts.table());
    } finally {
      // Whole or not: what follows are transactions again, and a part is cleared when it is read
      // anew.
      events.copyEnd();
      progress.beside("");
    }
    spooled(events);
  }

  /// Waits until all that was captured so far is on disk.
  private void spooled(BlockAssembler events)
      throws SQLException, IOException, InterruptedException {
    events.seal();
    while (spool.tailSeq() < events.lastSeq()) {
      waiting.tick();
      events.check();
      spool.awaitBeyond(events.lastSeq() - 1, 100, TimeUnit.MILLISECONDS);
    }
  }

  private long micros() {
    var now = clock.instant();
    return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
  }

  @Override
  public void close() {
    disconnect();
    progress.waiting("");
    progress.unreadable("");
  }

  private void disconnect() {
    var now = beside;
    beside = null;
    begunAt = -1;
    if (now != null) {
      try {
        now.close();
      } catch (SQLException e) {
        LOG.debug("a connection that is not needed any more could not be closed", e);
      }
    }
  }
}
