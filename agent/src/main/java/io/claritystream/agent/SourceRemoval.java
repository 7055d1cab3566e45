package io.claritystream.agent;

import io.claritystream.agent.postgres.Capture;
import io.claritystream.agent.postgres.CaptureState;
import io.claritystream.agent.postgres.Database;
import io.claritystream.agent.uplink.Identity;
import io.claritystream.agent.uplink.Platform;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// `source remove`: out of the agent, out of the customer's database, off the platform's list. Each
/// that cannot be reached is named, with what is left there and what to do about it.
final class SourceRemoval {
  private static final long STOP_WAIT_MS = 30_000;

  private final PrintStream out;
  private final Home home;
  private final Map<String, String> environment;
  private final Clock clock;
  private final Terminal terminal;
  private final String called;
  private final Removals removals;

  SourceRemoval(
      PrintStream out,
      Home home,
      Map<String, String> environment,
      Clock clock,
      Terminal terminal,
      String called) {
    this.out = out;
    this.home = home;
    this.environment = environment;
    this.clock = clock;
    this.terminal = terminal;
    this.called = called;
    removals = new Removals(home);
  }

  /// @param settings null if there is no such source any more: then only the platform is told, if
  ///     it still has to be
  /// @param yes whether nobody is asked
  int remove(String name, @Nullable SourceSettings settings, boolean yes) throws IOException {
    if (settings == null) {
      if (removals.names().contains(name)) {
        return told(name, tellPlatform(name));
      }
      throw new CommandFailedException(
          "there is no source " + name + "; " + called + " source list shows all");
    }
    var database = settings.database(home, environment);
    if (!yes) {
      confirm(name, settings, database);
    }
    // A running agent lets go of a source whose settings are gone.
    var file = home.source(name).resolve(SourceSettings.FILE);
    var aside = file.resolveSibling(SourceSettings.FILE + ".removed");
    Files.move(
        file,
        aside,
        java.nio.file.StandardCopyOption.ATOMIC_MOVE,
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    String away;
    String left;
    try (var held = awaitLock(name)) {
      if (held == null) {
        Files.move(aside, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        throw new CommandFailedException(
            "the agent that runs did not let go of " + name + "; stop it and try again");
      }
      var sourceId = sourceId(settings);
      if (!sourceId.isEmpty()) {
        removals.keep(name, sourceId);
      }
      left = takeOut(database, settings.slot());
      delete(home.source(name));
      away = sourceId.isEmpty() ? "" : tellPlatform(name);
    }
    out.println("source " + name + " is removed; what was not sent yet is gone");
    told(name, away);
    if (!left.isEmpty()) {
      throw new CommandFailedException(
          left
              + "\nThe database keeps its log for the slot until this is run in it:\n  "
              + String.join("\n  ", Capture.removalSql(settings.slot())));
    }
    return Agent.DONE;
  }

  private void confirm(String name, SourceSettings settings, Database database) {
    out.println("This takes out of the database " + database + ":");
    Capture.removalSql(settings.slot()).forEach(sql -> out.println("  " + sql));
    out.println(
        "What was captured and is not sent yet is lost. The platform keeps what it has of the"
            + " source, and lists it no more.");
    var answer = terminal.line("remove source " + name + "? (yes or no) ");
    if (answer == null) {
      throw new CommandFailedException(
          "there is no terminal to ask on, nothing was removed; --yes removes without a question");
    }
    if (!Set.of("y", "yes").contains(answer.strip().toLowerCase(Locale.ROOT))) {
      throw new CommandFailedException("nothing was removed");
    }
  }

  /// The platform's id of the source; empty if it was never made known there.
  private String sourceId(SourceSettings settings) {
    var file = home.source(settings.name()).resolve(SourceWorker.STATE_FILE);
    try {
      return CaptureState.load(file, settings.slot(), settings.generation()).sourceId();
    } catch (IOException e) {
      out.println(
          "note       the platform cannot be told, its id of the source cannot be read: "
              + e.getMessage());
      return "";
    }
  }

  /// @return why the platform could not be told, or nothing
  private String tellPlatform(String name) throws IOException {
    var identity = Identity.load(home.directory());
    if (identity.isEmpty()) {
      return "this agent is not paired";
    }
    try (var platform = new Platform(identity.get(), Agent.version(), clock, environment)) {
      return removals.tell(name, platform);
    }
  }

  private int told(String name, String away) {
    out.println(
        away.isEmpty()
            ? "the platform lists it no more; what it has of it stays there"
            : "the platform does not know of it yet: "
                + away
                + "\nIt lists "
                + name
                + " as offline until it is told: "
                + called
                + " run does so by itself, "
                + called
                + " source remove "
                + name
                + " tries again now.");
    return away.isEmpty() ? Agent.DONE : Agent.FAILED;
  }

  private static String takeOut(Database database, String slot) {
    try {
      Capture.remove(database, slot);
      return "";
    } catch (SQLException e) {
      return "the database could not be cleaned up: " + e.getMessage();
    } catch (UncheckedIOException e) {
      return "the database could not be cleaned up: " + e.getCause().getMessage();
    }
  }

  private Home.@Nullable Held awaitLock(String name) throws IOException {
    var until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(STOP_WAIT_MS);
    while (true) {
      var held = home.lockSource(name);
      if (held.isPresent()) {
        return held.get();
      }
      if (System.nanoTime() > until) {
        return null;
      }
      try {
        TimeUnit.MILLISECONDS.sleep(100);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return null;
      }
    }
  }

  private static void delete(Path directory) throws IOException {
    try (var paths = Files.walk(directory)) {
      for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
