package io.claritystream.base.crypto;

import com.google.crypto.tink.Aead;
import java.security.GeneralSecurityException;
import java.util.Set;

/// What the platform's keys are encrypted with, wherever it is kept. It encrypts keys and nothing
/// else, so it may be slow and far away.
interface KeyEncryptionKey {

  /// How it is called beside what it encrypted: a name, no secret, and the same wherever the same
  /// key is kept.
  String name();

  /// Every name that it can decrypt; its own among them.
  Set<String> names();

  /// Where it is kept, as the beginning of a sentence: `The master key file /etc/clarity/key`.
  String place();

  byte[] encrypt(byte[] plain, byte[] associatedData) throws GeneralSecurityException;

  byte[] decrypt(byte[] encrypted, byte[] associatedData) throws GeneralSecurityException;

  /// One that is a Tink primitive, whether its key is in this process or in a service.
  record Of(String name, Set<String> names, String place, Aead aead) implements KeyEncryptionKey {
    public Of {
      names = Set.copyOf(names);
    }

    @Override
    public byte[] encrypt(byte[] plain, byte[] associatedData) throws GeneralSecurityException {
      return aead.encrypt(plain, associatedData);
    }

    @Override
    public byte[] decrypt(byte[] encrypted, byte[] associatedData) throws GeneralSecurityException {
      return aead.decrypt(encrypted, associatedData);
    }
  }
}
