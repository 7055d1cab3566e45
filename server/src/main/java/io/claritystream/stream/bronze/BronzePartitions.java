package io.claritystream.stream.bronze;

import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Sees to it that a day has its partition before its first row comes. Every process may do so: the
/// owner's function takes a lock, so one of them makes the leaf and the others find it there.
public final class BronzePartitions implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(BronzePartitions.class);

  private static final int DAYS_AHEAD = 3;
  private static final Duration LOOK_EVERY = Duration.ofHours(1);
  private static final Duration AFTER_FAILURE = Duration.ofSeconds(10);

  private static final String CREATE = "SELECT bronze.create_day(:day)";

  private final JdbcClient service;
  private final Clock clock;
  private final Set<LocalDate> known = ConcurrentHashMap.newKeySet();
  private final CountDownLatch closing = new CountDownLatch(1);
  private @Nullable Thread keeper;

  public BronzePartitions(JdbcClient service, Clock clock) {
    this.service = service;
    this.clock = clock;
  }

  /// Keeps the coming days' partitions there, until closed.
  public synchronized void start() {
    if (keeper == null) {
      keeper = Thread.ofVirtual().name("bronze-partitions").start(this::keep);
    }
  }

  /// Returns when each of the days has a partition, in a transaction of its own.
  public void ensure(Collection<LocalDate> days) {
    for (var day : days) {
      if (known.contains(day)) {
        continue;
      }
      var made = service.sql(CREATE).param("day", day).query(Boolean.class).single();
      if (made) {
        log.info("bronze partition made: day={}", day);
      }
      known.add(day);
    }
  }

  /// Looks anew whether partitions are there, after one was missing.
  public void forget() {
    known.clear();
  }

  @Override
  public synchronized void close() {
    closing.countDown();
  }

  private void keep() {
    var pause = Duration.ZERO;
    try {
      while (!closing.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
        pause = ahead() ? LOOK_EVERY : AFTER_FAILURE;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean ahead() {
    var today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
    try {
      ensure(today.datesUntil(today.plusDays(DAYS_AHEAD + 1L)).toList());
      return true;
    } catch (DataAccessException e) {
      log.warn("bronze partitions could not be made, trying again: cause={}", e.toString());
      return false;
    }
  }
}
