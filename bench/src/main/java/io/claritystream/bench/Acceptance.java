package io.claritystream.bench;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How long batches took from received to acknowledged by Kafka, as the gateway itself counts.
///
/// @param counts of batches by the upper end of their bucket, in seconds; cumulative
record Acceptance(Map<Double, Double> counts) {
  private static final Pattern BUCKET =
      Pattern.compile(
          "^clarity_gateway_acceptance_seconds(?:_seconds)?_bucket\\{[^}]*le=\"([^\"]+)\"[^}]*}"
              + " (\\S+)$",
          Pattern.MULTILINE);

  Acceptance {
    counts = Map.copyOf(counts);
  }

  static Acceptance read(String prometheus) {
    Map<Double, Double> counts = new TreeMap<>();
    Matcher matcher = BUCKET.matcher(prometheus);
    while (matcher.find()) {
      double end =
          matcher.group(1).equals("+Inf")
              ? Double.POSITIVE_INFINITY
              : Double.parseDouble(matcher.group(1));
      counts.merge(end, Double.parseDouble(matcher.group(2)), Double::sum);
    }
    if (counts.isEmpty()) {
      throw new BenchFailedException("the gateway does not tell how long batches take");
    }
    return new Acceptance(counts);
  }

  Acceptance since(Acceptance earlier) {
    Map<Double, Double> fresh = new TreeMap<>();
    counts.forEach((end, count) -> fresh.put(end, count - earlier.atMost(end)));
    return new Acceptance(fresh);
  }

  private double atMost(double end) {
    double most = 0;
    for (Map.Entry<Double, Double> bucket : new TreeMap<>(counts).entrySet()) {
      if (bucket.getKey() <= end) {
        most = bucket.getValue();
      }
    }
    return most;
  }

  long batches() {
    return (long) atMost(Double.POSITIVE_INFINITY);
  }

  /// In milliseconds, evenly spread within a bucket; infinite if beyond the last.
  double percentileMs(double percentile) {
    double wanted = batches() * percentile / 100;
    double begin = 0;
    double before = 0;
    for (Map.Entry<Double, Double> bucket : new TreeMap<>(counts).entrySet()) {
      double count = bucket.getValue();
      if (count >= wanted && count > before) {
        double part = (wanted - before) / (count - before);
        return 1_000 * (begin + (bucket.getKey() - begin) * part);
      }
      begin = bucket.getKey();
      before = count;
    }
    return 0;
  }
}
