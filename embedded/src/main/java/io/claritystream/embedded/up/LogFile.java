package io.claritystream.embedded.up;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// What one program prints, in a file of at most 10 MB with one predecessor. A full disk loses
/// lines, never the program.
final class LogFile {
  private static final long MAX_BYTES = 10L << 20;

  private final Path file;
  private @Nullable BufferedWriter writer;
  private long written;

  LogFile(Path file) {
    this.file = file;
  }

  Path file() {
    return file;
  }

  synchronized void append(String line) {
    try {
      if (writer == null || written > MAX_BYTES) {
        open();
      }
      writer.write(line);
      writer.newLine();
      writer.flush();
      written += line.length() + 1L;
    } catch (IOException e) {
      close();
    }
  }

  private void open() throws IOException {
    close();
    if (Files.exists(file) && Files.size(file) > MAX_BYTES) {
      Files.move(
          file,
          file.resolveSibling(file.getFileName() + ".1"),
          StandardCopyOption.REPLACE_EXISTING);
    }
    writer = Files.newBufferedWriter(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    written = Files.size(file);
  }

  private void close() {
    if (writer != null) {
      try {
        writer.close();
      } catch (IOException e) {
        // What could not be written is lost, as promised.
      }
      writer = null;
    }
  }
}
