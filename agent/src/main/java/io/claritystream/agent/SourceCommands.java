package io.claritystream.agent;

import io.claritystream.agent.SourceSettings.Password;
import io.claritystream.agent.postgres.Capture;
import io.claritystream.agent.postgres.Database;
import io.claritystream.agent.postgres.Preflight;
import io.claritystream.agent.postgres.TableChoice;
import io.claritystream.agent.postgres.Tls;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.SignatureException;
import java.security.cert.CertPathBuilderException;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// `source add`, `source list`, `source remove`.
final class SourceCommands {
  private static final int POSTGRES_PORT = 5432;
  private static final int SLOT_NAME_MAX = 40;
  private static final long STOP_WAIT_MS = 30_000;

  private final PrintStream out;
  private final Home home;
  private final Map<String, String> environment;
  private final Function<String, char @Nullable []> prompt;

  SourceCommands(
      PrintStream out,
      Home home,
      Map<String, String> environment,
      Function<String, char @Nullable []> prompt) {
    this.out = out;
    this.home = home;
    this.environment = environment;
    this.prompt = prompt;
  }

  int command(Arguments arguments) throws IOException {
    var act = arguments.word("add, list or remove");
    return switch (act) {
      case "add" -> add(arguments);
      case "list" -> list(arguments);
      case "remove" -> remove(arguments);
      default -> throw new UsageException("a source can be added, listed or removed, not " + act);
    };
  }

  private int add(Arguments arguments) throws IOException {
    var name = arguments.word("the source's name");
    var host = arguments.required("--host");
    var port = arguments.number("--port", 1, 65_535, POSTGRES_PORT);
    var database = arguments.required("--database");
    var user = arguments.required("--user");
    var tables = arguments.option("--tables").orElse("");
    var tls = tls(arguments.option("--tls").orElse("prefer"), arguments.option("--tls-ca"));
    var file = arguments.option("--password-file");
    var variable = arguments.option("--password-env");
    arguments.end();
    if (file.isPresent() && variable.isPresent()) {
      throw new UsageException("--password-file and --password-env exclude each other");
    }
    var choice = choice(tables);
    home.prepared();
    var before = existing(name);
    var password = new Given(file, variable).resolve(user, host);
    var slot = before == null ? slotName(name) : before.slot();
    var settings =
        settings(
            name, host, port, database, user, tls, choice.text(), slot, password.kind(), before);
    var preflight =
        preflight(new Database(host, port, database, user, tls, password::text), settings, choice);
    print(settings, preflight);
    if (!preflight.problems().isEmpty()) {
      throw new CommandFailedException(
          "the source was not added:\n  " + String.join("\n  ", preflight.problems()));
    }
    var changed = before != null && tablesChanged(preflight);
    var kept =
        changed
            ? new SourceSettings(
                name,
                host,
                port,
                database,
                user,
                tls,
                choice.text(),
                slot,
                password.kind(),
                settings.generation() + 1)
            : settings;
    kept.save(home, password.text());
    out.println();
    if (before == null) {
      out.println("source " + name + " is added. A running agent takes it up by itself.");
    } else {
      out.println(
          "source "
              + name
              + " is changed."
              + (changed ? " Its tables changed, so a new snapshot of all of them is taken." : ""));
    }
    return Agent.DONE;
  }

  private static Tls tls(String mode, Optional<String> authorities) {
    var file = authorities.map(path -> Path.of(path).toAbsolutePath().normalize()).orElse(null);
    if (file != null && !Files.isReadable(file)) {
      throw new CommandFailedException("--tls-ca: there is no file " + file + " to be read");
    }
    try {
      return new Tls(mode, file);
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  private static TableChoice choice(String tables) {
    try {
      return TableChoice.parse(tables);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--tables: " + e.getMessage());
    }
  }

  private @Nullable SourceSettings existing(String name) throws IOException {
    try {
      return SourceSettings.load(home, name).orElse(null);
    } catch (java.nio.file.InvalidPathException e) {
      throw new UsageException("a source cannot be named " + name);
    }
  }

  private static SourceSettings settings(
      String name,
      String host,
      int port,
      String database,
      String user,
      Tls tls,
      String tables,
      String slot,
      Password password,
      @Nullable SourceSettings before) {
    try {
      return new SourceSettings(
          name,
          host,
          port,
          database,
          user,
          tls,
          tables,
          slot,
          password,
          before == null ? 1 : before.generation());
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  private static boolean tablesChanged(Preflight preflight) {
    var published = preflight.published();
    return !published.isEmpty() && !Set.copyOf(published).equals(Set.copyOf(preflight.tables()));
  }

  /// Where the password comes from, and what it is now.
  private record Resolved(Password kind, String text) {}

  private final class Given {
    private final Optional<String> file;
    private final Optional<String> variable;

    Given(Optional<String> file, Optional<String> variable) {
      this.file = file;
      this.variable = variable;
    }

    Resolved resolve(String user, String host) throws IOException {
      if (file.isPresent()) {
        var path = Path.of(file.get()).toAbsolutePath().normalize();
        try {
          return new Resolved(new Password.InFile(path), SourceSettings.line(path));
        } catch (NoSuchFileException e) {
          throw new CommandFailedException("there is no password file " + path);
        }
      }
      if (variable.isPresent()) {
        var value = environment.get(variable.get());
        if (value == null) {
          throw new CommandFailedException(
              "the environment has no variable " + variable.get() + " to read a password from");
        }
        return new Resolved(new Password.InEnvironment(variable.get()), value);
      }
      var typed = prompt.apply("password of " + user + " at " + host + ": ");
      if (typed == null) {
        throw new CommandFailedException(
            "there is no terminal to ask for the password; use --password-file FILE or"
                + " --password-env VARIABLE");
      }
      return new Resolved(new Password.Kept(), new String(typed));
    }
  }

  private static Preflight preflight(
      Database database, SourceSettings settings, TableChoice choice) {
    try {
      return Preflight.check(database, choice, settings.slot());
    } catch (SQLException e) {
      throw new CommandFailedException(
          "the database " + database + " cannot be used: " + reason(e));
    }
  }

  private static String reason(SQLException failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof UnknownHostException) {
        return "its host is not known; check --host";
      }
      if (t instanceof CertPathBuilderException || t instanceof SignatureException) {
        return "no authority that is trusted has signed its certificate; name the right one's file"
            + " with --tls-ca";
      }
    }
    var said = String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    if (said.contains("SSL root certificate")) {
      return said + " Name the authority's file, in PEM, with --tls-ca.";
    }
    if (said.contains("PgjdbcHostnameVerifier")) {
      return "its certificate is for another name than --host; --tls verify-full wants them to be"
          + " the same";
    }
    return said.endsWith("no encryption")
        ? said + "; if the server wants TLS, use --tls require, or verify-full"
        : said;
  }

  private void print(SourceSettings settings, Preflight preflight) {
    out.println(
        "database   "
            + settings.user()
            + "@"
            + settings.host()
            + ":"
            + settings.port()
            + "/"
            + settings.database());
    var tables = preflight.tableNames();
    out.println("tables     " + tables.size() + " will be captured");
    for (var i = 0; i < Math.min(tables.size(), 50); i++) {
      out.println("           " + tables.get(i));
    }
    if (tables.size() > 50) {
      out.println("           and " + (tables.size() - 50) + " more");
    }
    for (var note : preflight.notes()) {
      out.println("note       " + note);
    }
    out.println("does       what capture does to this database:");
    for (var statement : preflight.statements(settings.slot())) {
      out.println("           " + shortened(statement));
    }
    out.println("           The slot makes the server keep its log until the platform has it.");
  }

  private static String shortened(String sql) {
    return sql.length() <= 400 ? sql : sql.substring(0, 400) + " …";
  }

  private int list(Arguments arguments) throws IOException {
    var asJson = arguments.flag("--json");
    arguments.end();
    var json = new Json().object().name("data").array();
    for (var name : home.sourceNames()) {
      var source = SourceSettings.load(home, name);
      if (source.isEmpty()) {
        continue;
      }
      var each = source.get();
      json.object();
      json.field("name", name).field("kind", "postgresql").field("host", each.host());
      json.field("port", each.port()).field("database", each.database());
      json.field("user", each.user()).field("tables", each.tables()).field("slot", each.slot());
      json.end();
      if (!asJson) {
        out.println(
            name
                + "  postgresql  "
                + each.user()
                + "@"
                + each.host()
                + ":"
                + each.port()
                + "/"
                + each.database()
                + (each.tables().isEmpty() ? "  all tables" : "  " + each.tables()));
      }
    }
    if (asJson) {
      out.println(json.end().end());
    } else if (home.sourceNames().isEmpty()) {
      out.println("no sources; add one with: agent source add NAME …");
    }
    return Agent.DONE;
  }

  private int remove(Arguments arguments) throws IOException {
    var name = arguments.word("the source's name");
    arguments.end();
    var settings = existing(name);
    if (settings == null) {
      throw new CommandFailedException(
          "there is no source " + name + "; agent source list shows all");
    }
    var database = settings.database(home, environment);
    // A running agent lets go of a source whose settings are gone.
    var file = home.source(name).resolve(SourceSettings.FILE);
    var aside = file.resolveSibling(SourceSettings.FILE + ".removed");
    Files.move(
        file,
        aside,
        java.nio.file.StandardCopyOption.ATOMIC_MOVE,
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    try (var held = awaitLock(name)) {
      if (held == null) {
        Files.move(aside, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        throw new CommandFailedException(
            "the agent that runs did not let go of " + name + "; stop it and try again");
      }
      var left = takeOut(database, settings.slot());
      delete(home.source(name));
      out.println("source " + name + " is removed; what was not sent yet is gone");
      if (!left.isEmpty()) {
        throw new CommandFailedException(
            left
                + "\nThe database keeps its log for the slot until this is run in it:\n  "
                + String.join("\n  ", Capture.removalSql(settings.slot())));
      }
      return Agent.DONE;
    }
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

  /// A name for slot and publications that no other agent's source has.
  private static String slotName(String source) {
    var random = new byte[4];
    new SecureRandom().nextBytes(random);
    var plain = source.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
    return "clarity_"
        + plain.substring(0, Math.min(plain.length(), SLOT_NAME_MAX - 17))
        + "_"
        + HexFormat.of().formatHex(random);
  }
}
