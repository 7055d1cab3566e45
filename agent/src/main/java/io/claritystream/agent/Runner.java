package io.claritystream.agent;

import io.claritystream.agent.postgres.Capture;
import io.claritystream.agent.spool.SpoolLimits;
import io.claritystream.agent.uplink.Platform;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The agent as it runs: a worker for each source, sources that come and go while it runs, and the
/// status file.
final class Runner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Runner.class);
  private static final long ROUND_MS = 1_000;
  private static final long CLOSE_MS = 8_000;
  private static final long REMOVALS_NS = TimeUnit.SECONDS.toNanos(30);

  private record Running(SourceWorker worker, Home.Held held) {}

  private final Home home;
  private final Platform platform;
  private final SpoolLimits limits;
  private final String version;
  private final Clock clock;
  private final Map<String, String> environment;
  private final String called;
  private final Announcements announcements;
  private final Removals removals;
  private final Map<String, Running> sources = new TreeMap<>();
  private final Map<String, String> unreadable = new TreeMap<>();
  private final CountDownLatch stop = new CountDownLatch(1);
  private final CountDownLatch stopped = new CountDownLatch(1);
  private int unsaved;
  private long removalsAtNs = System.nanoTime() - REMOVALS_NS;

  /// @param called the command that started this program, for hints
  Runner(
      Home home,
      Platform platform,
      SpoolLimits limits,
      String version,
      Clock clock,
      Map<String, String> environment,
      PrintStream events,
      boolean json,
      String called) {
    this.home = home;
    this.platform = platform;
    this.limits = limits;
    this.version = version;
    this.clock = clock;
    this.environment = environment;
    this.called = called;
    announcements = new Announcements(events, json, clock);
    removals = new Removals(home);
  }

  /// Runs until [#close()].
  void run() throws InterruptedException {
    announcements.ready(anySource(), called);
    halfRemoved();
    try {
      do {
        reconcile();
        report();
      } while (!stop.await(ROUND_MS, TimeUnit.MILLISECONDS));
    } finally {
      closeAll(List.copyOf(sources.values()));
      sources.clear();
      platform.close();
      stopped.countDown();
    }
  }

  /// Nobody else would say that slots of theirs still hold the database's log.
  private void halfRemoved() {
    try {
      for (var name : home.beingRemoved()) {
        announcements.halfRemoved(name, called);
      }
    } catch (IOException e) {
      LOG.warn("the sources whose removal is not through cannot be read: {}", e.getMessage());
    }
  }

  private boolean anySource() {
    try {
      return !home.sourceNames().isEmpty();
    } catch (IOException e) {
      // The first round says it.
      return true;
    }
  }

  /// Sources that were removed while the platform was away. One that was added again since tells of
  /// its removal itself, before it is registered anew.
  private void tellRemovals(Set<String> wanted) throws IOException {
    if (System.nanoTime() - removalsAtNs < REMOVALS_NS) {
      return;
    }
    for (var name : removals.names()) {
      if (!wanted.contains(name)) {
        switch (removals.tell(name, platform)) {
          case Removals.Told.Away(var why) -> {
            LOG.debug("the platform is not told of the removal of {}: {}", name, why);
            removalsAtNs = System.nanoTime();
            return;
          }
          case Removals.Told.Done() ->
              LOG.info("the platform knows now that source {} was removed", name);
          case Removals.Told.NotThisAgents() -> LOG.warn("{}", SourceRemoval.notThisAgents(name));
          case Removals.Told.Nothing() -> {}
        }
      }
    }
    removalsAtNs = System.nanoTime();
  }

  private void reconcile() {
    try {
      var wanted = new TreeMap<String, SourceSettings>();
      unreadable.clear();
      for (var name : home.sourceNames()) {
        try {
          SourceSettings.load(home, name).ifPresent(found -> wanted.put(name, found));
        } catch (IOException e) {
          unreadable.put(name, String.valueOf(e.getMessage()));
        }
      }
      var gone = new ArrayList<Running>();
      sources
          .values()
          .removeIf(
              running -> {
                var settings = running.worker().settings();
                var unchanged =
                    settings.equals(wanted.get(settings.name()))
                        || unreadable.containsKey(settings.name());
                if (!unchanged) {
                  gone.add(running);
                }
                return !unchanged;
              });
      closeAll(gone);
      for (var settings : wanted.values()) {
        if (!sources.containsKey(settings.name())) {
          begin(settings);
        }
      }
      tellRemovals(wanted.keySet());
    } catch (IOException e) {
      LOG.error("the data directory cannot be read: {}", e.getMessage());
    }
  }

  private void begin(SourceSettings settings) {
    try {
      var held = home.lockSource(settings.name());
      if (held.isEmpty()) {
        // Being removed at this moment; the next round sees what came of it.
        return;
      }
      try {
        var worker =
            new SourceWorker(
                    home, settings, platform, limits, clock, Capture.WATCH_EVERY, environment)
                .start();
        sources.put(settings.name(), new Running(worker, held.get()));
      } catch (IOException e) {
        held.get().close();
        throw e;
      }
    } catch (IOException e) {
      unreadable.put(settings.name(), String.valueOf(e.getMessage()));
    }
  }

  private static void closeAll(List<Running> gone) {
    var threads =
        gone.stream()
            .map(
                running ->
                    Thread.ofPlatform()
                        .daemon()
                        .start(
                            () -> {
                              running.worker().close();
                              try {
                                running.held().close();
                              } catch (IOException e) {
                                LOG.warn("a lock could not be released: {}", e.getMessage());
                              }
                            }))
            .toList();
    try {
      var until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSE_MS);
      for (var thread : threads) {
        thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime())));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void report() {
    var reports = new ArrayList<SourceReport>();
    sources.values().forEach(running -> reports.add(running.worker().report()));
    unreadable.forEach(
        (name, why) -> {
          if (!sources.containsKey(name)) {
            reports.add(SourceReport.failed(name, why));
          }
        });
    announcements.of(reports);
    var identity = platform.identity();
    try {
      new StatusReport(
              identity.agentId(),
              identity.agentName(),
              identity.workspace(),
              identity.server().toString(),
              version,
              ProcessHandle.current().pid(),
              identity.expiresAt(),
              clock.instant(),
              reports)
          .save(home.statusFile());
      unsaved = 0;
    } catch (IOException e) {
      // Said once, and at growing intervals as long as it lasts: on a full disk the log is another
      // file.
      if (Integer.bitCount(++unsaved) == 1) {
        LOG.warn(
            "the status cannot be written{}: {}",
            unsaved == 1 ? "" : " (" + unsaved + " times now)",
            e.getMessage());
      }
    }
  }

  /// Stops all workers, and returns when they have, or ten seconds later.
  @Override
  public void close() {
    stop.countDown();
    try {
      if (!stopped.await(CLOSE_MS + 1_500, TimeUnit.MILLISECONDS)) {
        LOG.warn("some source did not stop in time; nothing is lost by that");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
