package io.claritystream.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/// What this machine offers: its user, its JDK, its free ports, its processes.
public final class Machine {
  /// `nobody` and its group, as on every Linux.
  static final int NOBODY = 65534;

  private Machine() {}

  /// Whether this JVM runs as root, so that PostgreSQL has to run as someone else.
  public static boolean root() {
    try {
      return (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  /// The `java` that runs this JVM.
  public static Path java() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }

  /// A port on the loopback address that nobody listened on a moment ago. Whoever binds it next has
  /// to be ready for it to be taken in between.
  public static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new StartFailedException("No free port is left on the loopback address.", e);
    }
  }

  /// A directory for what can be made again (unpacked programs), which every user may pass through
  /// and only this one may write to.
  public static Path cacheDirectory() {
    Optional<Path> configured =
        Optional.ofNullable(System.getenv("CLARITY_CACHE")).filter(s -> !s.isBlank()).map(Path::of);
    if (configured.isPresent()) {
      return configured.get().toAbsolutePath();
    }
    if (root()) {
      return Path.of("/var/cache/clarity-stream");
    }
    // The JDK takes the home from the list of users; a person may have set another.
    String home =
        Optional.ofNullable(System.getenv("HOME"))
            .filter(s -> !s.isBlank())
            .orElseGet(() -> System.getProperty("user.home"));
    return Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
        .filter(s -> !s.isBlank())
        .map(Path::of)
        .orElseGet(() -> Path.of(home, ".cache"))
        .resolve("clarity-stream")
        .toAbsolutePath();
  }

  /// Whether any process has this directory as its working directory.
  static boolean inUse(Path directory) {
    Path wanted;
    try {
      wanted = directory.toRealPath();
    } catch (IOException e) {
      return false;
    }
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      return processes
          .filter(p -> Character.isDigit(p.getFileName().toString().charAt(0)))
          .anyMatch(p -> worksIn(p, wanted));
    } catch (IOException e) {
      return true;
    }
  }

  private static boolean worksIn(Path process, Path directory) {
    try {
      return Files.readSymbolicLink(process.resolve("cwd")).equals(directory);
    } catch (IOException e) {
      // Gone, a zombie, or another user's: none of these can be a PostgreSQL of ours that runs.
      return false;
    }
  }
}
