package io.claritystream.embedded.up;

import io.claritystream.embedded.StartFailedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/// `./clarity up`: starts an installation, keeps it running, and ends it on a signal.
///
/// Exit codes: 1 if it did not start, 2 if it was asked in a way it does not understand, 130 or 143
/// after Ctrl-C or SIGTERM.
public final class Up {
  private Up() {}

  public static void main(String[] args) throws InterruptedException {
    switch (Options.read(args)) {
      case Options.Misread(String sentence) -> {
        System.err.println(sentence);
        System.exit(2);
      }
      case Options.Read(Options options) -> run(options);
    }
  }

  private static void run(Options options) throws InterruptedException {
    Voice voice = new Voice(options.json(), System.out, System.err, began());
    Path home = home();
    Programs programs =
        new Programs(
            home,
            options
                .train()
                .<Programs.Caches>map(Programs.Caches.Note::new)
                .orElseGet(() -> new Programs.Caches.Use(Programs.cacheDirectory(home))));
    Stack stack;
    try {
      if (!Files.exists(options.data())) {
        Stack.requirePorts(options);
      }
      // One that is there may belong to a platform that runs, which has the ports.
      DataDirectory data = DataDirectory.take(options.data());
      Stack.requirePorts(options);
      stack = new Stack(options, programs, voice, data);
    } catch (StartFailedException e) {
      voice.failed(String.valueOf(e.getMessage()));
      System.exit(1);
      return;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(stack::stop, "stops"));
    try {
      stack.start();
    } catch (StartFailedException e) {
      if (stack.stopping()) {
        // A signal came first: what it cut short did not fail.
        Thread.currentThread().join();
      }
      voice.failed(String.valueOf(e.getMessage()));
      System.exit(1);
    }
    if (options.train().isPresent()) {
      Training training = new Training(options);
      training.warmUp();
      stack.stopNoting();
      training.makeCaches(new Programs(home, new Programs.Caches.Make(options.train().get())));
      System.exit(0);
    }
    Thread.currentThread().join();
  }

  /// The script tells when it was called, so that what it did itself is counted.
  private static Instant began() {
    return Optional.ofNullable(System.getenv("CLARITY_BEGAN_MS"))
        .filter(ms -> ms.matches("\\d{1,18}"))
        .map(ms -> Instant.ofEpochMilli(Long.parseLong(ms)))
        .orElseGet(Instant::now);
  }

  private static Path home() {
    return Path.of(System.getProperty("clarity.home", ".")).toAbsolutePath().normalize();
  }
}
