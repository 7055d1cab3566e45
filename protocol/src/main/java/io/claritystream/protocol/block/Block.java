package io.claritystream.protocol.block;

import java.util.List;

/// A block as read.
///
/// @param events in order; the first has the batch's first number
/// @param transactionEndSeq the number of the last event that is followed by the end of its
///     transaction: with all before it, whole transactions. -1 if none ends in this block;
///     one less than the first number if one ends before the first event.
/// @param transactionEndPosition from where the source must go on once all up to that number is
///     durable; 0 if none ends here
/// @param snapshotBegins whether a snapshot begins in this block
/// @param snapshotEnds whether a snapshot ends in this block
public record Block(
    List<ChangeEvent> events,
    long transactionEndSeq,
    long transactionEndPosition,
    boolean snapshotBegins,
    boolean snapshotEnds) {
  public Block {
    events = List.copyOf(events);
  }
}
