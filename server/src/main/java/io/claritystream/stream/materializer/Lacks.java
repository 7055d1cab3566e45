package io.claritystream.stream.materializer;

import java.util.BitSet;

/// The columns of a table's version, by position, that rows of other versions do not have: what
/// these say there nobody told.
record Lacks(BitSet columns) {
  static final Lacks NOTHING = new Lacks(new BitSet(0));

  /// What rows of one version lack of another. A column that reads otherwise now is another one:
  /// its values were written anew.
  static Lacks of(TablePlan plan, TablePlan stored) {
    if (plan == stored) {
      return NOTHING;
    }
    var lacking = new BitSet();
    for (var i = 0; i < plan.schema.columns().size(); i++) {
      var there = plan.columnIn(stored, i);
      if (there == TablePlan.ABSENT
          || stored.schema.columns().get(there).kind() != plan.schema.columns().get(i).kind()) {
        lacking.set(i);
      }
    }
    return lacking.isEmpty() ? NOTHING : new Lacks(lacking);
  }

  boolean has(int column) {
    return columns.get(column);
  }

  int count() {
    return columns.cardinality();
  }
}
