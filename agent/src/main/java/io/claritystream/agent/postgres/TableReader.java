package io.claritystream.agent.postgres;

import io.claritystream.protocol.block.Op;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;

/// Reads a table's rows by COPY into events.
final class TableReader {
  /// How often it is asked whether to go on.
  private static final int ROWS_BETWEEN = 1_024;

  /// Told every so often, with the rows of this table so far; ends the reading by throwing.
  interface Step {
    void read(long rows) throws SQLException, IOException, InterruptedException;
  }

  private TableReader() {}

  /// @return how many rows there were
  static long read(
      Connection reader, TableFacts facts, long position, BlockAssembler events, Step step)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    var schema = facts.schema();
    var columns = schema.columns().size();
    var rows = 0L;
    var copy = reader.unwrap(PGConnection.class).getCopyAPI().copyOut(select(facts));
    var whole = false;
    try {
      for (var row = copy.readFromCopy(); row != null; row = copy.readFromCopy()) {
        events.beginEvent(Op.READ, schema, position);
        events.out().after();
        CopyText.cells(row, columns, events.out());
        events.endEvent();
        rows++;
        if (rows % ROWS_BETWEEN == 0) {
          step.read(rows);
        }
      }
      whole = true;
      return rows;
    } finally {
      if (!whole && copy.isActive()) {
        copy.cancelCopy();
      }
    }
  }

  private static String select(TableFacts facts) {
    var columns =
        facts.columns().stream()
            .map(fact -> TableName.quote(fact.name()))
            .collect(Collectors.joining(", "));
    // A table that others inherit from is read without them: they are tables of their own.
    return "COPY (SELECT " + columns + " FROM " + only(facts) + ") TO STDOUT";
  }

  /// The table as FROM and LOCK name it.
  static String only(TableFacts facts) {
    return (facts.partitioned() ? "" : "ONLY ") + facts.table().quoted();
  }
}
