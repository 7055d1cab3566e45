package io.claritystream.agent.spool;

import java.nio.ByteBuffer;

/// Where the source's log stands behind an event.
///
/// @param xid the transaction of the last event, 0 for a snapshot or before any event
/// @param commitPosition where that transaction's commit stands
/// @param eventsOfTransaction how many events of it were written so far
/// @param open whether more of its events may follow
/// @param endSeq the last number up to which all transactions are whole; 0 if there is none
/// @param endPosition where the source goes on behind that number; 0 if there is none
/// @param committedAtUs when the transaction committed, microseconds since 1970
public record SourceMark(
    long xid,
    long commitPosition,
    long eventsOfTransaction,
    boolean open,
    long endSeq,
    long endPosition,
    long committedAtUs) {
  /// Before anything.
  public static final SourceMark NONE = new SourceMark(0, 0, 0, false, 0, 0, 0);

  static final int BYTES = 7 * Long.BYTES;

  void write(ByteBuffer out) {
    out.putLong(xid).putLong(commitPosition).putLong(eventsOfTransaction).putLong(open ? 1 : 0);
    out.putLong(endSeq).putLong(endPosition).putLong(committedAtUs);
  }

  static SourceMark read(ByteBuffer in) {
    return new SourceMark(
        in.getLong(),
        in.getLong(),
        in.getLong(),
        in.getLong() != 0,
        in.getLong(),
        in.getLong(),
        in.getLong());
  }
}
