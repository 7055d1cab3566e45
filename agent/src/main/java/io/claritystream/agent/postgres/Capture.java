package io.claritystream.agent.postgres;

import io.claritystream.agent.spool.Appender;
import io.claritystream.agent.spool.Spool;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.link.GapCause;
import io.claritystream.protocol.link.SourceState;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One attempt to capture a database into a spool: from connecting to the moment when the
/// connection, the source or the agent ends it.
public final class Capture {
  private static final Logger LOG = LoggerFactory.getLogger(Capture.class);

  /// How often the server hears from us at least. It gives up after a minute of silence; we find
  /// out by this, at the second try, that a connection is none any more.
  private static final long STATUS_NS = TimeUnit.SECONDS.toNanos(2);

  /// How often it hears that something became safe.
  private static final long RELEASE_NS = TimeUnit.MILLISECONDS.toNanos(500);

  /// How often a position is written down that only the database's own doings moved.
  private static final long KEEP_NS = TimeUnit.SECONDS.toNanos(1);

  /// How often it is written down what the server was told ([SameLog]).
  private static final long TOLD_NS = TimeUnit.SECONDS.toNanos(5);

  /// The driver would also report by itself, and would then take a message that is cut by its
  /// time-out for whole: it must never come to that.
  private static final int DRIVER_STATUS_MS = 24 * 60 * 60 * 1000;

  /// After so long without a message the stream is asked less often.
  private static final long QUIET_NS = TimeUnit.SECONDS.toNanos(5);

  private static final long SLOT_WAIT_NS = TimeUnit.SECONDS.toNanos(10);

  private final Database database;
  private final TableChoice choice;
  private final Path stateFile;
  private final Spool spool;
  private final Appender appender;
  private final Released released;
  private final Progress progress;
  private final Gaps gaps;
  private final CapturedTables tables;
  private final SnapshotOrders orders;
  private final Clock clock;
  private final BooleanSupplier stop;
  private final Publications publications;
  private final Emptyings emptyings;
  private final Reconciliation reconciliation;
  private CaptureState state;
  private long statusAtNs;
  private long flushedPosition;

  /// The most that the source was ever told, or knew when the stream began.
  private volatile long told;

  private volatile CaptureEnd.@Nullable Missing noticed;
  private long toldAtNs = System.nanoTime() - TOLD_NS;
  private long keptAtNs = System.nanoTime() - KEEP_NS;

  /// @param stop asked often; once true, the attempt ends soon
  public Capture(
      Database database,
      TableChoice choice,
      CaptureState state,
      Path stateFile,
      Spool spool,
      Appender appender,
      Released released,
      Progress progress,
      Gaps gaps,
      CapturedTables tables,
      SnapshotOrders orders,
      Clock clock,
      BooleanSupplier stop)
      throws IOException {
    this.database = database;
    this.choice = choice;
    this.state = state;
    this.stateFile = stateFile;
    this.spool = spool;
    this.appender = appender;
    this.released = released;
    this.progress = progress;
    this.gaps = gaps;
    this.tables = tables;
    this.orders = orders;
    this.clock = clock;
    this.stop = stop;
    publications = Publications.of(state.slot());
    emptyings = Emptyings.load(stateFile.resolveSibling("emptyings.properties"));
    reconciliation = new Reconciliation(choice, publications, tables, emptyings);
  }

  /// The state as it is on disk now.
  public CaptureState state() {
    return state;
  }

  /// Captures until something ends it. Throws nothing that a source or a network can cause.
  ///
  /// @throws IOException if the agent's own disk fails
  public CaptureEnd run() throws IOException, InterruptedException {
    try (var connection = database.connect()) {
      var identity = SourceIdentity.read(connection);
      var known = state.registration().fingerprint();
      if (!known.isEmpty() && !known.equals(identity.fingerprint())) {
        return new CaptureEnd.Refused(
            "The database is another one than was captured; add it under another name.");
      }
      var preflight = Preflight.check(connection, choice, publications);
      var streams = state.phase() == CaptureState.Phase.STREAM;
      progress.notes(streams ? preflight.notesUnderWay() : preflight.notes());
      var problems = streams ? preflight.problems() : preflight.refusals();
      if (!problems.isEmpty()) {
        return new CaptureEnd.Refused(String.join(" ", problems));
      }
      return switch (state.phase()) {
        case SNAPSHOT_WANTED, RESUME_WANTED, STOPPED ->
            throw new IllegalStateException("nothing is to be captured in " + state.phase());
        case SNAPSHOT -> snapshotAndStream(connection, preflight);
        case STREAM -> resume(connection, preflight);
      };
    } catch (CaptureStoppedException e) {
      return new CaptureEnd.Stopped();
    } catch (LogBrokenException e) {
      var why = String.valueOf(e.getMessage());
      return state.phase() == CaptureState.Phase.STREAM
          ? new CaptureEnd.Missing(GapCause.LOG_DIVERGED, why, known(), 0)
          : new CaptureEnd.Broken(why);
    } catch (SQLException e) {
      return end(e);
    }
  }

  private CaptureEnd end(SQLException e) {
    if (stop.getAsBoolean()) {
      return new CaptureEnd.Stopped();
    }
    var code = e.getSQLState() == null ? "" : e.getSQLState();
    var words = Unusable.words(e, database);
    LOG.debug("capture of {} ended", database, e);
    if (state.phase() == CaptureState.Phase.STREAM && Publications.cannotBeDecoded(e)) {
      return new CaptureEnd.Missing(
          GapCause.PUBLICATION_CHANGED,
          "somebody dropped or changed a publication that the agent reads by, and the database cannot"
              + " decode what was written meanwhile, nor what followed ("
              + words
              + ")",
          known(),
          0);
    }
    return switch (code.length() >= 2 ? code.substring(0, 2) : "") {
      case "28", "42", "3D" -> new CaptureEnd.Refused("the database cannot be used: " + words);
      default -> new CaptureEnd.Interrupted("the database cannot be used now: " + words);
    };
  }

  private CaptureEnd snapshotAndStream(Connection connection, Preflight preflight)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    if (spool.tailSeq() > 0) {
      return new CaptureEnd.Broken("its snapshot was cut short");
    }
    progress.state(SourceState.SNAPSHOTTING, "");
    publications.make(connection, preflight.version(), preflight.tables());
    dropSlot(connection);
    try (var replication = database.connectForReplication()) {
      var created =
          replication
              .unwrap(PGConnection.class)
              .getReplicationAPI()
              .createReplicationSlot()
              .logical()
              .withSlotName(state.slot())
              .withOutputPlugin("pgoutput")
              .make();
      var position = created.getConsistentPoint().asLong();
      LOG.info("slot {} begins at {}", state.slot(), Lsn.text(position));
      var events = new BlockAssembler(spool, appender, clock, this::waiting, 0);
      var held = snapshot(created.getSnapshotName(), position, preflight, events);
      while (spool.tailSeq() < events.lastSeq()) {
        if (stop.getAsBoolean()) {
          return new CaptureEnd.Stopped();
        }
        appender.check();
        spool.awaitBeyond(events.lastSeq() - 1, 100, TimeUnit.MILLISECONDS);
      }
      tables.replace(held);
      state = state.streamingFrom(position, events.lastSeq(), Continuity.timeline(connection));
      state.save(stateFile);
      gaps.repaired(position, micros());
      orders.allDone();
      return stream(connection, replication, events, position);
    }
  }

  /// @return the tables that it holds
  private List<CapturedTable> snapshot(
      String name, long position, Preflight preflight, BlockAssembler events)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    try (var reader = database.connect()) {
      reader.setAutoCommit(false);
      reader.setReadOnly(true);
      reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      try (var statement = reader.createStatement()) {
        statement.execute("SET TRANSACTION SNAPSHOT '" + name.replace("'", "''") + "'");
      }
      events.snapshotBegin(position, micros());
      var catalog = new Catalog(reader);
      var chosen = preflight.tables();
      var oids = chosen.stream().map(Catalog.Candidate::oid).toList();
      var leaves = catalog.leaves(oids);
      var shapes = Shapes.read(reader, oids);
      var published = publications.entries(reader);
      var held = new ArrayList<CapturedTable>();
      var rows = 0L;
      for (var i = 0; i < chosen.size(); i++) {
        var done = i;
        var before = rows;
        progress.snapshot(done, chosen.size(), rows);
        var facts = catalog.table(chosen.get(i).oid());
        if (facts == null) {
          // Dropped since the preflight: the stream will not know it either.
          continue;
        }
        rows +=
            TableReader.read(
                reader,
                facts,
                position,
                events,
                read -> {
                  progress.snapshot(done, chosen.size(), before + read);
                  progress.captured(events.lastSeq(), 0, position);
                  waiting();
                });
        held.add(
            CapturedTable.held(
                facts,
                leaves.getOrDefault(facts.oid(), ""),
                shapes.getOrDefault(facts.oid(), ""),
                published.containsKey(facts.oid())
                    ? published.get(facts.oid()).number()
                    : CapturedTable.NOT_PUBLISHED,
                null));
      }
      progress.snapshot(chosen.size(), chosen.size(), rows);
      reader.rollback();
      if (events.lastSeq() == 0 && state.epoch() > 1 && !held.isEmpty()) {
        // What the platform shows is there no more: there has to be an event that says so.
        events.beginEvent(Op.TRUNCATE, held.getFirst().schemaOrName(), TableCopies.NOWHERE);
        events.endEvent();
      }
      events.snapshotEnd();
      events.seal();
      LOG.info("snapshot of {} tables is whole, {} rows", chosen.size(), rows);
      return held;
    }
  }

  private CaptureEnd resume(Connection connection, Preflight preflight)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    var from = known();
    var line = state.place().timeline();
    var missing = Continuity.missing(connection, database, state.slot(), from, line);
    if (missing != null) {
      return ofOurOwnDoing(missing);
    }
    freeSlot(connection);
    var slot = Slot.read(connection, state.slot());
    var diverged =
        slot == null
            ? null
            : new SameLog(database, state.slot(), publications, progress, this::goOnOrAnew)
                .missing(slot, state.place().told(), spool.tailMark());
    if (diverged != null) {
      return diverged;
    }
    var timeline = Continuity.timeline(connection);
    if (timeline != line) {
      state = state.on(timeline);
      state.save(stateFile);
    }
    progress.notes(reconciliation.run(connection, preflight));
    try (var replication = database.connectForReplication()) {
      var events = new BlockAssembler(spool, appender, clock, this::waiting, from);
      if (spool.tailSeq() == 0 && state.place().snapshotEvents() == 0) {
        events.snapshotWasEmpty(state.place().start());
      }
      return stream(connection, replication, events, from);
    }
  }

  private void goOn() throws CaptureStoppedException {
    if (stop.getAsBoolean()) {
      throw new CaptureStoppedException();
    }
  }

  /// A person who orders all tables to be read again need not wait for what is then of no use.
  private void goOnOrAnew() throws CaptureStoppedException, IOException {
    goOn();
    orders.takeLeft();
    if (orders.asksForAll()) {
      throw new CaptureStoppedException();
    }
  }

  /// An epoch that goes on from what the platform holds, because the spool was lost, finds the slot
  /// further on: nobody moved it, if it stands where we had told the source to forget what the
  /// spool held. Somebody did if it stands further; one that was made again does, for making it
  /// writes to the log.
  private CaptureEnd.Missing ofOurOwnDoing(CaptureEnd.Missing missing) {
    var begins = spool.tailSeq() == 0 && known() == state.place().start();
    if (missing.cause() != GapCause.SLOT_MOVED || missing.to() == 0 || !begins) {
      return missing;
    }
    var toldSo = Long.compareUnsigned(missing.to(), state.place().told()) <= 0;
    return state.reason().isEmpty() || !toldSo
        ? missing
        : new CaptureEnd.Missing(
            GapCause.SPOOL_LOST,
            "what the agent held and had not sent yet was lost ("
                + state.reason()
                + "), and the database had forgotten it already, as it was told to: all up to "
                + Lsn.text(missing.from())
                + " is stored, and the database goes on at "
                + Lsn.text(missing.to()),
            missing.from(),
            missing.to());
  }

  /// Up to where the log is known to hold nothing that is not in the spool or safe already, by what
  /// is on disk.
  private long known() {
    var end = spool.tailMark().endPosition();
    return max(end != 0 ? end : state.place().start(), state.place().confirmed());
  }

  private CaptureEnd stream(
      Connection connection, Connection replication, BlockAssembler events, long from)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    var relations = new Relations(Relations.of(new Catalog(connection)));
    told = from;
    noticed = null;
    try (var copies = new TableCopies(database, tables, spool, progress, clock, this::waiting);
        var watch =
            new SourceWatch(
                database,
                reconciliation,
                orders,
                state.slot(),
                progress,
                () -> told,
                this::notice);
        var stream =
            replication
                .unwrap(PGConnection.class)
                .getReplicationAPI()
                .replicationStream()
                .logical()
                .withSlotName(state.slot())
                .withStartPosition(LogSequenceNumber.valueOf(from))
                .withSlotOption("proto_version", 1)
                .withSlotOption("publication_names", publications.names())
                .withStatusInterval(DRIVER_STATUS_MS, TimeUnit.MILLISECONDS)
                .withAutomaticFlush(false)
                .start()) {
      watch.start();
      progress.state(SourceState.STREAMING, "");
      LOG.info("streaming {} from {}", database, Lsn.text(from));
      current = stream;
      currentEvents = events;
      try {
        var decoder =
            new PgOutput(
                events,
                relations,
                (xid, commit) -> {
                  copies.brought(xid);
                  return tables.dropped(xid, commit);
                },
                this::emptied,
                tables::brought);
        return read(stream, decoder, events, copies);
      } finally {
        current = null;
        currentEvents = null;
      }
    }
  }

  private void emptied(long oid, long xid) throws IOException {
    var table = tables.get(oid);
    if (table != null && !table.leaves().isEmpty()) {
      emptyings.told(oid, xid);
    }
  }

  /// What the watch has found missing, which the reading of the stream would not show.
  private void notice(CaptureEnd.Missing missing) {
    noticed = missing;
  }

  private @Nullable PGReplicationStream current;
  private @Nullable BlockAssembler currentEvents;

  private CaptureEnd read(
      PGReplicationStream stream, PgOutput decoder, BlockAssembler events, TableCopies copies)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    var spokenAtNs = System.nanoTime();
    statusAtNs = spokenAtNs;
    while (!stop.getAsBoolean() && !orders.asksForAll()) {
      var missing = noticed;
      if (missing != null) {
        return missing;
      }
      if (events.betweenTransactions()) {
        orders.step(tables);
        copies.step(events);
      }
      var message = stream.readPending();
      if (message == null) {
        if (stream.isClosed()) {
          return new CaptureEnd.Interrupted("the database closed the connection");
        }
        events.pause(true);
        emptyings.streamed(stream.getLastReceiveLSN().asLong());
        report(stream, events);
        if (events.isEmpty() && System.nanoTime() - spokenAtNs > QUIET_NS) {
          TimeUnit.MILLISECONDS.sleep(2);
        }
        continue;
      }
      var position = stream.getLastReceiveLSN().asLong();
      decoder.message(
          message.array(),
          message.arrayOffset() + message.position(),
          message.remaining(),
          position);
      if (!events.inTransaction()) {
        events.pause(false);
        emptyings.streamed(position);
        spokenAtNs = System.nanoTime();
        if (spokenAtNs - statusAtNs > RELEASE_NS) {
          report(stream, events);
        }
      }
    }
    return new CaptureEnd.Stopped();
  }

  /// Kept alive while the spool has no room.
  private void waiting() throws SQLException, IOException, CaptureStoppedException {
    var stream = current;
    var events = currentEvents;
    goOn();
    if (noticed != null) {
      // The next attempt finds the same, before anything else.
      throw new SQLException("the source has lost what was not captured yet");
    }
    if (stream == null || events == null) {
      return;
    }
    report(stream, events);
  }

  /// Tells the server how far it may forget its log: to the last whole transaction that is safe;
  /// to wherever it has come if all is safe that it ever sent. That is written down first: what the
  /// server forgot, a restart must not ask for.
  private void report(PGReplicationStream stream, BlockAssembler events)
      throws SQLException, IOException {
    var nowNs = System.nanoTime();
    var sinceNs = nowNs - statusAtNs;
    if (sinceNs < RELEASE_NS) {
      return;
    }
    progress.captured(
        events.lastSeq(), events.lastCommitAtUs(), stream.getLastReceiveLSN().asLong());
    var position = released.position();
    if (!events.inTransaction() && events.isEmpty() && released.seq() >= events.lastSeq()) {
      position = max(position, max(events.endPosition(), stream.getLastReceiveLSN().asLong()));
    }
    position = toldAtMost(kept(position, nowNs), nowNs);
    if (Long.compareUnsigned(position, flushedPosition) <= 0 && sinceNs < STATUS_NS) {
      return;
    }
    if (position != 0) {
      flushedPosition = max(position, flushedPosition);
      told = max(told, flushedPosition);
      var lsn = LogSequenceNumber.valueOf(flushedPosition);
      stream.setFlushedLSN(lsn);
      stream.setAppliedLSN(lsn);
    }
    stream.forceUpdateStatus();
    statusAtNs = nowNs;
    if (nowNs - toldAtNs > TOLD_NS
        && Long.compareUnsigned(flushedPosition, state.place().told()) > 0) {
      toldAtNs = nowNs;
      state = state.told(flushedPosition);
      state.save(stateFile);
    }
  }

  /// What only the spool holds the source is told to forget when that is written down: should the
  /// spool be lost, it says whether the source forgot because of us.
  private long toldAtMost(long position, long nowNs) throws IOException {
    var before = state.place().told();
    if (released.durable() || Long.compareUnsigned(position, before) <= 0) {
      return position;
    }
    if (nowNs - toldAtNs < KEEP_NS) {
      return before;
    }
    state = state.told(position);
    state.save(stateFile);
    toldAtNs = nowNs;
    return position;
  }

  /// @return the position, or the last one that is on disk if this one is not
  private long kept(long position, long nowNs) throws IOException {
    var known = known();
    if (Long.compareUnsigned(position, known) <= 0) {
      return position;
    }
    if (nowNs - keptAtNs < KEEP_NS) {
      return known;
    }
    tables.settled(released.durableSeq(), released.durablePosition());
    state = state.confirming(position, released.durable());
    state.save(stateFile);
    keptAtNs = nowNs;
    return position;
  }

  private static long max(long a, long b) {
    return Long.compareUnsigned(a, b) >= 0 ? a : b;
  }

  private void dropSlot(Connection connection) throws SQLException, InterruptedException {
    freeSlot(connection);
    Slot.drop(connection, state.slot());
  }

  /// The server may not have noticed yet that the one who used the slot is gone: an agent that was
  /// killed. Nobody else uses a slot of this name.
  private void freeSlot(Connection connection) throws SQLException, InterruptedException {
    var since = System.nanoTime();
    for (var slot = Slot.read(connection, state.slot());
        slot != null && slot.activePid() != 0 && !stop.getAsBoolean();
        slot = Slot.read(connection, state.slot())) {
      if (System.nanoTime() - since > SLOT_WAIT_NS) {
        Slot.terminate(connection, slot.activePid());
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private long micros() {
    var now = clock.instant();
    return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
  }
}
