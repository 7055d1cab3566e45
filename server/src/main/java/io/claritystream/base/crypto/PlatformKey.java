package io.claritystream.base.crypto;

import java.time.Instant;
import java.util.Optional;

/// A key of the platform, decrypted.
///
/// @param id its name, for headers and logs
/// @param secret what was encrypted, in its maker's own form
/// @param certificate what may be shown beside it, if anything
/// @param retired whether a newer one is in use; it may still verify, not sign
public record PlatformKey(
    String id,
    Sensitive<byte[]> secret,
    Optional<byte[]> certificate,
    Instant createdAt,
    boolean retired) {

  /// What the keys are for.
  public enum Purpose {
    TOKEN_SIGNING("token-signing"),
    CERTIFICATE_AUTHORITY("certificate-authority"),
    REQUEST_DIGEST("request-digest");

    final String key;

    Purpose(String key) {
      this.key = key;
    }
  }

  /// A key that is to be stored.
  public record Fresh(Sensitive<byte[]> secret, Optional<byte[]> certificate) {}
}
