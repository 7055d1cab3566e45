package io.claritystream.stream.gateway;

import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The digests of the newest batch that is durable and of those sent after it: each batch has to
/// be made of the one before it. Not safe for threads by itself.
final class DigestChain {
  private final NavigableMap<Long, byte[]> byEnd = new TreeMap<>();

  /// Begins behind what is durable.
  DigestChain(long durableSeq, byte[] digest) {
    byEnd.put(durableSeq, digest);
  }

  /// The digest of the batch that ends before this number; null if none ends there.
  byte @Nullable [] before(long firstSeq) {
    return byEnd.get(firstSeq - 1);
  }

  /// It takes the place of what was sent from its first number on.
  void sent(long firstSeq, long endSeq, byte[] digest) {
    byEnd.tailMap(firstSeq, true).clear();
    byEnd.put(endSeq, digest);
  }

  /// What is before this number will not be sent again.
  void durable(long seq) {
    byEnd.headMap(seq, false).clear();
  }
}
