package io.claritystream.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/// What a measurement found: tables for people as they become known, and one flat object at last.
final class Report {
  private final PrintStream out;
  private final ObjectMapper mapper = new ObjectMapper();
  private final ObjectNode figures;

  Report(String bench, PrintStream out) {
    this.out = out;
    figures = mapper.createObjectNode().put("bench", bench);
  }

  /// A figure of the flat object, to three decimals.
  Report figure(String key, double value) {
    if (!Double.isFinite(value)) {
      throw new BenchFailedException(key + " is beyond what can be measured");
    }
    figures.put(plain(key), Math.round(value * 1_000) / 1_000.0);
    return this;
  }

  Report figure(String key, long value) {
    figures.put(plain(key), value);
    return this;
  }

  private static String plain(String key) {
    return key.replaceAll("[^a-z0-9]+", "_");
  }

  /// What is happening, for whoever waits.
  void step(String sentence) {
    System.err.println("  " + sentence);
  }

  /// The first column to the left, all others to the right.
  void table(String title, List<String> header, List<List<String>> rows) {
    List<List<String>> all = new ArrayList<>();
    all.add(header);
    all.addAll(rows);
    int[] widths = new int[header.size()];
    for (List<String> row : all) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    out.printf("%n%s%n%n", title);
    for (int r = 0; r < all.size(); r++) {
      StringBuilder line = new StringBuilder("  ");
      for (int i = 0; i < widths.length; i++) {
        String cell = all.get(r).get(i);
        String pad = " ".repeat(widths[i] - cell.length());
        line.append(i == 0 ? cell + pad : "  " + pad + cell);
      }
      out.println(line.toString().stripTrailing());
      if (r == 0) {
        int width = widths.length * 2;
        for (int w : widths) {
          width += w;
        }
        out.println("  " + "-".repeat(width - 2));
      }
    }
    out.flush();
  }

  void note(String sentence) {
    out.println();
    out.println("  " + sentence);
    out.flush();
  }

  void json() {
    out.println(figures);
    out.flush();
  }

  ObjectNode figures() {
    return figures;
  }

  static String number(double value, int decimals) {
    return String.format(Locale.ROOT, "%,." + decimals + "f", value);
  }

  static double megabytes(long kilobytes) {
    return Math.round(kilobytes / 102.4) / 10.0;
  }

  /// Microseconds as milliseconds.
  static String ms(double micros) {
    return number(micros / 1_000, 1);
  }

  /// The columns of a distribution of microseconds: p50, p90, p99, p99.9 and the most.
  static List<String> spread(String name, Histogram micros) {
    return List.of(
        name,
        ms(micros.getValueAtPercentile(50)),
        ms(micros.getValueAtPercentile(90)),
        ms(micros.getValueAtPercentile(99)),
        ms(micros.getValueAtPercentile(99.9)),
        ms(micros.getMaxValue()));
  }

  static List<String> spreadHeader(String first) {
    return List.of(first, "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms");
  }

  /// Up to ten minutes to the microsecond, three digits exact.
  static Histogram micros() {
    return new Histogram(600_000_000L, 3);
  }

  static void record(Histogram histogram, long micros) {
    histogram.recordValue(Math.clamp(micros, 0, 600_000_000L));
  }
}
