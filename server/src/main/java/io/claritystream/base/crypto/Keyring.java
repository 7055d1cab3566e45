package io.claritystream.base.crypto;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.aead.KmsEnvelopeAead;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import java.security.GeneralSecurityException;

/// Encrypts values for the database: a fresh AES-256-GCM key for each, itself encrypted under the
/// master key. What comes out says nothing but its length.
public final class Keyring {
  private final Aead envelope;

  Keyring(Aead master) {
    try {
      this.envelope = KmsEnvelopeAead.create(PredefinedAeadParameters.AES256_GCM, master);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("envelope encryption is not available", e);
    }
  }

  /// The value, to be stored.
  public byte[] encrypt(byte[] plain, EncryptionContext context) {
    try {
      return envelope.encrypt(plain, context.associatedData());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("cannot encrypt " + context, e);
    }
  }

  /// The value as it was, if it was encrypted under this master key and for this context.
  public byte[] decrypt(byte[] encrypted, EncryptionContext context) throws Undecryptable {
    try {
      return envelope.decrypt(encrypted, context.associatedData());
    } catch (GeneralSecurityException e) {
      throw new Undecryptable(context, e);
    }
  }

  /// The value was not encrypted by this keyring for this context, or was changed since.
  public static final class Undecryptable extends Exception {
    Undecryptable(EncryptionContext context, Throwable cause) {
      super("cannot decrypt " + context.purpose() + " " + context.id(), cause);
    }
  }
}
