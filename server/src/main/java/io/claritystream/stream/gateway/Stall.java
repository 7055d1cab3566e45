package io.claritystream.stream.gateway;

import java.time.Duration;

/// How long nothing has become durable of what was sent, and what is to be done about it. Used
/// under its stream's lock.
final class Stall {
  private static final Duration LAST = Duration.ofSeconds(60);

  /// What has not helped so often is not a batch that got lost: the stream is opened anew.
  private static final int TIMES_MAX = 2;

  private final Duration least;
  private Duration after;
  private int times;
  private long progressNs;
  private long durableNs;

  /// @param least how long a stream is left alone at the least
  Stall(Duration least) {
    this.least = least;
    this.after = least;
  }

  void begin(long nowNs) {
    progressNs = nowNs;
    durableNs = nowNs;
  }

  /// A batch is about to be sent behind what is in this window.
  void sending(SendWindow window, long nowNs) {
    if (window.isEmpty()) {
      progressNs = nowNs;
    }
    if (window.isAllDurable()) {
      durableNs = progressNs;
    }
  }

  /// More is durable.
  void progressed(long nowNs) {
    times = 0;
    progressNs = nowNs;
    after = patience(nowNs - durableNs);
    durableNs = nowNs;
  }

  /// Where commits come slowly, asking again early only adds to what they are slow of.
  private Duration patience(long sinceDurableNs) {
    Duration slow = Duration.ofNanos(3 * sinceDurableNs);
    return slow.compareTo(least) <= 0 ? least : atMostLast(slow);
  }

  private static Duration atMostLast(Duration wait) {
    return wait.compareTo(LAST) > 0 ? LAST : wait;
  }

  long quietNs(long nowNs) {
    return nowNs - progressNs;
  }

  boolean isOver(long nowNs) {
    return quietNs(nowNs) >= after.toNanos();
  }

  /// It is noticed: the next one is waited for twice as long. True if asking again has not helped.
  boolean noticed() {
    times++;
    after = atMostLast(after.multipliedBy(2));
    return times > TIMES_MAX;
  }

  /// What is missing was asked for again.
  void askedAgain(long nowNs) {
    progressNs = nowNs;
  }
}
