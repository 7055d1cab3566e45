package io.claritystream.protocol.identity;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Locale;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// What a person carries from the web page to the site: 80 random bits, and the first 80 bits of
/// the SHA-256 of the platform's authority, so that the agent knows whom to talk to before it says
/// the secret. Written in Crockford's base 32, `XXXX-XXXX-XXXX-XXXX-FFFF-FFFF-FFFF-FFFF`; read
/// without regard to case, blanks and dashes, with O as 0 and I and L as 1.
public record PairingCode(String secret, String fingerprint) {
  private static final String ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  private static final int PART = 16;

  public PairingCode {
    if (!isPart(secret) || !isPart(fingerprint)) {
      throw new IllegalArgumentException("a pairing code has two parts of 16 base 32 characters");
    }
  }

  /// A fresh code for the authority. `random` has to be cryptographically strong.
  public static PairingCode make(RandomGenerator random, X509Certificate authority) {
    byte[] secret = new byte[PART * 5 / 8];
    random.nextBytes(secret);
    return new PairingCode(base32(secret), fingerprintOf(authority));
  }

  /// What a person typed, if it can be a code at all.
  public static Optional<PairingCode> parse(String typed) {
    if (typed.length() > 200) {
      return Optional.empty();
    }
    StringBuilder plain = new StringBuilder(2 * PART);
    for (char c : typed.toUpperCase(Locale.ROOT).toCharArray()) {
      switch (c) {
        case '-', ' ', '\t', '\n', '\r' -> {}
        case 'O' -> plain.append('0');
        case 'I', 'L' -> plain.append('1');
        default -> plain.append(c);
      }
    }
    if (plain.length() != 2 * PART) {
      return Optional.empty();
    }
    String secret = plain.substring(0, PART);
    String fingerprint = plain.substring(PART);
    return isPart(secret) && isPart(fingerprint)
        ? Optional.of(new PairingCode(secret, fingerprint))
        : Optional.empty();
  }

  /// The first 80 bits of the SHA-256 of the certificate, as they stand in a code.
  public static String fingerprintOf(X509Certificate authority) {
    try {
      return base32(sha256(authority.getEncoded())).substring(0, PART);
    } catch (CertificateEncodingException e) {
      throw new IllegalArgumentException("the authority's certificate cannot be encoded", e);
    }
  }

  /// Whether this is the authority that the code was made for.
  public boolean names(X509Certificate authority) {
    return fingerprint.equals(fingerprintOf(authority));
  }

  /// SHA-256 of the secret: what the platform stores, and what a code is found by.
  public byte[] secretHash() {
    return sha256(secret.getBytes(StandardCharsets.US_ASCII));
  }

  /// The code as it is shown to a person.
  public String text() {
    return (secret + fingerprint).replaceAll("(.{4})(?=.)", "$1-");
  }

  /// Without the secret, for logs.
  @Override
  public String toString() {
    return "PairingCode[secret withheld, fingerprint=" + fingerprint + "]";
  }

  private static boolean isPart(String part) {
    return part.length() == PART && part.chars().allMatch(c -> ALPHABET.indexOf(c) >= 0);
  }

  private static String base32(byte[] bytes) {
    StringBuilder text = new StringBuilder(bytes.length * 8 / 5 + 1);
    int held = 0;
    int bits = 0;
    for (byte b : bytes) {
      held = (held << 8) | (b & 0xff);
      bits += 8;
      while (bits >= 5) {
        bits -= 5;
        text.append(ALPHABET.charAt((held >>> bits) & 31));
      }
      held &= (1 << bits) - 1;
    }
    if (bits > 0) {
      text.append(ALPHABET.charAt((held << (5 - bits)) & 31));
    }
    return text.toString();
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
