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

  /// Rows, and events of no row, that could not be folded. What the batch mends of those that were
  /// there before is taken off, here and below.
  long failed;

  /// Rows with cells that no event told.
  long rowsIncomplete;

  /// Readings that were given the time of their commit.
  long timesReplaced;

  /// Values that are not shown, or not as they came, for their place or size.
  long valuesLeftOut;

  /// Rows of sessions that do not say when those were.
  long sessionsLeftOut;

  long lastEventAtUs = Long.MIN_VALUE;
  long lastSeq;

  /// Whether the source tells only its inserts: updates and deletes of it cannot be known of. A
  /// table may have a key and tell nothing of its former rows all the same. Or it had to
  /// be guessed which row an event means, or rows of before refer to something else.
  boolean blind;

  private boolean versionIsBlind;

  /// That of the table which is in force with these events; 0 if they tell no columns.
  int version;

  /// Whether deleted rows stay.
  final boolean keep;

  TableCount(TablePlan plan) {
    table = plan.table;
    keep = plan.modelTable.keep;
  }

  /// What comes is of this version of the table.
  void ofVersion(TablePlan plan) {
    if (plan.isNameAlone()) {
      versionIsBlind = false;
      return;
    }
    var identity = plan.schema.replicaIdentity();
    versionIsBlind = identity == 'n' || identity != 'f' && plan.schema.keyColumns() == 0;
    version = plan.version;
  }

  /// A row came: of a source that tells only its inserts nobody knows what becomes of it.
  void row() {
    blind |= versionIsBlind;
  }

  /// A row has these flaws from now on.
  void add(RowFlaws flaws) {
    count(flaws, 1);
  }

  /// A row that had these flaws is another one, or gone.
  void takeBack(RowFlaws flaws) {
    count(flaws, -1);
  }

  private void count(RowFlaws flaws, int rows) {
    failed += flaws.failed() ? rows : 0;
    rowsIncomplete += flaws.incomplete() ? rows : 0;
    timesReplaced += flaws.timeReplaced() ? rows : 0;
    sessionsLeftOut += flaws.withoutSession() ? rows : 0;
    valuesLeftOut += (long) rows * flaws.valuesLeftOut();
  }
}
