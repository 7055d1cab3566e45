package io.claritystream.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/// Directories of test servers, named by the process they belong to, so that those of a JVM that
/// was killed are swept away by a later one.
final class TestDirectories {
  private static final String PREFIX = "clarity-test-";

  private TestDirectories() {}

  static Path forThisJvm(String what) {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    sweep(temporary);
    try {
      Path directory =
          temporary.resolve(PREFIX + ProcessHandle.current().pid() + "-" + what).toAbsolutePath();
      Trees.delete(directory);
      // The user that PostgreSQL runs as has to pass through.
      Files.createDirectory(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x")));
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void sweep(Path temporary) {
    List<Path> left;
    try (Stream<Path> entries = Files.list(temporary)) {
      left = entries.filter(TestDirectories::orphaned).toList();
    } catch (IOException e) {
      return;
    }
    for (Path directory : left) {
      try {
        Trees.delete(directory);
      } catch (IOException e) {
        // Another user's, or another JVM sweeps it at this moment.
      }
    }
  }

  private static boolean orphaned(Path path) {
    String[] parts = path.getFileName().toString().split("-");
    return path.getFileName().toString().startsWith(PREFIX)
        && parts.length > 2
        && parts[2].matches("\\d{1,9}")
        && !Files.exists(Path.of("/proc", parts[2]))
        && !Machine.inUse(path.resolve("data"));
  }
}
