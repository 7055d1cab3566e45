package io.claritystream.insight.dashboard;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;

/// A clock that a test moves.
final class SettableClock extends Clock {
  volatile Instant now = Instant.parse("2026-11-20T12:00:30Z");

  /// Not found by scanning: a test that wants it names it.
  @TestConfiguration(proxyBeanMethods = false)
  static class Set {
    @Bean
    @Primary
    SettableClock settableClock() {
      return new SettableClock();
    }
  }

  synchronized void pass(Duration time) {
    now = now.plus(time);
  }

  @Override
  public Instant instant() {
    return now;
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return this;
  }
}
