package io.claritystream.embedded.demo;

/// Randomness without a state: each number is a function of the seed, a stream and a place in it.
record Noise(long seed) {

  /// Evenly in [0, 1).
  double uniform(long stream, long place) {
    return (bits(stream, place) >>> 11) * 0x1.0p-53;
  }

  /// Evenly among 0 … bound − 1.
  int below(int bound, long stream, long place) {
    return (int) (uniform(stream, place) * bound);
  }

  /// Evenly in [low, high).
  double between(double low, double high, long stream, long place) {
    return low + (high - low) * uniform(stream, place);
  }

  /// What a sensor adds: around 0, mostly within ±1, never beyond ±2.
  double jitter(long stream, long place) {
    long bits = bits(stream, place);
    double sum = 0;
    for (int i = 0; i < 4; i++) {
      sum += (bits >>> (16 * i) & 0xffff) / 65_536.0;
    }
    return sum - 2;
  }

  /// A line without jumps or kinks within ±1 that turns about every `period` seconds: what has
  /// inertia follows it.
  double smooth(long stream, double seconds, double period) {
    double place = seconds / period;
    long whole = (long) Math.floor(place);
    double part = place - whole;
    double ease = part * part * (3 - 2 * part);
    double from = 2 * uniform(stream, whole) - 1;
    double to = 2 * uniform(stream, whole + 1) - 1;
    return from + (to - from) * ease;
  }

  private long bits(long stream, long place) {
    return mix(mix(mix(seed) + stream * 0x9E3779B97F4A7C15L) + place * 0xD1B54A32D192ED03L);
  }

  /// The finalizer of SplitMix64.
  private static long mix(long value) {
    long z = value;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
