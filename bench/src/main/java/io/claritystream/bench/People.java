package io.claritystream.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;

/// Many people in front of dashboards: each asks, looks at the answer for a second, asks again.
/// What counts is how long an answer takes from when it was due to be asked for.
final class People {
  private static final long LOOKS_US = 1_000_000;
  private static final long REFUSED_US = 20_000_000;

  interface Answers {
    /// @return the microseconds until the answer's first byte had come
    long answer(Question question) throws Exception;
  }

  /// @param refused how many got no answer; each counts as having waited as long as a person may
  /// @param all of each
  /// @param days of single series of a day
  /// @param hours of ten metrics over an hour
  record Waits(
      Histogram all, Histogram days, Histogram hours, AtomicLong refused, double requestsPerS) {}

  private final List<MinuteRows.Line> lines;
  private final MinuteRows.Span span;
  private final int count;

  People(List<MinuteRows.Line> lines, MinuteRows.Span span, int count) {
    this.lines = lines;
    this.span = span;
    this.count = count;
  }

  Waits ask(Answers answers, int warmupS, int seconds) throws InterruptedException {
    Waits waits = new Waits(Report.micros(), Report.micros(), Report.micros(), new AtomicLong(), 0);
    long beganUs = Clocks.nowUs();
    long fromUs = beganUs + warmupS * 1_000_000L;
    long toUs = fromUs + seconds * 1_000_000L;
    CountDownLatch ended = new CountDownLatch(count);
    List<Future<?>> people = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int person = 0; person < count; person++) {
        Random random = new Random(person);
        long firstUs = beganUs + person * LOOKS_US / count;
        Callable<Void> asks =
            () -> {
              try {
                for (long dueUs = firstUs; dueUs < toUs; dueUs = Clocks.nowUs() + LOOKS_US) {
                  Clocks.sleepUntilUs(dueUs);
                  one(answers, Question.next(random, lines, span), dueUs, fromUs, waits);
                }
                return null;
              } finally {
                ended.countDown();
              }
            };
        people.add(threads.submit(asks));
      }
      ended.await();
      for (Future<?> person : people) {
        person.get(1, TimeUnit.MINUTES);
      }
    } catch (ExecutionException e) {
      throw new BenchFailedException("somebody was not answered: " + e.getCause(), e.getCause());
    } catch (java.util.concurrent.TimeoutException e) {
      throw new BenchFailedException("somebody waits without end", e);
    }
    return new Waits(
        waits.all(),
        waits.days(),
        waits.hours(),
        waits.refused(),
        waits.all().getTotalCount() / (double) seconds);
  }

  private static void one(Answers answers, Question question, long dueUs, long fromUs, Waits waits)
      throws Exception {
    long lateUs = Clocks.nowUs() - dueUs;
    long us;
    try {
      us = lateUs + answers.answer(question);
    } catch (BenchFailedException e) {
      waits.refused().incrementAndGet();
      us = REFUSED_US;
    }
    if (dueUs >= fromUs) {
      synchronized (waits) {
        Report.record(waits.all(), us);
        Report.record(question.wide() ? waits.hours() : waits.days(), us);
      }
    }
  }
}
