package io.claritystream.base.crypto;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.RegistryConfiguration;
import com.google.crypto.tink.TinkJsonProtoKeysetFormat;
import com.google.crypto.tink.aead.AeadConfig;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
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
import java.security.GeneralSecurityException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/// The file that holds the master keyset in Tink's JSON.
final class MasterKeyFile {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

  private final Path file;

  MasterKeyFile(Path file) {
    this.file = file.toAbsolutePath();
  }

  /// The master key, or empty if there is no file.
  Optional<Aead> read() {
    String text;
    try {
      text = Files.readString(file);
      refuseIfOthersMayRead();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new MasterKeyFault("The master key file " + file + " cannot be read: " + e, e);
    }
    try {
      AeadConfig.register();
      return Optional.of(
          TinkJsonProtoKeysetFormat.parseKeyset(
                  text, RegistryConfiguration.get(), InsecureSecretKeyAccess.get())
              .getPrimitive(RegistryConfiguration.get(), Aead.class));
    } catch (GeneralSecurityException e) {
      throw new MasterKeyFault(
          "The master key file "
              + file
              + " does not hold a Tink keyset; restore it from its backup.",
          e);
    }
  }

  /// Makes the file unless another process just did; either way its key is the answer.
  Aead make() {
    try {
      AeadConfig.register();
      String text =
          TinkJsonProtoKeysetFormat.serializeKeyset(
              KeysetHandle.generateNew(
                  PredefinedAeadParameters.AES256_GCM, RegistryConfiguration.get()),
              RegistryConfiguration.get(),
              InsecureSecretKeyAccess.get());
      Files.createDirectories(file.getParent());
      Path fresh =
          Files.createTempFile(
              file.getParent(), ".master", null, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
      try {
        try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
          ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
          while (bytes.hasRemaining()) {
            channel.write(bytes);
          }
          channel.force(true);
        }
        Files.createLink(file, fresh); // Unlike a move this never replaces one that is there.
      } catch (FileAlreadyExistsException e) {
        // Another process was first; its key is read below.
      } finally {
        Files.delete(fresh);
      }
      try (FileChannel directory = FileChannel.open(file.getParent())) {
        directory.force(true);
      }
    } catch (IOException e) {
      throw new MasterKeyFault("The master key file " + file + " cannot be made: " + e, e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("no master key can be made", e);
    }
    return read()
        .orElseThrow(() -> new MasterKeyFault("The master key file " + file + " vanished"));
  }

  Path path() {
    return file;
  }

  private void refuseIfOthersMayRead() throws IOException {
    Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
    permissions.addAll(Files.getPosixFilePermissions(file));
    permissions.removeAll(OWNER_ONLY);
    permissions.remove(PosixFilePermission.OWNER_EXECUTE);
    if (!permissions.isEmpty()) {
      throw new MasterKeyFault(
          "The master key file " + file + " is open to other users; run: chmod 600 " + file);
    }
  }
}
