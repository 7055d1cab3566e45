package io.claritystream.agent;

import io.claritystream.agent.files.PrivateFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The agent's data directory, readable by its owner alone.
///
/// ```
/// identity.pem identity.properties     who the agent is to the platform
/// slots.properties                     what the names of slots and publications are made with
/// removals/NAME.properties             a removed source that the platform does not know of yet
/// run.lock                             held by the agent that runs
/// status.properties                    what it last said of itself
/// sources/NAME/source.properties       where a source is
/// sources/NAME/source.properties.removed   the same, of one whose removal is not through
/// sources/NAME/password                how to get in, unless it is read from elsewhere
/// sources/NAME/capture.properties      how far its capture is
/// sources/NAME/lock                    held by whoever works on it
/// sources/NAME/spool/                  what was captured and is not safe on the platform yet
/// ```
record Home(Path directory) {
  static final String DEFAULT = ".clarity-agent";
  private static final int SLOT_WORD_MAX = 23;

  Home {
    directory = directory.toAbsolutePath().normalize();
  }

  /// Makes it if it is not there.
  ///
  /// @throws IOException if it is there and holds something, but nothing of an agent
  Home prepared() throws IOException {
    if (Files.isDirectory(directory) && !Files.isDirectory(sources()) && !empty()) {
      throw new IOException(
          directory + " holds something else than an agent's data; name an empty directory");
    }
    PrivateFile.directory(directory);
    PrivateFile.directory(sources());
    return this;
  }

  private boolean empty() throws IOException {
    try (var entries = Files.list(directory)) {
      return entries.findAny().isEmpty();
    }
  }

  Path sources() {
    return directory.resolve("sources");
  }

  Path source(String name) {
    return sources().resolve(name);
  }

  Path removals() {
    return directory.resolve("removals");
  }

  /// The name for slot and publications of a source: always the same for it here, and no other
  /// agent's source has it. What somebody made in the database by this name is found again, also
  /// after an attempt to add the source that was refused.
  String slotName(String source) throws IOException {
    var file = directory.resolve("slots.properties");
    var kept = PrivateFile.readProperties(file).map(values -> values.get("seed"));
    var seed = kept.orElse(null);
    if (seed == null || seed.isEmpty()) {
      var random = new byte[16];
      new SecureRandom().nextBytes(random);
      seed = HexFormat.of().formatHex(random);
      PrivateFile.write(file, PrivateFile.properties(Map.of("seed", seed)));
    }
    try {
      var digest =
          MessageDigest.getInstance("SHA-256")
              .digest((seed + "/" + source).getBytes(StandardCharsets.UTF_8));
      var plain = source.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
      return "clarity_"
          + plain.substring(0, Math.min(plain.length(), SLOT_WORD_MAX))
          + "_"
          + HexFormat.of().formatHex(digest, 0, 4);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  Path statusFile() {
    return directory.resolve("status.properties");
  }

  /// The names of all sources, in order.
  List<String> sourceNames() throws IOException {
    return sourcesWith(SourceSettings.FILE);
  }

  /// The names of all sources whose removal was begun and is not through, in order.
  List<String> beingRemoved() throws IOException {
    var names = new ArrayList<>(sourcesWith(SourceSettings.BEING_REMOVED));
    names.removeAll(sourceNames());
    return names;
  }

  private List<String> sourcesWith(String file) throws IOException {
    if (!Files.isDirectory(sources())) {
      return List.of();
    }
    try (var entries = Files.list(sources())) {
      return entries
          .filter(entry -> Files.isRegularFile(entry.resolve(file)))
          .map(entry -> entry.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  /// A lock that ends with its holder, however that ends.
  static final class Held implements AutoCloseable {
    private final FileChannel channel;
    private final FileLock lock;

    private Held(FileChannel channel, FileLock lock) {
      this.channel = channel;
      this.lock = lock;
    }

    @Override
    public void close() throws IOException {
      lock.release();
      channel.close();
    }
  }

  /// Empty if another agent runs on this directory.
  Optional<Held> lockForRun() throws IOException {
    return lock(directory.resolve("run.lock"));
  }

  /// Empty if somebody works on this source.
  Optional<Held> lockSource(String name) throws IOException {
    return lock(source(name).resolve("lock"));
  }

  private static Optional<Held> lock(Path file) throws IOException {
    var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      var lock = channel.tryLock();
      if (lock != null) {
        return Optional.of(new Held(channel, lock));
      }
    } catch (OverlappingFileLockException e) {
      // Held by this very process.
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    channel.close();
    return Optional.empty();
  }
}
