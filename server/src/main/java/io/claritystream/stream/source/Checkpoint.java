package io.claritystream.stream.source;

import java.util.Arrays;

/// How far a source is committed in bronze.
///
/// @param epoch the numbering that `seq` belongs to
/// @param session the newest session whose barrier was committed
/// @param seq all events up to this one are durable; 0 is none
/// @param digest that of the batch that ends at `seq`; empty if there is none
/// @param position where the source's own log may be read on; empty if nothing is durable, or what
///     is durable ends inside a transaction: read on from there, its events would come twice
public record Checkpoint(int epoch, long session, long seq, byte[] digest, String position) {

  /// Of a source that has sent nothing yet.
  public static final Checkpoint NONE = new Checkpoint(0, 0, 0, new byte[0], "");

  /// Whether both were made by the same batches.
  public boolean digestIs(byte[] other) {
    return Arrays.equals(digest, other);
  }
}
