package io.claritystream.stream.materializer;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/// What several values of one series in one minute come to.
class Tally {
  int count;
  int nans;
  int infinities;

  private long sum;
  private int sumScale;
  private @Nullable BigDecimal sumBig;

  private long min;
  private int minScale;
  private @Nullable BigDecimal minBig;

  private long max;
  private int maxScale;
  private @Nullable BigDecimal maxBig;

  private long last;
  private int lastScale;
  private @Nullable BigDecimal lastBig;

  /// Of the last finite value; until there is one, of the last reading.
  long lastAtUs;

  /// The birth of its row.
  long lastSeq;

  void addFinite(Decimal value, long atUs, long born) {
    var unscaled = value.unscaled;
    var scale = value.scale;
    var big = value.big;
    if (count == 0) {
      min = unscaled;
      minScale = scale;
      minBig = big;
      max = unscaled;
      maxScale = scale;
      maxBig = big;
      sum = unscaled;
      sumScale = scale;
      sumBig = big;
    } else {
      if (Decimal.compare(unscaled, scale, big, min, minScale, minBig) < 0) {
        min = unscaled;
        minScale = scale;
        minBig = big;
      } else if (Decimal.compare(unscaled, scale, big, max, maxScale, maxBig) > 0) {
        max = unscaled;
        maxScale = scale;
        maxBig = big;
      }
      addToSum(unscaled, scale, big);
    }
    if (count == 0 || atUs > lastAtUs || atUs == lastAtUs && born > lastSeq) {
      last = unscaled;
      lastScale = scale;
      lastBig = big;
      lastAtUs = atUs;
      lastSeq = born;
    }
    count++;
  }

  void addOther(Decimal.Read kind, long atUs, long born) {
    if (count == 0
        && (nans + infinities == 0 || atUs > lastAtUs || atUs == lastAtUs && born > lastSeq)) {
      lastAtUs = atUs;
      lastSeq = born;
    }
    if (kind == Decimal.Read.NAN) {
      nans++;
    } else {
      infinities++;
    }
  }

  private void addToSum(long unscaled, int scale, @Nullable BigDecimal big) {
    if (sumBig == null && big == null) {
      var left = sum;
      var right = unscaled;
      var common = Math.max(sumScale, scale);
      var grow = Decimal.POWERS[common - Math.min(sumScale, scale)];
      if (sumScale < scale) {
        if (Math.multiplyHigh(left, grow) != left * grow >> 63) {
          addBig(BigDecimal.valueOf(unscaled, scale));
          return;
        }
        left *= grow;
      } else if (scale < sumScale) {
        if (Math.multiplyHigh(right, grow) != right * grow >> 63) {
          addBig(BigDecimal.valueOf(unscaled, scale));
          return;
        }
        right *= grow;
      }
      var total = left + right;
      if (((left ^ total) & (right ^ total)) >= 0) {
        sum = total;
        sumScale = common;
        return;
      }
    }
    addBig(big != null ? big : BigDecimal.valueOf(unscaled, scale));
  }

  private void addBig(BigDecimal value) {
    sumBig = (sumBig != null ? sumBig : BigDecimal.valueOf(sum, sumScale)).add(value);
  }

  /// How many values, finite or not.
  int values() {
    return count + nans + infinities;
  }

  BigDecimal sum() {
    return sumBig != null ? sumBig : BigDecimal.valueOf(sum, sumScale);
  }

  BigDecimal min() {
    return minBig != null ? minBig : BigDecimal.valueOf(min, minScale);
  }

  BigDecimal max() {
    return maxBig != null ? maxBig : BigDecimal.valueOf(max, maxScale);
  }

  BigDecimal last() {
    return lastBig != null ? lastBig : BigDecimal.valueOf(last, lastScale);
  }

  void writeSum(ArrayText out) {
    out.number(sum, sumScale, sumBig);
  }

  void writeMin(ArrayText out) {
    out.number(min, minScale, minBig);
  }

  void writeMax(ArrayText out) {
    out.number(max, maxScale, maxBig);
  }

  void writeLast(ArrayText out) {
    out.number(last, lastScale, lastBig);
  }
}
