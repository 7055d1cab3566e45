package io.claritystream.agent.postgres;

import io.claritystream.agent.spool.Appender;
import io.claritystream.agent.spool.Spool;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.link.GapCause;
import io.claritystream.protocol.link.SourceState;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.replication.PGReplicationStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One attempt to capture a database into a spool: from connecting to the moment when the
/// connection, the source or the agent ends it.
public final class Capture {
  private static final Logger LOG = LoggerFactory.getLogger(Capture.class);

  /// After so long without a message the stream is asked less often.
  private static final long QUIET_NS = TimeUnit.SECONDS.toNanos(5);

  /// How often it is looked at from aside what became of the source.
  public static final Duration WATCH_EVERY = Duration.ofSeconds(3);

  private static final long SLOT_WAIT_NS = TimeUnit.SECONDS.toNanos(10);

  private final Database database;
  private final TableChoice choice;
  private final Spool spool;
  private final Appender appender;
  private final Released released;
  private final Progress progress;
  private final StateFile state;
  private final SourceFiles files;
  private final CapturedTables tables;
  private final SnapshotOrders orders;
  private final Clock clock;
  private final Duration watchEvery;
  private final BooleanSupplier stop;
  private final Publications publications;
  private final Emptyings emptyings;
  private final Reconciliation reconciliation;

  /// While a stream is read.
  private @Nullable Confirmer confirmer;

  private @Nullable PGReplicationStream current;
  private volatile CaptureEnd.@Nullable Missing noticed;

  /// @param stop asked often; once true, the attempt ends soon
  public Capture(
      Database database,
      TableChoice choice,
      SourceFiles files,
      Spool spool,
      Appender appender,
      Released released,
      Progress progress,
      Clock clock,
      Duration watchEvery,
      BooleanSupplier stop)
      throws IOException {
    this.database = database;
    this.choice = choice;
    this.files = files;
    state = files.state();
    tables = files.tables();
    orders = files.orders();
    this.spool = spool;
    this.appender = appender;
    this.released = released;
    this.progress = progress;
    this.clock = clock;
    this.watchEvery = watchEvery;
    this.stop = stop;
    publications = Publications.of(state.now().slot());
    emptyings = Emptyings.load(files.emptyings());
    reconciliation = new Reconciliation(choice, publications, tables, emptyings);
  }

  /// Captures until something ends it. Throws nothing that a source or a network can cause.
  ///
  /// @throws IOException if the agent's own disk fails
  public CaptureEnd run() throws IOException, InterruptedException {
    try (var connection = database.connect()) {
      var identity = SourceIdentity.read(connection);
      var known = state.now().registration().fingerprint();
      if (!known.isEmpty() && !known.equals(identity.fingerprint())) {
        return new CaptureEnd.Refused(
            "The database is another one than was captured; add it under another name.");
      }
      var preflight = Preflight.check(connection, choice, publications);
      var streams = state.now().phase() == CaptureState.Phase.STREAM;
      progress.notes(streams ? preflight.notesUnderWay() : preflight.notes());
      var problems = streams ? preflight.problems() : preflight.refusals();
      if (!problems.isEmpty()) {
        return new CaptureEnd.Refused(String.join(" ", problems));
      }
      return switch (state.now().phase()) {
        case SNAPSHOT_WANTED, RESUME_WANTED, STOPPED ->
            throw new IllegalStateException("nothing is to be captured in " + state.now().phase());
        case SNAPSHOT -> snapshotAndStream(connection, preflight);
        case STREAM -> resume(connection, preflight);
      };
    } catch (CaptureStoppedException e) {
      return new CaptureEnd.Stopped();
    } catch (LogBrokenException e) {
      var why = String.valueOf(e.getMessage());
      return state.now().phase() == CaptureState.Phase.STREAM
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
    if (e instanceof UndecodedException undecoded) {
      return undecoded(undecoded, words);
    }
    return switch (code.length() >= 2 ? code.substring(0, 2) : "") {
      case "28", "42", "3D" -> new CaptureEnd.Refused("the database cannot be used: " + words);
      default -> new CaptureEnd.Interrupted("the database cannot be used now: " + words);
    };
  }

  private CaptureEnd undecoded(UndecodedException e, String words) {
    if (e.isOfPublications()) {
      return new CaptureEnd.Missing(
          GapCause.PUBLICATION_CHANGED,
          "somebody dropped or changed a publication that the agent reads by, and the database cannot"
              + " decode what was written meanwhile, nor what followed ("
              + words
              + ")",
          known(),
          0);
    }
    return new CaptureEnd.Undecoded(
        e.failure() + " behind event " + spool.tailSeq(),
        "the database cannot decode its log now: " + words,
        new CaptureEnd.Missing(
            GapCause.LOG_UNDECODABLE,
            "the database cannot decode its log behind what was captured, however often it is asked"
                + " to ("
                + words
                + ")",
            known(),
            0));
  }

  private CaptureEnd snapshotAndStream(Connection connection, Preflight preflight)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    if (spool.tailSeq() > 0) {
      return new CaptureEnd.Broken("its snapshot was cut short");
    }
    progress.state(SourceState.SNAPSHOTTING, "");
    var made = publications.make(connection, preflight.version(), preflight.tables());
    // What the stream will not bring is not read either: it is once it could be published.
    var chosen =
        preflight.tables().stream()
            .filter(table -> !made.leftOut().containsKey(table.table()))
            .toList();
    if (chosen.isEmpty()) {
      return new CaptureEnd.Interrupted(String.join("; ", made.words()));
    }
    made.words().forEach(LOG::warn);
    progress.notes(Stream.concat(made.words().stream(), preflight.notes().stream()).toList());
    dropSlot(connection);
    try (var replication = database.connectForReplication()) {
      var created =
          replication
              .unwrap(PGConnection.class)
              .getReplicationAPI()
              .createReplicationSlot()
              .logical()
              .withSlotName(state.now().slot())
              .withOutputPlugin("pgoutput")
              .make();
      var position = created.getConsistentPoint().asLong();
      LOG.info("slot {} begins at {}", state.now().slot(), Lsn.text(position));
      var events = new BlockAssembler(spool, appender, clock, this::waiting, 0);
      var held =
          new WholeSnapshot(
                  database, publications, state.now().epoch(), progress, events, this::waiting)
              .read(created.getSnapshotName(), position, chosen, micros());
      while (spool.tailSeq() < events.lastSeq()) {
        if (stop.getAsBoolean()) {
          return new CaptureEnd.Stopped();
        }
        appender.check();
        spool.awaitBeyond(events.lastSeq() - 1, 100, TimeUnit.MILLISECONDS);
      }
      tables.replace(held);
      state.becomes(
          state.now().streamingFrom(position, events.lastSeq(), Continuity.timeline(connection)));
      files.gaps().repaired(position, micros());
      orders.allDone();
      return stream(connection, replication, events, position);
    }
  }

  private CaptureEnd resume(Connection connection, Preflight preflight)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    var from = known();
    var line = state.now().place().timeline();
    var missing = Continuity.missing(connection, database, state.now().slot(), from, line);
    if (missing != null) {
      return ofOurOwnDoing(missing);
    }
    freeSlot(connection);
    var slot = Slot.read(connection, state.now().slot());
    var diverged =
        slot == null
            ? null
            : new SameLog(database, state.now().slot(), publications, progress, this::goOnOrAnew)
                .missing(slot, state.now().place().told(), spool.tailMark());
    if (diverged != null) {
      return diverged;
    }
    var timeline = Continuity.timeline(connection);
    if (timeline != line) {
      state.becomes(state.now().on(timeline));
    }
    progress.notes(reconciliation.run(connection, preflight));
    try (var replication = database.connectForReplication()) {
      var events = new BlockAssembler(spool, appender, clock, this::waiting, from);
      if (spool.tailSeq() == 0 && state.now().place().snapshotEvents() == 0) {
        events.snapshotWasEmpty(state.now().place().start());
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
    var begins = spool.tailSeq() == 0 && known() == state.now().place().start();
    if (missing.cause() != GapCause.SLOT_MOVED || missing.to() == 0 || !begins) {
      return missing;
    }
    var toldSo = Long.compareUnsigned(missing.to(), state.now().place().told()) <= 0;
    return state.now().reason().isEmpty() || !toldSo
        ? missing
        : new CaptureEnd.Missing(
            GapCause.SPOOL_LOST,
            "what the agent held and had not sent yet was lost ("
                + state.now().reason()
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
    return state.now().place().known(spool.tailMark());
  }

  private CaptureEnd stream(
      Connection connection, Connection replication, BlockAssembler events, long from)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    var relations = new Relations(Relations.of(new Catalog(connection)));
    var confirms = new Confirmer(files, spool, released, progress, events, from);
    noticed = null;
    try (var copies = new TableCopies(database, tables, spool, progress, clock, this::waiting);
        var watch =
            new SourceWatch(
                database,
                reconciliation,
                orders,
                state.now().slot(),
                progress,
                confirms::told,
                this::notice,
                watchEvery);
        var stream = Slot.stream(replication, state.now().slot(), publications, from)) {
      watch.start();
      progress.state(SourceState.STREAMING, "");
      LOG.info("streaming {} from {}", database, Lsn.text(from));
      current = stream;
      confirmer = confirms;
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
        return read(stream, decoder, events, copies, confirms);
      } finally {
        current = null;
        confirmer = null;
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

  private CaptureEnd read(
      PGReplicationStream stream,
      PgOutput decoder,
      BlockAssembler events,
      TableCopies copies,
      Confirmer confirms)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    var spokenAtNs = System.nanoTime();
    while (!stop.getAsBoolean() && !orders.asksForAll()) {
      var missing = noticed;
      if (missing != null) {
        return missing;
      }
      if (events.betweenTransactions()) {
        orders.step(tables);
        copies.step(events);
      }
      var message = UndecodedException.next(stream);
      if (message == null) {
        if (stream.isClosed()) {
          return new CaptureEnd.Interrupted("the database closed the connection");
        }
        events.pause(true);
        emptyings.streamed(stream.getLastReceiveLSN().asLong());
        confirms.report(stream);
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
        if (confirms.isDue(spokenAtNs)) {
          confirms.report(stream);
        }
      }
    }
    return new CaptureEnd.Stopped();
  }

  /// Kept alive while the spool has no room.
  private void waiting() throws SQLException, IOException, CaptureStoppedException {
    var stream = current;
    var confirms = confirmer;
    goOn();
    if (noticed != null) {
      // The next attempt finds the same, before anything else.
      throw new SQLException("the source has lost what was not captured yet");
    }
    if (stream != null && confirms != null) {
      confirms.report(stream);
    }
  }

  private void dropSlot(Connection connection) throws SQLException, InterruptedException {
    freeSlot(connection);
    Slot.drop(connection, state.now().slot());
  }

  /// The server may not have noticed yet that the one who used the slot is gone: an agent that was
  /// killed. Nobody else uses a slot of this name.
  private void freeSlot(Connection connection) throws SQLException, InterruptedException {
    var since = System.nanoTime();
    for (var slot = Slot.read(connection, state.now().slot());
        slot != null && slot.activePid() != 0 && !stop.getAsBoolean();
        slot = Slot.read(connection, state.now().slot())) {
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
