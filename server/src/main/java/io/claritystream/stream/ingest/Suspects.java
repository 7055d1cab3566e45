package io.claritystream.stream.ingest;

import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

/// The records of a partition that sessions ended at, though they could be decoded. One that fails
/// again is taken for guilty of it; what is committed is no suspect any more.
final class Suspects {
  /// How often a record may fail before it is taken for guilty.
  private static final int FAILURES_MAX = 2;

  private static final int SUSPECTS_MAX = 1_000;

  /// By offset, how often.
  private final ConcurrentNavigableMap<Long, Integer> failures = new ConcurrentSkipListMap<>();

  void failed(long offset) {
    failures.merge(offset, 1, Integer::sum);
    while (failures.size() > SUSPECTS_MAX) {
      failures.pollLastEntry();
    }
  }

  /// It failed, and no other record can be guilty of that.
  void failedAlone(long offset) {
    while (!isGuilty(offset)) {
      failed(offset);
    }
  }

  boolean isGuilty(long offset) {
    return failures.getOrDefault(offset, 0) >= FAILURES_MAX;
  }

  void committedBefore(long offset) {
    failures.headMap(offset).clear();
  }
}
