package io.claritystream.embedded;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;

/// A running PostgreSQL 18 with its data below one directory, reachable on the loopback address
/// with a password that is random per directory.
///
/// Below `home`: `data` (PostgreSQL's own, which belongs to its user), `password`,
/// `postgresql.conf` and `pg_hba.conf`. The configuration lies outside `data` so that root never
/// writes into a directory that another user owns.
public final class Postgres implements AutoCloseable {
  /// The name of the superuser.
  public static final String SUPERUSER = "postgres";

  /// How long a lock left by a killed predecessor is waited for.
  private static final Duration LOCK_PATIENCE = Duration.ofSeconds(30);

  /// Recovery may have to read the log since the last checkpoint: up to `max_wal_size`.
  private static final Duration START_PATIENCE = Duration.ofMinutes(10);

  /// The longest path a unix socket may have, less the name of PostgreSQL's socket in it.
  private static final int SOCKET_DIRECTORY_MAX = 107 - "/.s.PGSQL.65535.lock".length();

  private final Child child;
  private final int port;
  private final String password;

  private Postgres(Child child, int port, String password) {
    this.child = child;
    this.port = port;
    this.password = password;
  }

  /// Starts PostgreSQL on a free port, having made the database cluster if there is none, and
  /// returns when it takes connections.
  ///
  /// @throws StartFailedException saying in a sentence why it did not start
  public static Postgres start(PostgresSettings settings) {
    return start(settings, child -> {});
  }

  /// As `start`, with each process that it needs told as soon as there is one.
  ///
  /// @throws StartFailedException saying in a sentence why it did not start
  public static Postgres start(PostgresSettings settings, Consumer<Child> born) {
    return new Start(settings, born).run();
  }

  public int port() {
    return port;
  }

  public String jdbcUrl(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
  }

  /// The superuser's password.
  public String password() {
    return password;
  }

  /// The process, to be watched by whoever started it.
  public Child child() {
    return child;
  }

  /// Ends it in order, cutting open connections; data is complete on disk afterwards.
  @Override
  public void close() {
    child.signal("INT");
    if (!child.endedWithin(Duration.ofSeconds(6))) {
      child.stop("QUIT", Duration.ofSeconds(1));
    }
  }

  /// One start, with what it needs along the way.
  private static final class Start {
    private final PostgresSettings settings;
    private final Path home;
    private final Path data;
    private final Consumer<String> log;
    private final Path passwordFile;
    private final PostgresProgram program;
    private final Consumer<Child> born;

    Start(PostgresSettings settings, Consumer<Child> born) {
      this.settings = settings;
      this.born = born;
      this.home = settings.home();
      this.data = home.resolve("data");
      this.log = settings.log();
      this.passwordFile = home.resolve("password");
      this.program = PostgresProgram.unpacked();
    }

    Postgres run() {
      try {
        makeHome();
        String password = PrivateFile.password(passwordFile);
        Launch.Identity identity = identity();
        if (!Files.exists(data.resolve("PG_VERSION"))) {
          initialise(identity, password);
        }
        return launch(identity, password);
      } catch (IOException e) {
        throw new StartFailedException(
            "PostgreSQL cannot keep its data in %s: %s.".formatted(home, Trees.reason(e)), e);
      }
    }

    private void makeHome() throws IOException {
      Files.createDirectories(home);
      Files.setPosixFilePermissions(
          home, PosixFilePermissions.fromString(Machine.root() ? "rwx--x--x" : "rwx------"));
    }

    /// As root, PostgreSQL runs as another user, which may not be able to pass through the
    /// directories above its data (a home of mode 0700) or above its programs.
    private Launch.Identity identity() {
      if (!Machine.root()) {
        return Launch.Identity.SAME;
      }
      if (canEnter(Launch.Identity.UNPRIVILEGED)) {
        return Launch.Identity.UNPRIVILEGED;
      }
      if (canEnter(Launch.Identity.UNPRIVILEGED_PASSING_DIRECTORIES)) {
        return Launch.Identity.UNPRIVILEGED_PASSING_DIRECTORIES;
      }
      throw new StartFailedException(
          ("PostgreSQL does not run as root, and the user it runs as instead (%d) cannot enter %s"
                  + " or run %s: choose a data directory that every user may pass through, or"
                  + " another place for the programs with CLARITY_CACHE.")
              .formatted(Machine.NOBODY, home, program.path("postgres")));
    }

    private boolean canEnter(Launch.Identity identity) {
      Launch probe =
          Launch.of(
                  "probe",
                  Path.of("/"),
                  List.of(
                      "/bin/sh",
                      "-c",
                      "cd -- \"$1\" && exec \"$2\" --version",
                      "sh",
                      home.toString(),
                      program.path("postgres")))
              .withIdentity(identity);
      Child child = Child.start(probe, line -> {});
      return child.endedWithin(Duration.ofSeconds(10)) && child.ended().join() == 0;
    }

    /// Makes the cluster beside its place and moves it there when it is whole.
    private void initialise(Launch.Identity identity, String password) throws IOException {
      Path fresh = home.resolve("data.new");
      Trees.delete(fresh);
      Files.createDirectory(
          fresh,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Path copy = home.resolve("password.initdb");
      Files.deleteIfExists(copy);
      Files.createFile(
          copy, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(copy, password + "\n");
      if (Machine.root()) {
        give(fresh);
        give(copy);
      }
      try {
        Child initdb =
            Child.start(
                launching(
                    "initdb",
                    identity,
                    List.of(
                        program.path("initdb"),
                        "--pgdata=" + fresh,
                        "--username=" + SUPERUSER,
                        "--pwfile=" + copy,
                        "--auth=scram-sha-256",
                        "--encoding=UTF8",
                        "--locale=C",
                        "--locale-provider=builtin",
                        "--builtin-locale=C.UTF-8",
                        "--no-instructions",
                        settings.purpose() == PostgresSettings.Purpose.TEST
                            ? "--no-sync"
                            : "--sync-method=fsync")),
                line -> {});
        born.accept(initdb);
        if (!initdb.endedWithin(START_PATIENCE) || initdb.ended().join() != 0) {
          initdb.stop("KILL", Duration.ofSeconds(1));
          throw failed("PostgreSQL could not make a new database cluster", initdb.lastLines());
        }
      } finally {
        Files.deleteIfExists(copy);
      }
      Files.move(fresh, data, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void give(Path path) throws IOException {
      Files.setAttribute(path, "unix:uid", Machine.NOBODY);
      Files.setAttribute(path, "unix:gid", Machine.NOBODY);
    }

    private Postgres launch(Launch.Identity identity, String password) throws IOException {
      Path hba = home.resolve("pg_hba.conf");
      writeReadable(
          hba,
          """
          # Written at each start; changes made here are lost.
          local all         all               scram-sha-256
          host  all         all 127.0.0.1/32  scram-sha-256
          host  replication all 127.0.0.1/32  scram-sha-256
          """);
      Path configuration = home.resolve("postgresql.conf");
      Instant lockDeadline = Instant.now().plus(LOCK_PATIENCE);
      while (true) {
        int port = settings.port() == 0 ? Machine.freePort() : settings.port();
        writeReadable(configuration, settings.configuration(port, hba, socketDirectory()));
        Child child =
            Child.start(
                launching(
                    "postgres",
                    identity,
                    List.of(
                        program.path("postgres"),
                        "-D",
                        data.toString(),
                        "-c",
                        "config_file=" + configuration)),
                log);
        born.accept(child);
        if (becomesReady(child)) {
          return new Postgres(child, port, password);
        }
        List<String> lines = child.lastLines();
        String said = String.join("\n", lines);
        boolean portTaken = said.contains("Address already in use");
        boolean locked =
            said.contains("lock file \"postmaster.pid\" already exists")
                || said.contains("shared memory block")
                || said.contains("bogus data in lock file")
                || said.contains("lock file \"postmaster.pid\" is empty");
        boolean again = locked || (portTaken && settings.port() == 0);
        if (!again || Instant.now().isAfter(lockDeadline)) {
          throw failed("PostgreSQL did not start in " + home, lines);
        }
        if (locked) {
          pause();
          // A predecessor killed a moment ago may still be a zombie, or its number may belong to
          // another process by now. Nobody works in the directory: the lock is nobody's.
          if (!Machine.inUse(data)) {
            Files.deleteIfExists(data.resolve("postmaster.pid"));
          }
        }
      }
    }

    /// Whatever this process's umask, the user that PostgreSQL runs as can read it.
    private static void writeReadable(Path file, String text) throws IOException {
      Files.writeString(file, text);
      Files.setPosixFilePermissions(
          file, PosixFilePermissions.fromString(Machine.root() ? "rw-r--r--" : "rw-------"));
    }

    private String socketDirectory() throws IOException {
      Path sockets = home.resolve("run");
      if (sockets.toString().getBytes(StandardCharsets.UTF_8).length > SOCKET_DIRECTORY_MAX) {
        // Too deep for a socket: the loopback port is there all the same.
        return "";
      }
      if (!Files.exists(sockets)) {
        Files.createDirectory(
            sockets,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        if (Machine.root()) {
          give(sockets);
        }
      }
      return sockets.toString();
    }

    /// Waits until PostgreSQL itself says that it is ready (the eighth line of its lock file), or
    /// has ended.
    private boolean becomesReady(Child child) {
      Path lock = data.resolve("postmaster.pid");
      Instant deadline = Instant.now().plus(START_PATIENCE);
      while (Instant.now().isBefore(deadline)) {
        if (child.endedWithin(Duration.ofMillis(10))) {
          return false;
        }
        try {
          List<String> lines = Files.readAllLines(lock);
          if (lines.size() >= 8
              && lines.getFirst().strip().equals(Long.toString(child.pid()))
              && lines.get(7).startsWith("ready")) {
            return true;
          }
        } catch (IOException e) {
          // Not there yet.
        }
      }
      child.stop("QUIT", Duration.ofSeconds(5));
      return false;
    }

    private static void pause() {
      try {
        Thread.sleep(200);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new StartFailedException("PostgreSQL was not started: interrupted.", e);
      }
    }

    private Launch launching(String name, Launch.Identity identity, List<String> command) {
      return Launch.of(name, Path.of("/"), command)
          .withIdentity(identity)
          .withDeathSignal(Launch.DeathSignal.INT)
          .withEnvironment(Map.of("LC_ALL", "C", "TZ", "UTC", "PATH", "/usr/bin:/bin"));
    }

    private StartFailedException failed(String what, List<String> lines) {
      if (lines.stream().anyMatch(line -> line.contains("No space left on device"))) {
        return new StartFailedException(
            "The disk that holds %s is full: PostgreSQL cannot write there.".formatted(home));
      }
      if (lines.stream().anyMatch(line -> line.contains("could not look up effective user ID"))) {
        return new StartFailedException(
            "PostgreSQL does not run as a user that has no name: give this one an entry in"
                + " /etc/passwd.");
      }
      return new StartFailedException(what + ". It said:\n  " + String.join("\n  ", lines));
    }
  }

  /// What a JDBC connection as superuser needs.
  public Properties superuser() {
    Properties properties = new Properties();
    properties.setProperty("user", SUPERUSER);
    properties.setProperty("password", password);
    return properties;
  }
}
