package io.claritystream.agent;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import io.claritystream.agent.Removals.Told;
import io.claritystream.agent.postgres.CaptureState;
import io.claritystream.agent.postgres.Database;
import io.claritystream.agent.postgres.Footprint;
import io.claritystream.agent.postgres.SourceFiles;
import io.claritystream.agent.postgres.Unusable;
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
import java.util.List;
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

  /// @param settings null if there is no such source any more: then what an earlier removal left
  ///     undone is done, if there is such
  /// @param yes whether nobody is asked
  int remove(String name, @Nullable SourceSettings settings, boolean yes) throws IOException {
    var begun = settings == null ? SourceSettings.beingRemoved(home, name).orElse(null) : null;
    if (begun != null) {
      out.println("the removal of " + name + " was interrupted; it goes on");
      return remove(begun);
    }
    if (settings == null) {
      if (removals.names().contains(name)) {
        return told(name, tellPlatform(name));
      }
      throw new CommandFailedException(
          "there is no source " + name + "; " + called + " source list shows all");
    }
    if (!yes) {
      confirm(name, settings);
    }
    // A running agent lets go of a source whose settings are gone. They are kept aside until
    // nothing of it is left in the database, so that an interrupted removal can go on.
    Files.move(settingsFile(name), aside(name), ATOMIC_MOVE, REPLACE_EXISTING);
    return remove(settings);
  }

  private Path settingsFile(String name) {
    return home.source(name).resolve(SourceSettings.FILE);
  }

  private Path aside(String name) {
    return home.source(name).resolve(SourceSettings.BEING_REMOVED);
  }

  private int remove(SourceSettings settings) throws IOException {
    var name = settings.name();
    Left left;
    Told told;
    try (var held = awaitLock(name)) {
      if (held == null) {
        Files.move(aside(name), settingsFile(name), ATOMIC_MOVE);
        throw new CommandFailedException(
            "the agent that runs did not let go of " + name + "; stop it and try again");
      }
      var sourceId = sourceId(settings);
      if (!sourceId.isEmpty()) {
        removals.keep(name, sourceId);
      }
      left = takeOut(settings);
      print(left);
      delete(name);
      told = tellPlatform(name);
    }
    out.println("source " + name + " is removed; what was not sent yet is gone");
    told(name, told);
    return left.failure().isEmpty() ? Agent.DONE : Agent.FAILED;
  }

  private void confirm(String name, SourceSettings settings) {
    var database = settings.database(home, environment);
    try {
      var there = Footprint.read(database, settings.slot());
      if (there.ours().isEmpty()) {
        out.println("There is nothing to take out of the database " + database + ".");
      } else {
        printOurs(database, there.ours());
      }
      if (!there.anothers().isEmpty()) {
        printAnothers(there.anothers());
      }
    } catch (SQLException e) {
      printOurs(database, Footprint.everything(settings.slot()));
      out.println("It cannot be looked at now: " + Unusable.words(e, database));
    } catch (UncheckedIOException e) {
      printOurs(database, Footprint.everything(settings.slot()));
      out.println("It cannot be looked at now: " + e.getCause().getMessage());
    }
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

  private void printOurs(Database database, List<String> sql) {
    out.println("This takes out of the database " + database + ":");
    sql.forEach(each -> out.println("  " + each));
  }

  private void printAnothers(List<String> sql) {
    out.println(
        "The publications of another role stay. They hold nothing back; that role or a superuser"
            + " takes them out by:");
    sql.forEach(each -> out.println("  " + each));
  }

  /// The platform's id of the source; empty if it was never made known there.
  private String sourceId(SourceSettings settings) {
    var file = home.source(settings.name()).resolve(SourceFiles.STATE);
    try {
      return CaptureState.load(file, settings.slot(), settings.generation()).sourceId();
    } catch (IOException e) {
      out.println(
          "note       the platform cannot be told, its id of the source cannot be read: "
              + e.getMessage());
      return "";
    }
  }

  private Told tellPlatform(String name) throws IOException {
    if (!removals.names().contains(name)) {
      return new Told.Nothing();
    }
    var identity = Identity.load(home.directory());
    if (identity.isEmpty()) {
      return new Told.Away("this agent is not paired");
    }
    try (var platform = new Platform(identity.get(), Agent.version(), clock, environment)) {
      return removals.tell(name, platform);
    }
  }

  private int told(String name, Told told) {
    return switch (told) {
      case Told.Done() -> {
        out.println("the platform lists it no more; what it has of it stays there");
        yield Agent.DONE;
      }
      case Told.Nothing() -> {
        out.println("the platform was never told of it");
        yield Agent.DONE;
      }
      case Told.NotThisAgents() -> {
        out.println(notThisAgents(name));
        yield Agent.DONE;
      }
      case Told.Away(var reason) -> {
        out.println(
            "the platform does not know of it yet: "
                + reason
                + "\nIt lists "
                + name
                + " as offline until it is told: "
                + called
                + " run does so by itself, "
                + called
                + " source remove "
                + name
                + " tries again now.");
        yield Agent.FAILED;
      }
    };
  }

  static String notThisAgents(String name) {
    return "the platform has no source "
        + name
        + " of this agent, which was paired anew since. If the web page of the workspace lists it"
        + " still, as the former agent's, it can be removed there.";
  }

  /// What is left in the database.
  ///
  /// @param failure why something is left that should not be, or nothing
  private record Left(String failure, List<String> ours, List<String> anothers) {}

  /// Before the settings go, which alone know the names.
  private void print(Left left) {
    if (!left.failure().isEmpty()) {
      out.println("the database could not be cleaned up: " + left.failure());
      var slot = left.ours().stream().anyMatch(sql -> sql.startsWith("SELECT"));
      out.println(
          slot
              ? "It keeps its log for the slot until this is run in it:"
              : "This is left to run in it:");
      left.ours().forEach(sql -> out.println("  " + sql));
    }
    if (!left.anothers().isEmpty()) {
      printAnothers(left.anothers());
    }
  }

  private Left takeOut(SourceSettings settings) {
    var everything = Footprint.everything(settings.slot());
    var database = settings.database(home, environment);
    try {
      var removal = Footprint.remove(database, settings.slot());
      var failure = removal.failure();
      return new Left(
          failure == null ? "" : Unusable.words(failure, database),
          removal.left().ours(),
          removal.left().anothers());
    } catch (SQLException e) {
      return new Left(Unusable.words(e, database), everything, List.of());
    } catch (UncheckedIOException e) {
      return new Left(String.valueOf(e.getCause().getMessage()), everything, List.of());
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

  /// The settings go last: as long as they are there, the removal can go on.
  private void delete(String name) throws IOException {
    var directory = home.source(name);
    try (var paths = Files.walk(directory)) {
      for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
        if (!path.equals(directory) && !path.equals(aside(name))) {
          Files.deleteIfExists(path);
        }
      }
    }
    Files.deleteIfExists(aside(name));
    Files.deleteIfExists(directory);
  }
}
