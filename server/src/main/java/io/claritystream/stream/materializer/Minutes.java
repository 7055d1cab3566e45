package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// The minutes that a batch changes, collapsed by series and minute. A number too large for them
/// is in none: it is counted of its table for as long as its row is there. Only a wide reading
/// loses it so; that of a tall one is kept as a text.
final class Minutes {
  private static final long MINUTE_US = 60_000_000L;

  private record MinuteOf(Series series, int minute) {}

  final List<Minute> all = new ArrayList<>();
  final List<Series> seriesWithoutId = new ArrayList<>();

  private final SourceModel model;
  private final Function<TablePlan, TableCount> counts;
  private final Decimal decimal = new Decimal();
  private final Map<MinuteOf, Minute> others = new HashMap<>();

  /// @param counts gives what the batch counts of a plan's table
  Minutes(SourceModel model, Function<TablePlan, TableCount> counts) {
    this.model = model;
    this.counts = counts;
  }

  /// Adds what a reading says. A tall one says it of `metric`.
  void add(Reading reading, Row row, long born) {
    var plan = reading.plan;
    var metric = reading.metric;
    if (metric != null) {
      addCell(reading, metric, row, plan.value, born);
      return;
    }
    var columns = plan.valueColumns;
    for (var i = 0; i < columns.length; i++) {
      addCell(reading, plan.metrics[i], row, columns[i], born);
    }
  }

  /// Takes away what a reading said.
  void remove(Reading reading, Row row, long born) {
    var plan = reading.plan;
    var metric = reading.metric;
    if (metric != null) {
      removeCell(reading, metric, row, plan.value, born);
      return;
    }
    var columns = plan.valueColumns;
    for (var i = 0; i < columns.length; i++) {
      removeCell(reading, plan.metrics[i], row, columns[i], born);
    }
  }

  /// Takes away what a reading said and adds what it says now; where both are the same, nothing is
  /// touched.
  void replace(Reading was, Row wasRow, Reading is, Row isRow, long born) {
    if (was.plan != is.plan
        || was.device != is.device
        || was.atUs != is.atUs
        || was.metric != is.metric) {
      remove(was, wasRow, born);
      add(is, isRow, born);
      return;
    }
    var metric = is.metric;
    if (metric != null) {
      replaceCell(is, metric, wasRow, isRow, is.plan.value, born);
      return;
    }
    var columns = is.plan.valueColumns;
    for (var i = 0; i < columns.length; i++) {
      replaceCell(is, is.plan.metrics[i], wasRow, isRow, columns[i], born);
    }
  }

  private void replaceCell(
      Reading reading, Metric metric, Row wasRow, Row isRow, int column, long born) {
    if (!isRow.sameCell(column, wasRow, column)) {
      removeCell(reading, metric, wasRow, column, born);
      addCell(reading, metric, isRow, column, born);
    }
  }

  private void addCell(Reading reading, Metric metric, Row row, int column, long born) {
    var read = read(row, column);
    if (isInMinute(read)) {
      tally(minute(series(reading.device, metric), reading.atUs), read, reading.atUs, born);
    } else if (read == Decimal.Read.TOO_LARGE) {
      countLeftOut(reading, 1);
    }
  }

  private void removeCell(Reading reading, Metric metric, Row row, int column, long born) {
    var read = read(row, column);
    if (isInMinute(read)) {
      var removed = minute(series(reading.device, metric), reading.atUs).removed();
      tally(removed, read, reading.atUs, born);
    } else if (read == Decimal.Read.TOO_LARGE) {
      countLeftOut(reading, -1);
    }
  }

  private static boolean isInMinute(Decimal.Read read) {
    return read != Decimal.Read.NOT_A_NUMBER && read != Decimal.Read.TOO_LARGE;
  }

  private void countLeftOut(Reading reading, int values) {
    if (reading.metric == null) {
      counts.apply(reading.plan).valuesLeftOut += values;
    }
  }

  private Decimal.Read read(Row row, int column) {
    var length = row.length(column);
    return length > 0 && !row.hashed(column)
        ? decimal.read(row.bytes(), row.offset(column), length)
        : Decimal.Read.NOT_A_NUMBER;
  }

  private void tally(Tally tally, Decimal.Read read, long atUs, long born) {
    if (read == Decimal.Read.FINITE) {
      tally.addFinite(decimal, atUs, born);
    } else {
      tally.addOther(read, atUs, born);
    }
  }

  /// Folds a stored reading into minutes that are folded anew; others are left as they are.
  void refold(Map<Series, Map<Integer, Tally>> anew, Reading reading, Row row, long born) {
    var plan = reading.plan;
    var metric = reading.metric;
    if (metric != null) {
      refoldCell(anew, reading, metric, row, plan.value, born);
      return;
    }
    for (var i = 0; i < plan.valueColumns.length; i++) {
      refoldCell(anew, reading, plan.metrics[i], row, plan.valueColumns[i], born);
    }
  }

  private void refoldCell(
      Map<Series, Map<Integer, Tally>> anew,
      Reading reading,
      Metric metric,
      Row row,
      int column,
      long born) {
    var series = reading.device.series(metric.index);
    var tallies = series == null ? null : anew.get(series);
    var tally = tallies == null ? null : tallies.get(minuteOf(reading.atUs));
    if (tally == null) {
      return;
    }
    var read = read(row, column);
    if (isInMinute(read)) {
      tally(tally, read, reading.atUs, born);
    }
  }

  private static int minuteOf(long atUs) {
    return (int) Math.floorDiv(atUs, MINUTE_US);
  }

  private Series series(Device device, Metric metric) {
    var series = device.series(metric.index);
    if (series == null) {
      series = new Series(device, metric);
      device.add(series);
      model.weight++;
    }
    if (series.id == Series.UNKNOWN && series.batch != model.batch) {
      seriesWithoutId.add(series);
    }
    return series;
  }

  private Minute minute(Series series, long atUs) {
    var minute = minuteOf(atUs);
    var current = series.current;
    if (current != null && series.batch == model.batch) {
      if (current.minute == minute) {
        return current;
      }
      others.put(new MinuteOf(series, current.minute), current);
      var other = others.get(new MinuteOf(series, minute));
      if (other != null) {
        series.current = other;
        return other;
      }
    }
    var fresh = new Minute(series, minute);
    series.current = fresh;
    series.batch = model.batch;
    all.add(fresh);
    return fresh;
  }
}
