package io.claritystream.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;

/// Files that hold secrets: their owner alone can read them, from their first byte on.
public final class PrivateFile {
  private static final int PASSWORD_BYTES = 24;

  private PrivateFile() {}

  /// Writes the file in one step: a reader finds all of it, or what was there before.
  public static void write(Path file, String content) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    Files.createFile(
        fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(fresh, content, StandardOpenOption.SYNC);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /// The password in the file: random (192 bits, letters, digits, `-` and `_`), made by the first
  /// call.
  static String password(Path file) throws IOException {
    if (Files.exists(file) && Files.size(file) > 0) {
      return Files.readString(file).strip();
    }
    byte[] random = new byte[PASSWORD_BYTES];
    new SecureRandom().nextBytes(random);
    String password = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    write(file, password + "\n");
    return password;
  }
}
