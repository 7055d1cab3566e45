package io.claritystream.agent.files;

import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;

/// Reads and replaces whole files of mode 0600, in directories of mode 0700.
public final class PrivateFile {
  private static final FileAttribute<?> ONLY_OWNER_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final FileAttribute<?> ONLY_OWNER_DIRECTORY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
  private static final int BYTES_MAX = 4 * 1024 * 1024;

  private PrivateFile() {}

  /// Makes the directory and its parents if it is not there. One that is there is left as it is: it
  /// may be somebody else's as well.
  public static void directory(Path directory) throws IOException {
    var parent = directory.toAbsolutePath().getParent();
    if (parent != null && !Files.isDirectory(parent)) {
      Files.createDirectories(parent);
    }
    if (!Files.isDirectory(directory)) {
      try {
        Files.createDirectory(directory, attributes(directory, ONLY_OWNER_DIRECTORY));
        if (posix(directory)) {
          // Whatever the umask took away.
          Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        }
      } catch (FileAlreadyExistsException e) {
        if (!Files.isDirectory(directory)) {
          throw e;
        }
      }
    }
  }

  /// The file's text, if it is there.
  public static Optional<String> read(Path file) throws IOException {
    try {
      if (Files.size(file) > BYTES_MAX) {
        throw new IOException(file + " is larger than any file of ours");
      }
      return Optional.of(Files.readString(file));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /// Puts the text in the file's place. When this returns, it is on disk.
  public static void write(Path file, String text) throws IOException {
    replace(file, text, true);
  }

  /// Puts the text in the file's place, for files that may be lost with the machine.
  public static void writeLightly(Path file, String text) throws IOException {
    replace(file, text, false);
  }

  /// Puts the text behind the file's first `end` bytes, in place of whatever is there. When this
  /// returns, it is on disk.
  public static void append(Path file, long end, String text) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      if (channel.size() < end) {
        throw new IOException(file + " was cut by somebody else");
      }
      channel.truncate(end);
      channel.position(end);
      var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
  }

  private static void replace(Path file, String text, boolean force) throws IOException {
    var fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    try (var channel =
        FileChannel.open(
            fresh,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            attributes(file, ONLY_OWNER_FILE))) {
      var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      if (force) {
        channel.force(true);
      }
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    var parent = file.toAbsolutePath().getParent();
    if (force && parent != null) {
      try (var directory = FileChannel.open(parent, StandardOpenOption.READ)) {
        directory.force(true);
      }
    }
  }

  /// The file as keys and values, if it is there.
  public static Optional<Map<String, String>> readProperties(Path file) throws IOException {
    var text = read(file);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    var properties = new Properties();
    try {
      properties.load(new StringReader(text.get()));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " cannot be read: " + e.getMessage());
    }
    var result = new TreeMap<String, String>();
    properties.forEach((key, value) -> result.put((String) key, (String) value));
    return Optional.of(result);
  }

  /// Keys and values in the form that [#readProperties(Path)] reads, in the map's order.
  public static String properties(Map<String, String> values) {
    var text = new StringBuilder();
    values.forEach(
        (key, value) -> text.append(escaped(key)).append('=').append(escaped(value)).append('\n'));
    return text.toString();
  }

  private static String escaped(String text) {
    var result = new StringBuilder(text.length() + 8);
    for (var i = 0; i < text.length(); i++) {
      var c = text.charAt(i);
      switch (c) {
        case '\\', '=', ':', '#', '!' -> result.append('\\').append(c);
        case ' ' -> result.append("\\ ");
        case '\n' -> result.append("\\n");
        case '\r' -> result.append("\\r");
        case '\t' -> result.append("\\t");
        case '\f' -> result.append("\\f");
        default -> result.append(c);
      }
    }
    return result.toString();
  }

  private static FileAttribute<?>[] attributes(Path path, FileAttribute<?> wanted) {
    return posix(path) ? new FileAttribute<?>[] {wanted} : new FileAttribute<?>[0];
  }

  private static boolean posix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }
}
