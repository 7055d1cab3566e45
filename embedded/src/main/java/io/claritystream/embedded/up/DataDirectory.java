package io.claritystream.embedded.up;

import io.claritystream.embedded.Machine;
import io.claritystream.embedded.PrivateFile;
import io.claritystream.embedded.StartFailedException;
import io.claritystream.embedded.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// One installation's files, held by at most one supervisor at a time.
///
/// The lock is the kernel's and goes with the process, so a killed supervisor leaves none; the
/// processes that it started are noted in `run/children` and are ended by the next one before it
/// starts its own.
final class DataDirectory {
  /// Marks a directory as an installation's, so that `./clarity reset` removes nothing else.
  private static final String MARKER = "clarity-stream";

  private static final long SPACE_NEEDED = 512L << 20;
  private static final Duration REMAINS_PATIENCE = Duration.ofSeconds(6);
  private static final Duration FORCE_PATIENCE = Duration.ofSeconds(10);
  private static final String ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789";

  private final Path root;
  private final FileLock lock;
  private final SecureRandom random = new SecureRandom();

  private DataDirectory(Path root, FileLock lock) {
    this.root = root;
    this.lock = lock;
  }

  /// Takes hold of the directory, having made it if it is not there, and ends what a killed
  /// predecessor left running.
  ///
  /// @throws StartFailedException if another holds it, or it cannot be written to, or its disk is
  ///     full
  static DataDirectory take(Path root) {
    return take(root, REMAINS_PATIENCE);
  }

  /// @param patience how long processes of a predecessor may take to end by themselves
  static DataDirectory take(Path root, Duration patience) {
    try {
      Files.createDirectories(root);
      requireOurs(root);
      // As root, PostgreSQL runs as another user and has to pass through.
      Files.setPosixFilePermissions(
          root, PosixFilePermissions.fromString(Machine.root() ? "rwx--x--x" : "rwx------"));
      FileChannel channel =
          FileChannel.open(
              root.resolve("up.lock"),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      FileLock lock = tryLock(channel);
      if (lock == null) {
        ByteBuffer holder = ByteBuffer.allocate(64);
        channel.read(holder, 0);
        String pid = new String(holder.array(), 0, holder.position(), StandardCharsets.UTF_8);
        throw new StartFailedException(
            "Clarity Stream already runs on %s (process %s): stop it first, or choose another --data."
                .formatted(root, pid.strip()));
      }
      long free = Files.getFileStore(root).getUsableSpace();
      if (free < SPACE_NEEDED) {
        throw new StartFailedException(
            "The disk that holds %s is full: %d MB are left and %d MB are needed."
                .formatted(root, free >> 20, SPACE_NEEDED >> 20));
      }
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8)),
          0);
      Files.writeString(root.resolve(MARKER), "The data of a Clarity Stream installation.\n");
      DataDirectory directory = new DataDirectory(root, lock);
      for (String name : new String[] {"run", "logs", "secrets", "server", "edge", "kafka"}) {
        directory.privateDirectory(name);
      }
      directory.endRemains(patience);
      return directory;
    } catch (IOException e) {
      throw new StartFailedException(cannotWrite(root, e), e);
    }
  }

  static String cannotWrite(Path root, IOException e) {
    String reason = Trees.reason(e);
    return reason.contains("No space left")
        ? "The disk that holds %s is full.".formatted(root)
        : "The data directory %s cannot be written to: %s.".formatted(root, reason);
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  /// A directory with files in it that no installation made is not to be written to.
  private static void requireOurs(Path root) throws IOException {
    if (Files.exists(root.resolve(MARKER)) || Files.exists(root.resolve("up.lock"))) {
      return;
    }
    try (var entries = Files.list(root)) {
      // A file system of its own begins with this directory.
      if (entries.anyMatch(entry -> !entry.endsWith("lost+found"))) {
        throw new StartFailedException(
            "The directory %s holds files of something else: choose an empty one with --data."
                .formatted(root));
      }
    }
  }

  Path path(String name) {
    return root.resolve(name);
  }

  Path root() {
    return root;
  }

  Path privateDirectory(String name) {
    Path directory = root.resolve(name);
    try {
      Files.createDirectories(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    } catch (IOException e) {
      throw new StartFailedException(cannotWrite(root, e), e);
    }
    return directory;
  }

  /// Writes a file that only this user can read, in one step.
  Path writePrivate(String name, String content) {
    Path file = root.resolve(name);
    try {
      PrivateFile.write(file, content);
    } catch (IOException e) {
      throw new StartFailedException(cannotWrite(root, e), e);
    }
    return file;
  }

  Optional<String> read(String name) {
    Path file = root.resolve(name);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(Files.readString(file).strip()).filter(text -> !text.isEmpty());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A password kept in a file of its own, made at the first call: four groups of five characters
  /// that a person can type, 99 bits.
  String password(String name) {
    return read(name)
        .orElseGet(
            () -> {
              StringBuilder password = new StringBuilder();
              for (int i = 0; i < 20; i++) {
                password.append(i > 0 && i % 5 == 0 ? "-" : "");
                password.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
              }
              writePrivate(name, password + "\n");
              return password.toString();
            });
  }

  /// Notes a child, so that a later supervisor knows it.
  synchronized void noteChild(long pid) {
    String line =
        pid
            + " "
            + ProcessHandle.of(pid).flatMap(p -> p.info().startInstant()).orElse(Instant.EPOCH);
    try {
      Files.writeString(
          root.resolve("run/children"),
          line + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      // A note less: the kernel still ends the child with its parent.
      return;
    }
  }

  /// Waits for the processes of a killed predecessor, which were told to end by the kernel when it
  /// died, and ends by force those that take too long; their ports are free afterwards.
  private void endRemains(Duration patience) throws IOException {
    Path notes = root.resolve("run/children");
    if (!Files.exists(notes)) {
      return;
    }
    List<ProcessHandle> remaining =
        Files.readAllLines(notes).stream().flatMap(line -> noted(line).stream()).toList();
    if (!allEndWithin(remaining, patience)) {
      remaining.forEach(ProcessHandle::destroyForcibly);
      if (!allEndWithin(remaining, FORCE_PATIENCE)) {
        throw new StartFailedException(
            "Processes of an earlier run on %s cannot be ended: %s."
                .formatted(
                    root,
                    remaining.stream()
                        .filter(ProcessHandle::isAlive)
                        .map(process -> Long.toString(process.pid()))
                        .collect(Collectors.joining(", "))));
      }
    }
    Files.deleteIfExists(notes);
  }

  /// The process a line speaks of, if it still runs: one that began at another time only has its
  /// number.
  private static Optional<ProcessHandle> noted(String line) {
    String[] parts = line.split(" ");
    if (parts.length != 2 || !parts[0].matches("\\d{1,9}")) {
      return Optional.empty();
    }
    return ProcessHandle.of(Long.parseLong(parts[0]))
        .filter(p -> p.info().startInstant().map(Instant::toString).orElse("").equals(parts[1]));
  }

  private static boolean allEndWithin(List<ProcessHandle> processes, Duration patience) {
    CompletableFuture<?>[] ends =
        processes.stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new);
    try {
      CompletableFuture.allOf(ends).get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartFailedException("Interrupted while starting.", e);
    }
  }

  /// Everything ended in order: there is nothing for a later supervisor to end.
  void release() {
    try {
      Files.deleteIfExists(root.resolve("run/children"));
      lock.release();
    } catch (IOException e) {
      // The lock goes with the process in any case.
      return;
    }
  }
}
