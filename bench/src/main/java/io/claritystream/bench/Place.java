package io.claritystream.bench;

import io.claritystream.embedded.Machine;
import io.claritystream.embedded.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/// A temporary directory that goes with the measurement. Its name tells whose it is, so that what a
/// measurement left behind that was killed goes with a later one.
record Place(Path path) implements AutoCloseable {
  private static final String PREFIX = "clarity-bench-";

  static Place make(Cleanup cleanup) {
    try {
      // As root, PostgreSQL runs as another user and has to pass through.
      String mode = Machine.root() ? "rwx--x--x" : "rwx------";
      sweep();
      Path path = Files.createTempDirectory(PREFIX + ProcessHandle.current().pid() + "-");
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
      return cleanup.add(new Place(path.toRealPath()));
    } catch (IOException e) {
      throw new BenchFailedException("no temporary directory can be made: " + e.getMessage(), e);
    }
  }

  private static void sweep() throws IOException {
    List<Path> left;
    try (Stream<Path> entries = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      left = entries.filter(Place::orphaned).toList();
    }
    for (Path directory : left) {
      try {
        Trees.delete(directory);
      } catch (IOException e) {
        System.err.println("  left behind by an earlier measurement: " + directory);
      }
    }
  }

  private static boolean orphaned(Path directory) {
    String[] parts = directory.getFileName().toString().split("-");
    return directory.getFileName().toString().startsWith(PREFIX)
        && parts.length == 4
        && parts[2].matches("\\d{1,9}")
        && !Files.exists(Path.of("/proc", parts[2]));
  }

  @Override
  public void close() throws IOException {
    Trees.delete(path);
  }
}
