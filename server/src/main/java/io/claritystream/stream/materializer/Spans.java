package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;
import io.claritystream.protocol.text.ShortText;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Reads sessions out of rows. What a row says depends on the row alone, not on when it was
/// written: a stop that is planned for next week is one. Used by one thread.
final class Spans {
  private static final int REASON_CHARS_MAX = 1_000;

  /// The year 9000: what is said to be then (`9999-12-31`) is never.
  private static final long NEVER_US = 221_845_392_000L * 1_000_000L;

  private static final byte[] FOREVER = {'i', 'n', 'f', 'i', 'n', 'i', 't', 'y'};

  private final Keys keys;
  private final Readings readings;
  private final Decimal decimal = new Decimal();

  Spans(Keys keys, Readings readings) {
    this.keys = keys;
    this.readings = readings;
  }

  /// The session of a row; null if the row does not say when it was, or in a log of states whose
  /// state it is: then there is no next row of the same device.
  @Nullable Span of(TablePlan plan, Row row) {
    if (plan.start == TablePlan.ABSENT) {
      return null;
    }
    var startUs = moment(plan, row, plan.start);
    if (startUs < Readings.TIME_MIN_US || startUs >= NEVER_US) {
      return null;
    }
    var endUs = Moment.NONE;
    if (plan.end != TablePlan.ABSENT && !lasts(row, plan.end)) {
      endUs = moment(plan, row, plan.end);
      if (endUs == Moment.NONE) {
        return null;
      }
      if (endUs < Readings.TIME_MIN_US || endUs >= NEVER_US) {
        endUs = Moment.NONE;
      }
    }
    var device = readings.parent(plan, row);
    if (device == null && plan.lastsUntilNext()) {
      return null;
    }
    return new Span(
        device == null ? null : device.id,
        site(plan, row),
        plan.state == TablePlan.ABSENT ? plan.deed : state(row, plan.state),
        plan.reason == TablePlan.ABSENT ? null : reason(row, plan.reason),
        startUs,
        endUs,
        plan.lastsUntilNext());
  }

  private long moment(TablePlan plan, Row row, int column) {
    return row.hashed(column) ? Moment.NONE : Moment.ofCell(row, column, plan.timeIsEpoch, decimal);
  }

  /// Whether the cell of an end says that there is none yet.
  private static boolean lasts(Row row, int column) {
    var length = row.length(column);
    if (length <= 0) {
      return true;
    }
    var from = row.offset(column);
    var isForever = length == FOREVER.length;
    var isBlank = true;
    for (var i = 0; i < length; i++) {
      var b = row.bytes()[from + i];
      isForever = isForever && b == FOREVER[i];
      isBlank = isBlank && b == ' ';
    }
    return isForever || isBlank;
  }

  private @Nullable UUID site(TablePlan plan, Row row) {
    return plan.site.length > 0 && keys.read(row, plan.site)
        ? keys.id(plan.siteScope, keys.bytes, keys.offset, keys.length)
        : null;
  }

  private static @Nullable String state(Row row, int column) {
    var text = row.text(column);
    return text == null || text.isBlank() ? null : Keys.shortened(text.strip());
  }

  private static @Nullable String reason(Row row, int column) {
    var text = row.text(column);
    return text == null || text.isBlank()
        ? null
        : Keys.clean(ShortText.of(text.strip(), REASON_CHARS_MAX));
  }
}
