package io.claritystream.base.crypto;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The master key in use, and those that decrypt beside it. They encrypt keys, which are stored
/// with the name of the master key that can read them.
final class MasterKeys {

  /// A key as it is stored.
  ///
  /// @param masterKey the name of the one that encrypted it
  record Wrapped(String masterKey, byte[] bytes) {}

  private final KeyEncryptionKey inUse;
  private final Map<String, KeyEncryptionKey> byName = new LinkedHashMap<>();

  /// @param others decrypt only
  MasterKeys(KeyEncryptionKey inUse, List<KeyEncryptionKey> others) {
    this.inUse = inUse;
    List<KeyEncryptionKey> all = new ArrayList<>();
    all.add(inUse);
    all.addAll(others);
    for (KeyEncryptionKey key : all) {
      key.names().forEach(name -> byName.putIfAbsent(name, key));
    }
  }

  /// Opens what the configuration names. A file that is absent is made if nothing is stored yet.
  ///
  /// @param stored whether the database holds keys already
  static MasterKeys open(CryptoProperties crypto, BooleanSupplier stored) {
    return open(crypto, stored, System.getenv());
  }

  static MasterKeys open(
      CryptoProperties crypto, BooleanSupplier stored, Map<String, String> environment) {
    List<KeyEncryptionKey> others =
        crypto.alsoDecrypt().stream().map(place -> also(place, environment)).toList();
    return new MasterKeys(inUse(crypto, stored, environment), others);
  }

  private static KeyEncryptionKey inUse(
      CryptoProperties crypto, BooleanSupplier stored, Map<String, String> environment) {
    Path path = crypto.masterKeyFile();
    String variable = crypto.masterKeyVariable();
    if (path != null) {
      MasterKeyFile file = new MasterKeyFile(path);
      Optional<KeyEncryptionKey> there = file.read();
      if (there.isEmpty() && !stored.getAsBoolean()) {
        file.make();
        there = file.read();
      }
      return there.orElseThrow(
          () ->
              new MasterKeyFault(
                  file.place()
                      + " is missing, but the database holds keys that were encrypted"
                      + " with it; restore the file from its backup."));
    }
    return variable != null
        ? MasterKeyVariable.read(variable, environment)
        : KmsKey.open(String.valueOf(crypto.kmsUri()));
  }

  private static KeyEncryptionKey also(String place, Map<String, String> environment) {
    if (place.startsWith("file:")) {
      MasterKeyFile file = new MasterKeyFile(Path.of(place.substring("file:".length())));
      return file.read()
          .orElseThrow(
              () ->
                  new MasterKeyFault(
                      file.place()
                          + " is missing, but clarity.crypto.also-decrypt names it; restore it, or"
                          + " take it from the list when ./clarity admin keys rewrap has ended."));
    }
    return place.startsWith("variable:")
        ? MasterKeyVariable.read(place.substring("variable:".length()), environment)
        : KmsKey.open(place);
  }

  /// The name of the master key that encrypts now.
  String name() {
    return inUse.name();
  }

  Wrapped wrap(byte[] key, EncryptionContext context) {
    try {
      return new Wrapped(inUse.name(), inUse.encrypt(key, context.associatedData(null)));
    } catch (GeneralSecurityException broken) {
      throw new MasterKeyFault(
          inUse.place() + " does not encrypt: " + broken.getMessage() + ".", broken);
    }
  }

  /// Throws [MasterKeyFault] if one of those named is not configured.
  void requireEach(List<String> names) {
    for (String name : names) {
      if (!byName.containsKey(name)) {
        throw unknown(name);
      }
    }
  }

  private MasterKeyFault unknown(String name) {
    return new MasterKeyFault(
        inUse.place()
            + " is not the one that this database's keys were encrypted with, which is "
            + name
            + "; restore the right one from its backup, or name it in"
            + " clarity.crypto.also-decrypt.");
  }

  /// Throws [MasterKeyFault] if no master key that is configured can read it.
  byte[] unwrap(Wrapped key, EncryptionContext context) {
    @Nullable KeyEncryptionKey master = byName.get(key.masterKey());
    if (master == null) {
      throw unknown(key.masterKey());
    }
    try {
      return master.decrypt(key.bytes(), context.associatedData(null));
    } catch (GeneralSecurityException refused) {
      throw new MasterKeyFault(
          master.place()
              + " cannot decrypt the "
              + context.purpose()
              + " "
              + context.id()
              + ": it is another key of the same name, it does not answer, or the database was"
              + " changed by hand.",
          refused);
    }
  }
}
