package io.claritystream.base.crypto;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeyStatus;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.RegistryConfiguration;
import com.google.crypto.tink.TinkJsonProtoKeysetFormat;
import com.google.crypto.tink.aead.AeadConfig;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import java.security.GeneralSecurityException;
import java.util.LinkedHashSet;
import java.util.Set;

/// A master key as text: a keyset in Tink's JSON. It may hold several keys; the primary encrypts,
/// all of them decrypt.
final class MasterKeyset {

  /// A new one, of one key.
  static String make() {
    try {
      AeadConfig.register();
      return TinkJsonProtoKeysetFormat.serializeKeyset(
          KeysetHandle.generateNew(
              PredefinedAeadParameters.AES256_GCM, RegistryConfiguration.get()),
          RegistryConfiguration.get(),
          InsecureSecretKeyAccess.get());
    } catch (GeneralSecurityException broken) {
      throw new IllegalStateException("no master key can be made", broken);
    }
  }

  /// @param place where the text was, for sentences
  /// @param remedy what to do if it is no keyset
  static KeyEncryptionKey parse(String text, String place, String remedy) {
    try {
      AeadConfig.register();
      KeysetHandle keyset =
          TinkJsonProtoKeysetFormat.parseKeyset(
              text, RegistryConfiguration.get(), InsecureSecretKeyAccess.get());
      Set<String> names = new LinkedHashSet<>();
      for (int i = 0; i < keyset.size(); i++) {
        if (keyset.getAt(i).getStatus() == KeyStatus.ENABLED) {
          names.add(name(keyset.getAt(i).getId()));
        }
      }
      return new KeyEncryptionKey.Of(
          name(keyset.getPrimary().getId()),
          names,
          place,
          keyset.getPrimitive(RegistryConfiguration.get(), Aead.class));
    } catch (GeneralSecurityException | IllegalStateException noKeyset) {
      throw new MasterKeyFault(place + " does not hold a Tink keyset; " + remedy, noKeyset);
    }
  }

  /// Tink gives each key a random number.
  private static String name(int id) {
    return "tink:%08x".formatted(id);
  }

  private MasterKeyset() {}
}
