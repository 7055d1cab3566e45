package io.claritystream.maestro.definition;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;

/// The secret in a webhook's address: `whk_` and 256 random bits.
public final class WebhookToken {
  private static final String PREFIX = "whk_";
  private static final int BYTES = 32;
  private static final int LENGTH = PREFIX.length() + 43;

  static String make(SecureRandom random) {
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /// Whether a text could be one; what could not need not be looked up.
  public static boolean possible(String text) {
    return text.length() == LENGTH && text.startsWith(PREFIX);
  }

  /// By which it is found.
  public static byte[] hash(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private WebhookToken() {}
}
