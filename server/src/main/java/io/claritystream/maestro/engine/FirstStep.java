package io.claritystream.maestro.engine;

/// How long the first step of a version took on this process lately. An execution begins before it
/// is taken in only if that is next to nothing, because whoever brought it waits meanwhile.
final class FirstStep {
  private static final long QUICK_NS = 5_000_000;

  private volatile long tookNs = Long.MAX_VALUE;

  /// Not before it was seen.
  boolean quick() {
    return tookNs <= QUICK_NS;
  }

  void took(long ns) {
    tookNs = ns;
  }
}
