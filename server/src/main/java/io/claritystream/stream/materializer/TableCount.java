package io.claritystream.stream.materializer;

/// What a batch held of one table.
final class TableCount {
  final String table;
  long reads;
  long inserts;
  long updates;
  long deletes;
  /// By somebody at the source.
  long truncates;

  /// By the agent, and the last of them.
  long clears;

  long clearedSeq;
  long failed;

  /// Updates that left cells untouched whose values are not known.
  long rowsIncomplete;

  /// Readings that were given the time of their commit.
  long timesReplaced;

  /// Values for which there was no room among the extras.
  long extrasLeftOut;

  /// Rows of sessions that do not say when those were.
  long sessionsLeftOut;

  long lastEventAtUs = Long.MIN_VALUE;
  long lastSeq;

  /// Whether the rows that are there now are all that these events told, as far as their table was
  /// not emptied since.
  boolean exact = true;

  /// Whether the source tells only its inserts: updates and deletes of it cannot be known of. A
  /// table may have a key and tell nothing of its former rows all the same.
  private final boolean blind;

  /// That of the table which is in force with these events; 0 if they tell no columns.
  final int version;

  /// Whether deleted rows stay.
  final boolean keep;

  TableCount(TablePlan plan) {
    table = plan.table;
    var identity = plan.schema.replicaIdentity();
    blind =
        !plan.isNameAlone()
            && (identity == 'n' || identity != 'f' && plan.schema.keyColumns() == 0);
    version = plan.isNameAlone() ? 0 : plan.version;
    keep = plan.modelTable.keep;
  }

  /// A row came: of a source that tells only its inserts nobody knows what becomes of it.
  void row() {
    exact &= !blind;
  }

  void failed() {
    failed++;
    exact = false;
  }

  void rowIncomplete() {
    rowsIncomplete++;
    exact = false;
  }

  /// The table was emptied.
  void emptied() {
    exact |= !keep;
  }
}
