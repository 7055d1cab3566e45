package io.claritystream.stream.bronze;

/// A place in the order of a source's events.
public record Place(int epoch, long seq) implements Comparable<Place> {
  static final Place BEYOND_LAST = new Place(Integer.MAX_VALUE, Long.MAX_VALUE);
  static final Place FIRST = new Place(0, 0);

  @Override
  public int compareTo(Place other) {
    return epoch == other.epoch
        ? Long.compare(seq, other.seq)
        : Integer.compare(epoch, other.epoch);
  }
}
