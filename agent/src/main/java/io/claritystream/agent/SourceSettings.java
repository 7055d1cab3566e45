package io.claritystream.agent;

import io.claritystream.agent.files.PrivateFile;
import io.claritystream.agent.postgres.Database;
import io.claritystream.agent.postgres.TableChoice;
import io.claritystream.agent.postgres.Tls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// One source as a person added it.
///
/// @param tables what [TableChoice#parse(String)] reads
/// @param slot the name of slot and publications in the database
/// @param password where the password is
/// @param generation counts how often a new snapshot of all tables was ordered
/// @param onGap what is done when the source has forgotten changes that were not captured
record SourceSettings(
    String name,
    String host,
    int port,
    String database,
    String user,
    Tls tls,
    String tables,
    String slot,
    Password password,
    int generation,
    OnGap onGap) {
  static final String FILE = "source.properties";

  /// What the file is called from when a removal has begun to when it is through.
  static final String BEING_REMOVED = FILE + ".removed";

  private static final String PASSWORD_FILE = "password";
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,62}");

  /// Where a password is read from at each connection.
  sealed interface Password {
    /// In the source's own directory.
    record Kept() implements Password {}

    /// In a file of the customer's.
    record InFile(Path file) implements Password {}

    /// In a variable of the environment that the agent runs in.
    record InEnvironment(String variable) implements Password {}
  }

  /// What follows when changes were missed.
  enum OnGap {
    /// A new copy of all tables, in which what was missed shows.
    REPAIR,
    /// Capture stands until a person orders that.
    STOP;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }

    /// @throws IllegalArgumentException in words for a person
    static OnGap parse(String text) {
      return switch (text) {
        case "repair" -> REPAIR;
        case "stop" -> STOP;
        default -> throw new IllegalArgumentException("--on-gap is repair or stop");
      };
    }
  }

  SourceSettings {
    checkName(name);
  }

  /// @throws IllegalArgumentException if no source can be named so
  static void checkName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a source's name has up to 63 letters, digits, dots, dashes and underscores, and begins"
              + " with a letter or digit");
    }
  }

  SourceSettings choosing(TableChoice choice) {
    return new SourceSettings(
        name, host, port, database, user, tls, choice.text(), slot, password, generation, onGap);
  }

  /// To be captured anew, with a new snapshot of all tables.
  SourceSettings anew() {
    return new SourceSettings(
        name, host, port, database, user, tls, tables, slot, password, generation + 1, onGap);
  }

  Database database(Home home, Map<String, String> environment) {
    return new Database(host, port, database, user, tls, () -> password(home, environment));
  }

  TableChoice choice() {
    return TableChoice.parse(tables);
  }

  private String password(Home home, Map<String, String> environment) {
    try {
      return switch (password) {
        case Password.Kept() -> line(home.source(name).resolve(PASSWORD_FILE));
        case Password.InFile(var file) -> line(file);
        case Password.InEnvironment(var variable) -> {
          var value = environment.get(variable);
          if (value == null) {
            throw new UncheckedIOException(
                new IOException(
                    "the environment has no variable "
                        + variable
                        + " with the password; start the agent with it, or add the source again"
                        + " with --password-file"));
          }
          yield value;
        }
      };
    } catch (IOException e) {
      throw new UncheckedIOException(
          new IOException("the password cannot be read: " + e.getMessage(), e));
    }
  }

  /// A file's first line.
  static String line(Path file) throws IOException {
    var text = Files.readString(file);
    var end = text.indexOf('\n');
    var first = end < 0 ? text : text.substring(0, end);
    return first.endsWith("\r") ? first.substring(0, first.length() - 1) : first;
  }

  /// Keeps the settings, and the password if it is to be kept here.
  void save(Home home, String keptPassword) throws IOException {
    var directory = home.source(name);
    PrivateFile.directory(directory);
    if (password instanceof Password.Kept) {
      PrivateFile.write(directory.resolve(PASSWORD_FILE), keptPassword + "\n");
    } else {
      Files.deleteIfExists(directory.resolve(PASSWORD_FILE));
    }
    save(home);
  }

  /// All but a kept password, which stays as it is.
  void save(Home home) throws IOException {
    var directory = home.source(name);
    var values = new LinkedHashMap<String, String>();
    values.put("host", host);
    values.put("port", Integer.toString(port));
    values.put("database", database);
    values.put("user", user);
    values.put("tls", tls.mode());
    if (tls.authorities() != null) {
      values.put("tls_ca", tls.authorities().toString());
    }
    values.put("tables", tables);
    values.put("slot", slot);
    switch (password) {
      case Password.Kept() -> values.put("password", "kept");
      case Password.InFile(var file) -> values.put("password_file", file.toString());
      case Password.InEnvironment(var variable) -> values.put("password_env", variable);
    }
    values.put("generation", Integer.toString(generation));
    values.put("on_gap", onGap.text());
    PrivateFile.write(directory.resolve(FILE), PrivateFile.properties(values));
    Files.deleteIfExists(directory.resolve(BEING_REMOVED));
  }

  static Optional<SourceSettings> load(Home home, String name) throws IOException {
    return load(home, name, FILE);
  }

  /// Those of a source whose removal was begun and is not through.
  static Optional<SourceSettings> beingRemoved(Home home, String name) throws IOException {
    return load(home, name, BEING_REMOVED);
  }

  private static Optional<SourceSettings> load(Home home, String name, String which)
      throws IOException {
    var file = home.source(name).resolve(which);
    var values = PrivateFile.readProperties(file);
    if (values.isEmpty()) {
      return Optional.empty();
    }
    var map = values.get();
    try {
      var authorities = map.get("tls_ca");
      var inFile = map.get("password_file");
      var inEnvironment = map.get("password_env");
      Password password =
          inFile != null
              ? new Password.InFile(Path.of(inFile))
              : inEnvironment != null
                  ? new Password.InEnvironment(inEnvironment)
                  : new Password.Kept();
      return Optional.of(
          new SourceSettings(
              name,
              map.getOrDefault("host", ""),
              Integer.parseInt(map.getOrDefault("port", "")),
              map.getOrDefault("database", ""),
              map.getOrDefault("user", ""),
              new Tls(
                  map.getOrDefault("tls", "prefer"),
                  authorities == null ? null : Path.of(authorities)),
              map.getOrDefault("tables", ""),
              map.getOrDefault("slot", ""),
              password,
              Integer.parseInt(map.getOrDefault("generation", "1")),
              OnGap.parse(map.getOrDefault("on_gap", "repair"))));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " is not as the agent wrote it: " + e.getMessage());
    }
  }
}
