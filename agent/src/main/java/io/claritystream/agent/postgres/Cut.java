package io.claritystream.agent.postgres;

import org.jspecify.annotations.Nullable;

/// What the stream brings of a table and is in its rows already, because they were read beside the
/// stream.
///
/// @param rows the transactions whose changes the rows held when they were read; null if nothing of
///     the table is to be captured any more
/// @param position where the log ended then: what commits behind it is not in the rows
/// @param seq the last event of those rows
record Cut(@Nullable Visible rows, long position, long seq) {
  /// @param commit where the transaction's commit stands
  boolean drops(long xid, long commit) {
    var seen = rows;
    return seen == null || Long.compareUnsigned(commit, position) < 0 && seen.sees(xid);
  }
}
