package io.claritystream.base.crypto;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/// The file that holds a master keyset, for its owner's eyes only.
final class MasterKeyFile {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

  private final Path file;

  MasterKeyFile(Path file) {
    this.file = file.toAbsolutePath();
  }

  /// As the beginning of a sentence.
  String place() {
    return "The master key file " + file;
  }

  /// Its key, or empty if there is no file.
  Optional<KeyEncryptionKey> read() {
    String text;
    try {
      text = Files.readString(file);
      refuseIfOthersMayRead();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new MasterKeyFault(place() + " cannot be read: " + e, e);
    }
    return Optional.of(MasterKeyset.parse(text, place(), "restore it from its backup."));
  }

  /// Makes the file unless it is there, or another process just made it: false then.
  boolean make() {
    boolean made = true;
    try {
      Files.createDirectories(file.getParent());
      Path fresh =
          Files.createTempFile(
              file.getParent(), ".master", null, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
      try {
        try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
          ByteBuffer bytes = ByteBuffer.wrap(MasterKeyset.make().getBytes(StandardCharsets.UTF_8));
          while (bytes.hasRemaining()) {
            channel.write(bytes);
          }
          channel.force(true);
        }
        Files.createLink(file, fresh); // Unlike a move this never replaces one that is there.
      } catch (FileAlreadyExistsException e) {
        made = false;
      } finally {
        Files.delete(fresh);
      }
      try (FileChannel directory = FileChannel.open(file.getParent())) {
        directory.force(true);
      }
    } catch (IOException e) {
      throw new MasterKeyFault(place() + " cannot be made: " + e, e);
    }
    return made;
  }

  private void refuseIfOthersMayRead() throws IOException {
    Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
    permissions.addAll(Files.getPosixFilePermissions(file));
    permissions.removeAll(OWNER_ONLY);
    permissions.remove(PosixFilePermission.OWNER_EXECUTE);
    if (!permissions.isEmpty()) {
      throw new MasterKeyFault(place() + " is open to other users; run: chmod 600 " + file);
    }
  }
}
