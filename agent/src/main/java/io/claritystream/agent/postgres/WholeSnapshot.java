package io.claritystream.agent.postgres;

import io.claritystream.protocol.block.Op;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The snapshot that an epoch begins with: all tables, as they are where the slot's stream begins.
///
/// @param waiting told while rows are read; ends the reading by throwing
record WholeSnapshot(
    Database database,
    Publications publications,
    int epoch,
    Progress progress,
    BlockAssembler events,
    BlockAssembler.Waiting waiting) {
  private static final Logger LOG = LoggerFactory.getLogger(WholeSnapshot.class);

  /// Reads these tables at the cut that the slot's export names.
  ///
  /// @return the tables that it holds
  List<CapturedTable> read(String name, long position, List<Catalog.Candidate> chosen, long nowUs)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    try (var reader = database.connect()) {
      reader.setAutoCommit(false);
      reader.setReadOnly(true);
      reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      try (var statement = reader.createStatement()) {
        statement.execute("SET TRANSACTION SNAPSHOT '" + name.replace("'", "''") + "'");
      }
      events.snapshotBegin(position, nowUs);
      var catalog = new Catalog(reader);
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
                  waiting.tick();
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
      if (events.lastSeq() == 0 && epoch > 1 && !held.isEmpty()) {
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
}
