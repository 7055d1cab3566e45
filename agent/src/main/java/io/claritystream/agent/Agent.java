package io.claritystream.agent;

import io.claritystream.agent.spool.SpoolLimits;
import io.claritystream.agent.uplink.Identity;
import io.claritystream.agent.uplink.Pairing;
import io.claritystream.agent.uplink.Platform;
import io.claritystream.agent.uplink.ServerAddress;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The agent's command line. Exit codes: 0 done, 1 could not be done, 2 not understood, 3 `status`
/// of an agent that does not run.
public final class Agent {
  static final int DONE = 0;
  static final int FAILED = 1;
  static final int MISUSED = 2;
  static final int NOT_RUNNING = 3;

  /// The launcher says in this property how it was called.
  private static final String PROGRAM = "clarity.program";

  private static final Set<String> FLAGS = Set.of("--json", "--help", "--yes");
  private static final int NAME_MAX = 100;
  private static final long LOCK_WAIT_NS = TimeUnit.SECONDS.toNanos(1);

  private final PrintStream out;
  private final PrintStream err;
  private final Map<String, String> environment;
  private final Clock clock;
  private final Terminal terminal;
  private final String program;

  /// @param program the command that started this program, as a person typed it
  Agent(
      PrintStream out,
      PrintStream err,
      Map<String, String> environment,
      Clock clock,
      Terminal terminal,
      String program) {
    this.out = Plain.stream(out);
    this.err = Plain.stream(err);
    this.environment = environment;
    this.clock = clock;
    this.terminal = terminal;
    this.program = program;
  }

  public static void main(String[] line) {
    Logging.configure();
    var agent =
        new Agent(
            System.out,
            System.err,
            System.getenv(),
            Clock.systemUTC(),
            Terminal.ofProcess(),
            System.getProperty(PROGRAM, "agent"));
    System.exit(agent.command(List.of(line)));
  }

  static String version() {
    var version = Agent.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  /// Does what the line says.
  ///
  /// @return the exit code
  int command(List<String> line) {
    try {
      var arguments = new Arguments(line, FLAGS);
      if (line.isEmpty() || arguments.flag("--help")) {
        out.print(Usage.of(program, arguments.words()));
        return line.isEmpty() ? MISUSED : DONE;
      }
      var chosen = arguments.option("--data").filter(path -> !path.isBlank());
      if (!arguments.hasWord()) {
        arguments.end();
        throw new UsageException("the command is missing");
      }
      var home = home(chosen);
      var called = program + chosen.map(path -> " --data " + quoted(path)).orElse("");
      var command = arguments.word("the command");
      return switch (command) {
        case "pair" -> pair(home, called, arguments);
        case "source" ->
            new SourceCommands(out, home, environment, clock, terminal, called).command(arguments);
        case "run" -> run(home, called, arguments);
        case "status" -> status(home, called, arguments);
        case "version" -> {
          arguments.end();
          out.println(version());
          yield DONE;
        }
        case "help" -> {
          out.print(Usage.of(program, arguments.words()));
          yield DONE;
        }
        default -> throw new UsageException("there is no command " + command);
      };
    } catch (UsageException e) {
      err.println("agent: " + e.getMessage() + " (" + program + " --help shows all commands)");
      return MISUSED;
    } catch (CommandFailedException e) {
      err.println("agent: " + e.getMessage());
      return FAILED;
    } catch (InvalidPathException e) {
      err.println("agent: no file can be named " + e.getInput());
      return MISUSED;
    } catch (AccessDeniedException e) {
      err.println("agent: " + e.getFile() + " may not be read or written by this user");
      return FAILED;
    } catch (IOException e) {
      err.println("agent: " + e.getMessage());
      return FAILED;
    }
  }

  private Home home(Optional<String> chosen) {
    return new Home(
        chosen
            .or(() -> Optional.ofNullable(environment.get("CLARITY_AGENT_DATA")))
            .filter(path -> !path.isBlank())
            .map(Path::of)
            .orElseGet(() -> Path.of(userHome(environment)).resolve(Home.DEFAULT)));
  }

  /// As a shell takes it for one word.
  private static String quoted(String word) {
    return word.matches("[A-Za-z0-9_./:@%+=,~-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }

  /// The JDK asks the system's list of users; a person may have said otherwise.
  private static String userHome(Map<String, String> environment) {
    var home = environment.getOrDefault("HOME", "");
    return home.isBlank() ? System.getProperty("user.home", ".") : home;
  }

  private int pair(Home home, String called, Arguments arguments) throws IOException {
    var code = arguments.word("the pairing code");
    var server = address(arguments.required("--server"));
    var name = arguments.option("--name").orElseGet(Agent::machineName);
    arguments.end();
    if (name.isBlank() || name.length() > NAME_MAX) {
      throw new UsageException("--name has 1 to " + NAME_MAX + " characters");
    }
    home.prepared();
    try (var held = home.lockForRun().orElse(null)) {
      if (held == null) {
        throw new CommandFailedException(
            "the agent runs on " + home.directory() + "; stop it before it is paired anew");
      }
      return switch (Pairing.pair(home.directory(), server, code, name, version(), environment)) {
        case Pairing.Paired(var id, var workspace) -> {
          out.println("paired with " + workspace + " as " + name + " (" + id + ")");
          if (home.sourceNames().isEmpty()) {
            out.println(
                "next: "
                    + called
                    + " source add NAME --host HOST --database DATABASE --user USER, then "
                    + called
                    + " run");
          }
          yield DONE;
        }
        case Pairing.Refused(var reason) ->
            throw new CommandFailedException(
                Identity.load(home.directory())
                        .map(
                            before ->
                                "not paired anew, and still paired with "
                                    + before.workspace()
                                    + " as "
                                    + before.agentName())
                        .orElse("not paired")
                    + ": "
                    + reason);
      };
    }
  }

  private static ServerAddress address(String url) {
    try {
      return ServerAddress.parse(url);
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  private static String machineName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "agent";
    }
  }

  private int run(Home home, String called, Arguments arguments) throws IOException {
    var json = arguments.flag("--json");
    var mib =
        arguments.number(
            "--spool-mib", 64, 1_048_576, (int) (SpoolLimits.DEFAULT.bytesMax() >> 20));
    arguments.end();
    home.prepared();
    try (var held = runAlone(home)) {
      if (held == null) {
        throw new CommandFailedException(
            "an agent runs on " + home.directory() + " already; stop it first");
      }
      var identity = Identity.load(home.directory()).orElseThrow(() -> notPaired(called));
      var runner =
          new Runner(
              home,
              new Platform(identity, version(), clock, environment).start(),
              SpoolLimits.DEFAULT.withBytesMax((long) mib << 20),
              version(),
              clock,
              environment,
              out,
              json,
              called);
      Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(runner::close));
      runner.run();
      return DONE;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return FAILED;
    }
  }

  private static CommandFailedException notPaired(String called) {
    return new CommandFailedException(
        "this agent is not paired yet; make a pairing code on the platform's web page and run: "
            + called
            + " pair CODE --server URL");
  }

  private int status(Home home, String called, Arguments arguments) throws IOException {
    var json = arguments.flag("--json");
    arguments.end();
    var report = StatusReport.load(home.statusFile());
    if (report.isEmpty()) {
      if (Identity.load(home.directory()).isEmpty()) {
        throw notPaired(called);
      }
      throw new CommandFailedException(
          "no agent has run on " + home.directory() + " yet; start it with: " + called + " run");
    }
    var running = running(home);
    out.println(json ? report.get().json(running) : report.get().table(running, called));
    return running ? DONE : NOT_RUNNING;
  }

  /// Another command that looks whether an agent runs holds the lock for a moment.
  private static Home.@Nullable Held runAlone(Home home) throws IOException {
    var since = System.nanoTime();
    while (true) {
      var held = home.lockForRun();
      if (held.isPresent() || System.nanoTime() - since > LOCK_WAIT_NS) {
        return held.orElse(null);
      }
      try {
        TimeUnit.MILLISECONDS.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return null;
      }
    }
  }

  static boolean running(Home home) throws IOException {
    try (var held = home.lockForRun().orElse(null)) {
      return held == null;
    }
  }
}
