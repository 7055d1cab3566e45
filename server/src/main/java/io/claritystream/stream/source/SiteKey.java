package io.claritystream.stream.source;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Optional;

/// A public key that was made at a site, with the proof that its private half is there.
public record SiteKey(PublicKey key) {
  private static final int P256_BITS = 256;
  private static final int ENCODED_BYTES_MAX = 200;

  /// The key, if it is one of P-256 and has signed `purpose || 0 || subject || 0 || key`.
  public static Optional<SiteKey> proven(
      String purpose, String subject, byte[] encoded, byte[] proof) {
    if (encoded.length > ENCODED_BYTES_MAX) {
      return Optional.empty();
    }
    try {
      PublicKey key = KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(encoded));
      if (!(key instanceof ECPublicKey ec)
          || ec.getParams().getCurve().getField().getFieldSize() != P256_BITS
          || !isP256(ec)) {
        return Optional.empty();
      }
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initVerify(key);
      signature.update(signedBytes(purpose, subject, encoded));
      return signature.verify(proof) ? Optional.of(new SiteKey(key)) : Optional.empty();
    } catch (GeneralSecurityException e) {
      return Optional.empty();
    }
  }

  private static byte[] signedBytes(String purpose, String subject, byte[] encoded) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(purpose.getBytes(StandardCharsets.UTF_8));
    bytes.write(0);
    bytes.writeBytes(subject.getBytes(StandardCharsets.UTF_8));
    bytes.write(0);
    bytes.writeBytes(encoded);
    return bytes.toByteArray();
  }

  /// There are other curves of 256 bits; the order tells P-256.
  private static boolean isP256(ECPublicKey key) {
    return key.getParams().getOrder().equals(Reference.ORDER);
  }

  private static final class Reference {
    static final java.math.BigInteger ORDER =
        new java.math.BigInteger(
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16);
  }
}
