package io.claritystream.protocol.identity;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Certificates and EC keys as PEM text: what is written is read again by everything that reads
/// PEM.
public final class Pem {
  private static final Pattern CERTIFICATE = block("CERTIFICATE");
  private static final Pattern PRIVATE_KEY = block("PRIVATE KEY");

  private Pem() {}

  /// The chain, first certificate first.
  public static String write(List<X509Certificate> chain) {
    StringBuilder text = new StringBuilder();
    for (X509Certificate certificate : chain) {
      try {
        text.append(encode("CERTIFICATE", certificate.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new IllegalArgumentException("a certificate that cannot be encoded", e);
      }
    }
    return text.toString();
  }

  /// The key as unencrypted PKCS #8: for files of mode 0600 and nowhere else.
  public static String write(PrivateKey key) {
    return encode("PRIVATE KEY", key.getEncoded());
  }

  /// Every certificate in the text, at least one.
  public static List<X509Certificate> certificates(String text) throws GeneralSecurityException {
    List<X509Certificate> chain = new ArrayList<>();
    Matcher blocks = CERTIFICATE.matcher(text);
    while (blocks.find()) {
      chain.add(certificate(decode(blocks.group(1))));
    }
    if (chain.isEmpty()) {
      throw new CertificateException("no certificate in the text");
    }
    return List.copyOf(chain);
  }

  /// One certificate from its DER form.
  public static X509Certificate certificate(byte[] der) throws CertificateException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }

  /// The one EC private key in the text.
  public static PrivateKey privateKey(String text) throws GeneralSecurityException {
    Matcher block = PRIVATE_KEY.matcher(text);
    if (!block.find()) {
      throw new GeneralSecurityException("no private key in the text");
    }
    return KeyFactory.getInstance("EC")
        .generatePrivate(new PKCS8EncodedKeySpec(decode(block.group(1))));
  }

  /// Whether the two are halves of one key: a key and a certificate that were read while they were
  /// being replaced are not.
  public static boolean belongTogether(PrivateKey key, PublicKey certified) {
    try {
      byte[] probe = "one pair".getBytes(StandardCharsets.US_ASCII);
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(key);
      signature.update(probe);
      byte[] signed = signature.sign();
      signature.initVerify(certified);
      signature.update(probe);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static Pattern block(String kind) {
    return Pattern.compile("-----BEGIN " + kind + "-----([A-Za-z0-9+/=\\s]+)-----END " + kind);
  }

  private static byte[] decode(String base64) throws GeneralSecurityException {
    try {
      return Base64.getMimeDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw new GeneralSecurityException("the text between the lines is not base 64", e);
    }
  }

  private static String encode(String kind, byte[] der) {
    Base64.Encoder lines = Base64.getMimeEncoder(64, new byte[] {'\n'});
    return "-----BEGIN "
        + kind
        + "-----\n"
        + lines.encodeToString(der)
        + "\n-----END "
        + kind
        + "-----\n";
  }
}
