package io.claritystream.bench;

import io.claritystream.embedded.Machine;
import io.claritystream.embedded.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// A temporary directory that goes with the measurement.
record Place(Path path) implements AutoCloseable {

  static Place make(Cleanup cleanup) {
    try {
      // As root, PostgreSQL runs as another user and has to pass through.
      String mode = Machine.root() ? "rwx--x--x" : "rwx------";
      Path path = Files.createTempDirectory("clarity-bench-");
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
      return cleanup.add(new Place(path.toRealPath()));
    } catch (IOException e) {
      throw new BenchFailedException("no temporary directory can be made: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    Trees.delete(path);
  }
}
