package io.claritystream.stream.materializer;

import java.util.BitSet;

/// The columns of a table's version, by position, that rows of other versions are known without:
/// what these say there nobody told, or they say it as the values of another type.
record Lacks(BitSet columns) {
  static final Lacks NOTHING = new Lacks(new BitSet(0));

  /// What rows of one version lack of another.
  ///
  /// @param retyped whether a column that has another type now counts: its values may read
  ///     otherwise, but most read as they did
  static Lacks of(TablePlan plan, TablePlan stored, boolean retyped) {
    if (plan == stored) {
      return NOTHING;
    }
    var lacking = new BitSet();
    for (var i = 0; i < plan.schema.columns().size(); i++) {
      var there = plan.columnIn(stored, i);
      if (there == TablePlan.ABSENT
          || retyped
              && stored.schema.columns().get(there).kind() != plan.schema.columns().get(i).kind()) {
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
