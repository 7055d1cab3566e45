package io.claritystream.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.claritystream.embedded.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/// Rows that take long to make, below `target/bench`: made once and kept for the next run. Other
/// migrations than those they were made with make new ones.
final class Kept {
  private final Path directory;

  private Kept(Path directory) {
    this.directory = directory;
  }

  /// Those of a kind and number; others of the kind are removed.
  static Kept of(Path home, String kind, int rows) throws IOException {
    Path all = home.resolve("target/bench");
    Path directory = all.resolve("%s-%d-%s".formatted(kind, rows, migrations(home)));
    Files.createDirectories(all);
    List<Path> others;
    try (Stream<Path> entries = Files.list(all)) {
      others =
          entries
              .filter(entry -> entry.getFileName().toString().startsWith(kind + "-"))
              .filter(entry -> !entry.equals(directory))
              .toList();
    }
    for (Path other : others) {
      Trees.delete(other);
    }
    Kept kept = new Kept(directory);
    if (!kept.made()) {
      Trees.delete(directory);
      Files.createDirectories(directory);
      // As root, PostgreSQL runs as another user and has to pass through.
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
    }
    return kept;
  }

  /// What the tables were made by.
  private static String migrations(Path home) throws IOException {
    try (Stream<Path> files = Files.list(home.resolve("server/src/main/resources/db/migration"))) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Path file : files.sorted().toList()) {
        digest.update(Files.readAllBytes(file));
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  boolean made() {
    return Files.exists(said());
  }

  private Path said() {
    return directory.resolve("made.json");
  }

  /// Where the installation has its data.
  Path data() {
    return directory.resolve("data");
  }

  /// From now on they are made.
  ///
  /// @param about what a later run has to know, such as who may read them
  void made(ObjectNode about) throws IOException {
    Files.createFile(
        said(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(said(), about.toString());
  }

  JsonNode about() throws IOException {
    return Api.JSON.readTree(Files.readString(said()));
  }
}
