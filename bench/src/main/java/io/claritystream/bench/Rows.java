package io.claritystream.bench;

import java.util.Arrays;
import org.HdrHistogram.Histogram;

/// When each row was due, and when it had come how far; all in microseconds since 1970, 0 while
/// unknown. A row's number is its value too, so it is recognised wherever it turns up.
///
/// One thread writes each of the arrays; they are read when those have ended, except that what is
/// seen looks at what was due, under the lock.
final class Rows {
  private final int devices;
  private final long[] due;
  private final long[] committing;
  private final long[] committed;
  private final long[] captured;
  private final long[] accepted;
  private final long[] durable;
  private final long[] seen;
  private final long[] seqs;
  private final long[] newestOfDevice;

  /// @param count how many there will be
  /// @param devices that take turns: row n is of device n modulo their count
  Rows(int count, int devices) {
    this.devices = devices;
    due = new long[count];
    committing = new long[count];
    committed = new long[count];
    captured = new long[count];
    accepted = new long[count];
    durable = new long[count];
    seen = new long[count];
    seqs = new long[count];
    newestOfDevice = new long[devices];
    for (int i = 0; i < devices; i++) {
      newestOfDevice[i] = i - (long) devices;
    }
  }

  int count() {
    return due.length;
  }

  int device(int row) {
    return row % devices;
  }

  synchronized void due(int row, long atUs) {
    due[row] = atUs;
  }

  /// The customer's application is about to commit these.
  synchronized void committing(int from, int to, long atUs) {
    Arrays.fill(committing, from, to, atUs);
  }

  /// Read from the bus: its times as the agent and the gateway stamped them.
  synchronized void carried(
      long row, long seq, long committedUs, long capturedUs, long acceptedUs) {
    if (row >= 0 && row < due.length) {
      int n = (int) row;
      seqs[n] = seq;
      committed[n] = committedUs;
      captured[n] = capturedUs;
      accepted[n] = acceptedUs;
    }
  }

  /// A dashboard shows this row's value for its device, and with that something at least as new as
  /// each earlier row of it.
  synchronized void seen(int device, long row, long atUs) {
    if (row < 0 || row >= due.length || row % devices != device) {
      throw new BenchFailedException("a dashboard was shown a value that nobody wrote: " + row);
    }
    for (long n = newestOfDevice[device] + devices; n <= row; n += devices) {
      seen[(int) n] = atUs;
      newestOfDevice[device] = n;
    }
  }

  /// All numbers up to one were durable at a moment; `from` is the row to begin to look at.
  synchronized void durable(long seq, long atUs, int from, int to) {
    for (int n = from; n < to; n++) {
      if (seqs[n] != 0 && seqs[n] <= seq && durable[n] == 0) {
        durable[n] = atUs;
      }
    }
  }

  synchronized boolean allSeen(int from, int to) {
    for (int n = from; n < to; n++) {
      if (seen[n] == 0) {
        return false;
      }
    }
    return true;
  }

  synchronized int missing(int from, int to) {
    return (int) Arrays.stream(seen, from, to).filter(at -> at == 0).count();
  }

  /// From when rows were due to when a dashboard showed them.
  synchronized Histogram total(int from, int to) {
    return between(due, seen, from, to);
  }

  /// From when their commit was asked for.
  synchronized Histogram fromCommit(int from, int to) {
    return between(committing, seen, from, to);
  }

  /// The hops, in their order.
  enum Hop {
    COMMIT("due → committed at the customer"),
    CAPTURE("→ captured by the agent"),
    ACCEPT("→ accepted by the gateway"),
    DURABLE("→ durable in bronze and read models"),
    SHOW("→ shown on a dashboard");

    private final String label;

    Hop(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }
  }

  synchronized Histogram hop(Hop hop, int from, int to) {
    return switch (hop) {
      case COMMIT -> between(due, committed, from, to);
      case CAPTURE -> between(committed, captured, from, to);
      case ACCEPT -> between(captured, accepted, from, to);
      case DURABLE -> between(accepted, durable, from, to);
      case SHOW -> between(durable, seen, from, to);
    };
  }

  private static Histogram between(long[] begin, long[] end, int from, int to) {
    Histogram histogram = Report.micros();
    for (int n = from; n < to; n++) {
      if (begin[n] != 0 && end[n] != 0) {
        Report.record(histogram, end[n] - begin[n]);
      }
    }
    return histogram;
  }
}
