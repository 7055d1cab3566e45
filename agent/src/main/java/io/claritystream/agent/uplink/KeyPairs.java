package io.claritystream.agent.uplink;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;

/// Keys made at the site, and the proof that whoever asks for a certificate holds one.
final class KeyPairs {
  private KeyPairs() {}

  static KeyPair make() {
    try {
      var generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK makes P-256 keys", e);
    }
  }

  /// The signature over `purpose`, `subject` and the public key that the platform checks.
  static byte[] proof(KeyPair pair, String purpose, String subject) {
    var text = new ByteArrayOutputStream();
    text.writeBytes(purpose.getBytes(StandardCharsets.US_ASCII));
    text.write(0);
    text.writeBytes(subject.getBytes(StandardCharsets.US_ASCII));
    text.write(0);
    text.writeBytes(pair.getPublic().getEncoded());
    try {
      var signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(pair.getPrivate());
      signature.update(text.toByteArray());
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK signs with P-256 keys", e);
    }
  }
}
