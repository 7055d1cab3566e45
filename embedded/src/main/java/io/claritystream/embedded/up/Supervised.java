package io.claritystream.embedded.up;

import io.claritystream.embedded.Child;
import io.claritystream.embedded.StartFailedException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A program that is kept running: when it ends without having been told to, it is started again.
///
/// | state | event | next |
/// |---|---|---|
/// | new | `start` succeeds | running |
/// | new | `start` fails | ended; the failure goes to the caller |
/// | running | it ends | pausing |
/// | running | `restart` | starting |
/// | pausing | the pause is over | starting |
/// | starting | it is ready | running |
/// | starting | it fails | pausing, twice as long |
/// | any | `stop` | ended |
///
/// The pause is half a second after the first death and doubles up to half a minute; a program that
/// has run for a minute starts again from the first.
final class Supervised {
  static final int DEATHS_UNTIL_NAMED = 5;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
  private static final Duration HEALTHY_AFTER = Duration.ofMinutes(1);
  private static final Duration END_PATIENCE = Duration.ofSeconds(5);

  /// Starts the program and returns when it is ready.
  @FunctionalInterface
  interface Starter {
    /// @param born told each process as soon as there is one
    /// @throws StartFailedException if it did not become ready
    Child start(Born born);
  }

  @FunctionalInterface
  interface Born {
    void accept(Child child);
  }

  private final String name;
  private final Starter starter;
  private final LogFile log;
  private final Voice voice;
  private final DataDirectory data;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private volatile @Nullable Child child;

  /// The process that was ended so that another takes its place.
  private volatile @Nullable Child replaced;

  Supervised(String name, Starter starter, LogFile log, Voice voice, DataDirectory data) {
    this.name = name;
    this.starter = starter;
    this.log = log;
    this.voice = voice;
    this.data = data;
  }

  String name() {
    return name;
  }

  /// The first start.
  ///
  /// @throws StartFailedException if it did not become ready; it is not tried again
  void start() {
    Child first = startOnce();
    Thread.ofPlatform().name("keeps-" + name).daemon().start(() -> keep(first));
  }

  long pid() {
    Child current = child;
    return current == null ? -1 : current.pid();
  }

  private Child startOnce() {
    Instant before = Instant.now();
    Child started;
    try {
      started = starter.start(this::born);
    } catch (RuntimeException e) {
      // It may run all the same, and would be in the way of the next.
      Child half = child;
      if (half != null) {
        half.stop("INT", END_PATIENCE);
      }
      throw e;
    }
    voice.started(name, started.pid(), Duration.between(before, Instant.now()));
    return started;
  }

  private void born(Child newborn) {
    child = newborn;
    data.noteChild(newborn.pid());
    if (stopping.getCount() == 0) {
      newborn.signal("KILL");
    }
  }

  private void keep(Child first) {
    Child running = first;
    Instant since = Instant.now();
    int deaths = 0;
    while (true) {
      int exitCode = running.ended().join();
      if (stopping.getCount() == 0) {
        return;
      }
      if (running == replaced) {
        deaths = 0;
      } else {
        if (Duration.between(since, Instant.now()).compareTo(HEALTHY_AFTER) > 0) {
          deaths = 0;
        }
        deaths++;
        Duration pause = pauseAfter(deaths);
        voice.ended(name, exitCode, pause);
        if (deaths == DEATHS_UNTIL_NAMED) {
          voice.keepsDying(
              name, deaths, String.join("\n", running.lastLines()), log.file().toString());
        }
        if (stoppedWithin(pause)) {
          return;
        }
      }
      Child again = null;
      while (again == null) {
        try {
          again = startOnce();
        } catch (RuntimeException e) {
          if (stopping.getCount() == 0) {
            return;
          }
          deaths++;
          String why = why(e);
          log.append(why);
          if (deaths % DEATHS_UNTIL_NAMED == 0) {
            voice.keepsDying(name, deaths, why, log.file().toString());
          }
          if (stoppedWithin(pauseAfter(deaths))) {
            return;
          }
        }
      }
      running = again;
      since = Instant.now();
    }
  }

  /// Only a failure to start has words made for a person.
  static String why(Throwable e) {
    return e instanceof StartFailedException ? String.valueOf(e.getMessage()) : e.toString();
  }

  static Duration pauseAfter(int deaths) {
    Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(deaths - 1, 10));
    return pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
  }

  private boolean stoppedWithin(Duration pause) {
    try {
      return stopping.await(pause.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /// Ends it and lets it be started again at once.
  void restart() {
    Child current = child;
    if (current != null) {
      replaced = current;
      current.stop("TERM", END_PATIENCE);
    }
  }

  /// Ends it for good; by force if it takes longer than the time given.
  void stop(String signal, Duration patience) {
    stopping.countDown();
    Child current = child;
    if (current != null) {
      current.stop(signal, patience);
    }
  }
}
