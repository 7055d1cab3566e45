package io.claritystream.agent;

import io.claritystream.agent.SourceSettings.OnGap;
import io.claritystream.agent.SourceSettings.Password;
import io.claritystream.agent.postgres.CaptureState;
import io.claritystream.agent.postgres.Database;
import io.claritystream.agent.postgres.Preflight;
import io.claritystream.agent.postgres.SnapshotOrders;
import io.claritystream.agent.postgres.SourceFiles;
import io.claritystream.agent.postgres.TableChoice;
import io.claritystream.agent.postgres.Tls;
import io.claritystream.agent.postgres.Unusable;
import io.claritystream.protocol.text.ShortText;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// `source add`, `source list`, `source tables`, `source snapshot`, `source repair`, `source
/// remove`.
final class SourceCommands {
  private static final int POSTGRES_PORT = 5432;
  private static final int STATEMENT_MAX = 400;

  private final PrintStream out;
  private final Home home;
  private final Map<String, String> environment;
  private final Clock clock;
  private final Terminal terminal;
  private final String called;

  /// @param called the command that started this program, for hints
  SourceCommands(
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
  }

  int command(Arguments arguments) throws IOException {
    var act = arguments.word("add, list, tables, snapshot, repair or remove");
    return switch (act) {
      case "add" -> add(arguments);
      case "list" -> list(arguments);
      case "tables" -> tables(arguments);
      case "snapshot" -> snapshot(arguments);
      case "repair" -> repair(arguments);
      case "remove" -> remove(arguments);
      default ->
          throw new UsageException(
              "after source comes add, list, tables, snapshot, repair or remove, not " + act);
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
    var whenMissed = arguments.option("--on-gap");
    arguments.end();
    if (file.isPresent() && variable.isPresent()) {
      throw new UsageException("--password-file and --password-env exclude each other");
    }
    checkName(name);
    var choice = choice(tables);
    var onGapGiven = onGap(whenMissed);
    home.prepared();
    var before = existing(name);
    var password = new Given(file, variable).resolve(user, host);
    var slot = before == null ? home.slotName(name) : before.slot();
    var settings =
        new SourceSettings(
            name,
            host,
            port,
            database,
            user,
            tls,
            choice.text(),
            slot,
            password.kind(),
            before == null ? 1 : before.generation(),
            onGapGiven.orElse(before == null ? OnGap.REPAIR : before.onGap()));
    var preflight =
        preflight(new Database(host, port, database, user, tls, password::text), settings, choice);
    var problems = preflight.refusals();
    var refused = !problems.isEmpty();
    print(settings, preflight, refused);
    if (refused) {
      throw new CommandFailedException(
          "the source was not "
              + (before == null ? "added" : "changed")
              + ":"
              + listed(problems)
              + (preflight.remedies().isEmpty()
                  ? ""
                  : "\nOnce the SQL above is run, give this command again."));
    }
    settings.save(home, password.text());
    out.println();
    variable.ifPresent(
        asked ->
            out.println(
                "The agent reads the password from "
                    + asked
                    + " whenever it connects: it has to be set where `run` is started too."));
    if (before == null) {
      out.println(
          "source "
              + name
              + " is added. A running agent takes it up by itself; otherwise start one: "
              + called
              + " run");
    } else {
      out.println("source " + name + " is changed.");
      told(preflight);
    }
    return Agent.DONE;
  }

  /// A line each, whatever names are in them.
  private static String listed(List<String> problems) {
    return problems.stream()
        .map(problem -> "\n  " + Plain.line(problem))
        .collect(Collectors.joining());
  }

  /// What follows for the tables that come and go.
  private void told(Preflight preflight) {
    if (!preflight.newTables().isEmpty()) {
      out.println("What is new is read beside the stream; the other tables are not read again.");
    }
    if (!preflight.leavingTables().isEmpty()) {
      out.println(
          "Captured no more: "
              + String.join(", ", preflight.leavingTables())
              + ". Their rows are cleared from what the platform shows; their history stays there.");
    }
  }

  /// Shows which tables a source captures, or chooses others.
  private int tables(Arguments arguments) throws IOException {
    var name = arguments.word("the source's name");
    var more = arguments.option("--add");
    var less = arguments.option("--remove");
    var asJson = arguments.flag("--json");
    arguments.end();
    checkName(name);
    var before = known(name);
    if (more.isEmpty() && less.isEmpty()) {
      return listTables(before, asJson);
    }
    var wanted = before.choice();
    if (more.isPresent()) {
      try {
        wanted = wanted.with(named("--add", more.get()));
      } catch (IllegalArgumentException e) {
        throw new UsageException("--add: " + e.getMessage());
      }
    }
    if (less.isPresent()) {
      wanted = wanted.without(named("--remove", less.get()));
    }
    var settings = before.choosing(wanted);
    var preflight = preflight(settings.database(home, environment), settings, wanted);
    print(settings, preflight, !preflight.refusals().isEmpty());
    if (!preflight.refusals().isEmpty()) {
      throw new CommandFailedException(
          "the tables were not changed:" + listed(preflight.refusals()));
    }
    settings.save(home);
    out.println();
    if (preflight.newTables().isEmpty() && preflight.leavingTables().isEmpty()) {
      out.println("Nothing changes for the tables that are there now.");
    }
    told(preflight);
    return Agent.DONE;
  }

  /// Orders that tables be read again, or all of them.
  private int snapshot(Arguments arguments) throws IOException {
    var name = arguments.word("the source's name");
    var named = new ArrayList<String>();
    while (arguments.hasWord()) {
      named.add(arguments.word("a table"));
    }
    arguments.end();
    checkName(name);
    var settings = known(name);
    var captured =
        preflight(settings.database(home, environment), settings, settings.choice()).tableNames();
    var unknown = named.stream().filter(table -> !captured.contains(table)).toList();
    if (!unknown.isEmpty()) {
      throw new CommandFailedException(
          "not captured: "
              + String.join(", ", unknown)
              + "; see: "
              + called
              + " source tables "
              + name);
    }
    if (!SnapshotOrders.leave(home.source(name), UUID.randomUUID().toString(), named)) {
      throw new CommandFailedException(
          "a snapshot was ordered already that no agent has begun yet; start one with: "
              + called
              + " run");
    }
    out.println(
        named.isEmpty()
            ? "All tables of "
                + name
                + " are read again; the platform shows the state of now until that is whole."
            : String.join(", ", named) + ": read again beside the stream.");
    out.println("A running agent begins within seconds; see: " + called + " status");
    return Agent.DONE;
  }

  private static TableChoice named(String option, String tables) {
    var choice = choice(tables);
    if (tables.isBlank() || tables.contains("!")) {
      throw new UsageException(option + " names tables, as a.b,c.*");
    }
    return choice;
  }

  /// What a running agent says of its sources.
  private List<SourceReport> sources() throws IOException {
    return Agent.running(home)
        ? StatusReport.load(home.statusFile()).map(StatusReport::sources).orElse(List.of())
        : List.of();
  }

  private int listTables(SourceSettings settings, boolean asJson) throws IOException {
    var found = preflight(settings.database(home, environment), settings, settings.choice());
    var fresh = Set.copyOf(found.newTables());
    var json = new Json().object().field("chosen", settings.tables()).name("data").array();
    for (var table : found.tableNames()) {
      json.object().field("name", table).field("captured", !fresh.contains(table)).end();
      if (!asJson) {
        out.println(Plain.line(table) + (fresh.contains(table) ? "  not captured yet" : ""));
      }
    }
    var detail =
        sources().stream()
            .filter(source -> source.name().equals(settings.name()))
            .map(SourceReport::detail)
            .findFirst()
            .orElse("");
    if (asJson) {
      out.println(json.end().field("detail", detail).end());
    } else {
      found.notes().forEach(note -> out.println("note       " + Plain.line(note)));
      if (!detail.isEmpty()) {
        out.println("note       " + detail);
      }
    }
    return Agent.DONE;
  }

  private SourceSettings known(String name) throws IOException {
    var settings = existing(name);
    if (settings == null) {
      throw new CommandFailedException(
          "there is no source " + name + "; see: " + called + " source list");
    }
    return settings;
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

  private static Optional<OnGap> onGap(Optional<String> given) {
    try {
      return given.map(OnGap::parse);
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

  private static void checkName(String name) {
    try {
      SourceSettings.checkName(name);
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
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
      var typed = terminal.password("password of " + user + " at " + host + ": ");
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
          "the database " + database + " cannot be used: " + Unusable.words(e, database));
    }
  }

  private void print(SourceSettings settings, Preflight preflight, boolean refused) {
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
    var fresh = Set.copyOf(preflight.newTables());
    out.println("tables     " + tables.size() + (refused ? " can" : " will") + " be captured");
    for (var i = 0; i < Math.min(tables.size(), 50); i++) {
      var table = tables.get(i);
      out.println("           " + Plain.line(table) + (fresh.contains(table) ? " (new)" : ""));
    }
    if (tables.size() > 50) {
      out.println("           and " + (tables.size() - 50) + " more");
    }
    for (var note : preflight.notes()) {
      out.println("note       " + Plain.line(note));
    }
    if (!preflight.remedies().isEmpty()) {
      out.println(
          "to run     "
              + (refused ? "A" : "To capture the others too, a")
              + " superuser, or line by line who is named behind it, runs in the database "
              + settings.database()
              + ":");
      preflight
          .remedies()
          .forEach(sql -> out.println("           " + sql + "  -- " + Preflight.whoRuns(sql)));
    }
    if (refused) {
      return;
    }
    out.println("does       what capture does to this database:");
    for (var statement : preflight.changes()) {
      out.println("           " + ShortText.of(statement, STATEMENT_MAX) + ";");
    }
    out.println("           -- a logical replication slot " + settings.slot() + " (pgoutput)");
    out.println("           The slot makes the server keep its log until the platform has it.");
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
      json.field("on_gap", each.onGap().text());
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
    var halfRemoved = home.beingRemoved();
    if (asJson) {
      out.println(json.end().end());
    } else if (home.sourceNames().isEmpty() && halfRemoved.isEmpty()) {
      out.println("no sources; add one with: " + called + " source add NAME …");
    }
    if (!asJson) {
      halfRemoved.forEach(
          name ->
              out.println(
                  name
                      + "  its removal was interrupted; finish it: "
                      + called
                      + " source remove "
                      + name));
    }
    return Agent.DONE;
  }

  /// Orders the new snapshot that a source waits for after changes were missed.
  private int repair(Arguments arguments) throws IOException {
    var name = arguments.word("the source's name");
    arguments.end();
    checkName(name);
    var settings = known(name);
    var state =
        CaptureState.load(
            home.source(name).resolve(SourceFiles.STATE), settings.slot(), settings.generation());
    if (state.generation() != settings.generation()
        || state.phase() != CaptureState.Phase.STOPPED) {
      throw new CommandFailedException(
          "source " + name + " does not wait for a repair; see: " + called + " status");
    }
    settings.anew().save(home);
    out.println(
        "source "
            + name
            + " is repaired: all its tables are copied anew, which a running agent begins at once."
            + " Missed were changes, because "
            + state.reason()
            + "; what they led to is in the copy, they themselves are not in the history.");
    return Agent.DONE;
  }

  private int remove(Arguments arguments) throws IOException {
    var name = arguments.word("the source's name");
    var yes = arguments.flag("--yes");
    arguments.end();
    checkName(name);
    return new SourceRemoval(out, home, environment, clock, terminal, called)
        .remove(name, existing(name), yes);
  }
}
