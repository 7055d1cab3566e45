package io.claritystream.stream.materializer;

/// An event's place in all that its source ever sent, as one number: the epoch, then the number
/// within it. Read models store it wherever a column is called `…_seq`, because a number alone
/// starts again with each epoch.
public final class Ordinal {
  private static final int SEQ_BITS = 40;
  private static final long SEQ_MAX = (1L << SEQ_BITS) - 1;
  private static final int EPOCH_MAX = (1 << (Long.SIZE - 1 - SEQ_BITS)) - 1;

  private Ordinal() {}

  /// @throws IllegalArgumentException beyond 2^40 events of an epoch, or 2^23 epochs
  public static long of(int epoch, long seq) {
    if (seq < 0 || seq > SEQ_MAX || epoch < 0 || epoch > EPOCH_MAX) {
      throw new IllegalArgumentException("epoch " + epoch + " seq " + seq + " is out of range");
    }
    return (long) epoch << SEQ_BITS | seq;
  }

  public static int epoch(long ordinal) {
    return (int) (ordinal >>> SEQ_BITS);
  }

  public static long seq(long ordinal) {
    return ordinal & SEQ_MAX;
  }
}
