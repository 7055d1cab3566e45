package io.claritystream.embedded;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// A child process that cannot outlive this JVM.
///
/// The kernel sends it its death signal (`PR_SET_PDEATHSIG`, through `setpriv`) when the *thread*
/// that forked it ends, so all children are forked from one thread that lives as long as the JVM.
/// Its output is read line by line, both streams as one, for as long as it runs.
public final class Child {
  private static final Path SETPRIV = find("setpriv");
  private static final Path SETSID = find("setsid");
  private static final int LINES_KEPT = 40;

  /// The thread that forks; see above why there is one.
  private static final ExecutorService FORKER =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().name("forks-children").daemon().factory());

  private final String name;
  private final Process process;
  private final Thread reader;
  private final Deque<String> lastLines = new ArrayDeque<>();

  private Child(String name, Process process, Consumer<String> output) {
    this.name = name;
    this.process = process;
    this.reader =
        Thread.ofPlatform()
            .name("reads-" + name)
            .daemon()
            .unstarted(
                () -> {
                  try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                      keep(line);
                      output.accept(line);
                    }
                  } catch (IOException e) {
                    keep("(its output ended: " + e.getMessage() + ")");
                  }
                });
  }

  /// Starts the process; every line that it prints goes to `output`.
  ///
  /// @throws StartFailedException if it could not even be forked
  public static Child start(Launch launch, Consumer<String> output) {
    Child child = new Child(launch.name(), fork(launch), output);
    child.reader.start();
    return child;
  }

  private static Process fork(Launch launch) {
    List<String> command = new ArrayList<>();
    // A session of its own: Ctrl-C in a terminal is for the parent, which ends its children in
    // the right order. Both programs replace themselves, so the process number stays.
    command.add(SETSID.toString());
    command.add(SETPRIV.toString());
    command.add("--pdeathsig");
    command.add(launch.deathSignal().name());
    if (launch.identity() != Launch.Identity.SAME && Machine.root()) {
      String nobody = Integer.toString(Machine.NOBODY);
      command.addAll(List.of("--reuid", nobody, "--regid", nobody, "--clear-groups"));
      if (launch.identity() == Launch.Identity.UNPRIVILEGED_PASSING_DIRECTORIES) {
        command.addAll(List.of("--inh-caps", "+dac_read_search"));
        command.addAll(List.of("--ambient-caps", "+dac_read_search"));
      }
    }
    command.add("--");
    command.addAll(launch.command());
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(launch.directory().toFile())
            .redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().putAll(launch.environment());
    Callable<Process> start = builder::start;
    try {
      return FORKER.submit(start).get();
    } catch (ExecutionException e) {
      throw new StartFailedException(
          "%s could not be started: %s".formatted(launch.name(), e.getCause().getMessage()),
          e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartFailedException(launch.name() + " was not started: interrupted.", e);
    }
  }

  private static Path find(String program) {
    for (String directory : List.of("/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin")) {
      Path candidate = Path.of(directory, program);
      if (Files.isExecutable(candidate)) {
        return candidate;
      }
    }
    throw new StartFailedException("The program " + program + " is missing: install util-linux.");
  }

  private void keep(String line) {
    synchronized (lastLines) {
      lastLines.addLast(line);
      if (lastLines.size() > LINES_KEPT) {
        lastLines.removeFirst();
      }
    }
  }

  public String name() {
    return name;
  }

  public long pid() {
    return process.pid();
  }

  public boolean alive() {
    return process.isAlive();
  }

  /// Completes with the exit code when the process has ended.
  public CompletableFuture<Integer> ended() {
    return process.onExit().thenApply(Process::exitValue);
  }

  /// The end of what it printed, at most 40 lines.
  public List<String> lastLines() {
    if (!process.isAlive()) {
      try {
        // What it said last may still be on its way.
        reader.join(Duration.ofMillis(500));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    synchronized (lastLines) {
      return List.copyOf(lastLines);
    }
  }

  /// Sends a signal by its name (`INT`, `TERM`, `QUIT`, `KILL`); does nothing once it has ended.
  public void signal(String signal) {
    // `kill` is part of every shell, while the program of that name is not everywhere. The process
    // is not reaped before we ask, so the number cannot be another's by now.
    if (!process.isAlive()) {
      return;
    }
    try {
      new ProcessBuilder("/bin/sh", "-c", "kill -" + signal + " " + process.pid())
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor(2, TimeUnit.SECONDS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Asks it to end with a signal and ends it by force if it has not within the time given.
  public void stop(String signal, Duration patience) {
    signal(signal);
    if (!endedWithin(patience)) {
      process.destroyForcibly();
      endedWithin(Duration.ofSeconds(5));
    }
  }

  /// Waits for its end; false if it still runs after the time given.
  public boolean endedWithin(Duration patience) {
    try {
      return process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return !process.isAlive();
    }
  }
}
