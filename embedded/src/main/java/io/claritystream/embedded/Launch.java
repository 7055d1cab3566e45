package io.claritystream.embedded;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// What to run as a child process: its command, its environment (nothing is inherited but what is
/// named here), its directory, the user it runs as and the signal it gets should its parent die.
public record Launch(
    String name,
    List<String> command,
    Map<String, String> environment,
    Path directory,
    Identity identity,
    DeathSignal deathSignal) {

  /// The user a child runs as.
  public enum Identity {
    /// The user that runs this JVM.
    SAME,
    /// `nobody`, when this JVM runs as root: PostgreSQL refuses to run as root.
    UNPRIVILEGED,
    /// As `UNPRIVILEGED`, and able to pass through directories closed to it, such as the home of
    /// root in which its data directory lies.
    UNPRIVILEGED_PASSING_DIRECTORIES
  }

  /// The signal the kernel sends a child when its parent dies.
  public enum DeathSignal {
    INT,
    TERM
  }

  public Launch {
    command = List.copyOf(command);
    environment = Map.copyOf(environment);
  }

  /// A program that runs as this user, in this directory, and is asked to end when its parent dies.
  public static Launch of(String name, Path directory, List<String> command) {
    return new Launch(name, command, Map.of(), directory, Identity.SAME, DeathSignal.TERM);
  }

  public Launch withEnvironment(Map<String, String> variables) {
    return new Launch(name, command, variables, directory, identity, deathSignal);
  }

  public Launch withIdentity(Identity other) {
    return new Launch(name, command, environment, directory, other, deathSignal);
  }

  public Launch withDeathSignal(DeathSignal other) {
    return new Launch(name, command, environment, directory, identity, other);
  }
}
