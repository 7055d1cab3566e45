package io.claritystream.protocol.block;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// What proves that two histories are the same one: each batch's digest covers the digest of the
/// batch before it (nothing for the first of an epoch) and its own payload. A batch without events
/// is not part of the chain.
public final class BatchDigest {
  public static final int BYTES = 16;

  private BatchDigest() {}

  public static byte[] next(byte[] previous, byte[] payload, int offset, int length) {
    try {
      var sha = MessageDigest.getInstance("SHA-256");
      sha.update(previous);
      sha.update(payload, offset, length);
      return Arrays.copyOf(sha.digest(), BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /// The checksum of a payload in a batch header and in a spool.
  public static int crc32c(byte[] payload, int offset, int length) {
    var crc = new CRC32C();
    crc.update(payload, offset, length);
    return (int) crc.getValue();
  }
}
