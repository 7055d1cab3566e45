package io.claritystream.embedded;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/// PostgreSQL's programs, unpacked once for each user of the machine from the jar they come in.
final class PostgresProgram {
  private static final String VERSION = "18.6.0";
  private static final String ARCHIVE = "/postgres-linux-x86_64.txz";

  private final Path home;

  private PostgresProgram(Path home) {
    this.home = home;
  }

  /// The unpacked programs; unpacks them (about 3 s) if this is the first time.
  ///
  /// The directory appears by one rename, so a reader never sees half of it, and of several
  /// processes that unpack at once one wins.
  static PostgresProgram unpacked() {
    Path cache = Machine.cacheDirectory();
    Path home = cache.resolve("postgresql-" + VERSION);
    if (Files.isExecutable(home.resolve("bin/postgres"))) {
      return new PostgresProgram(home);
    }
    String arch = System.getProperty("os.arch");
    if (!arch.equals("amd64")) {
      throw new StartFailedException(
          "The embedded PostgreSQL is built for Linux on amd64 and cannot run on " + arch + ".");
    }
    try {
      Files.createDirectories(cache);
      if (Machine.root()) {
        // The user that PostgreSQL runs as has to get there.
        Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwxr-xr-x"));
      }
      Path fresh = Files.createTempDirectory(cache, "unpacking-");
      try {
        unpack(fresh);
        open(fresh);
        Files.move(fresh, home, StandardCopyOption.ATOMIC_MOVE);
      } catch (FileSystemException e) {
        if (!Files.isExecutable(home.resolve("bin/postgres"))) {
          throw e;
        }
      } finally {
        Trees.delete(fresh);
      }
      return new PostgresProgram(home);
    } catch (IOException e) {
      throw new StartFailedException(
          "PostgreSQL could not be unpacked to %s: %s (CLARITY_CACHE names another place)."
              .formatted(cache, Trees.reason(e)),
          e);
    }
  }

  private static void unpack(Path target) throws IOException {
    try (InputStream archive = PostgresProgram.class.getResourceAsStream(ARCHIVE)) {
      if (archive == null) {
        throw new IOException(ARCHIVE + " is not on the class path");
      }
      var tar =
          new TarArchiveInputStream(new XZCompressorInputStream(new BufferedInputStream(archive)));
      for (TarArchiveEntry e = tar.getNextEntry(); e != null; e = tar.getNextEntry()) {
        Path path = target.resolve(e.getName()).normalize();
        if (!path.startsWith(target)) {
          throw new IOException("the archive holds a path that leads out of it: " + e.getName());
        }
        if (e.isDirectory()) {
          Files.createDirectories(path);
        } else if (e.isSymbolicLink()) {
          Files.createDirectories(path.getParent());
          Files.createSymbolicLink(path, Path.of(e.getLinkName()));
        } else {
          Files.createDirectories(path.getParent());
          Files.copy(tar, path);
          boolean program = (e.getMode() & 0100) != 0;
          Files.setPosixFilePermissions(
              path, PosixFilePermissions.fromString(program ? "rwxr-xr-x" : "rw-r--r--"));
        }
      }
    }
  }

  /// Whatever this process's umask, the user that PostgreSQL runs as passes through.
  private static void open(Path tree) throws IOException {
    List<Path> directories;
    try (Stream<Path> paths = Files.walk(tree)) {
      directories =
          paths.filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)).toList();
    }
    for (Path directory : directories) {
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  String path(String program) {
    return home.resolve("bin").resolve(program).toString();
  }
}
