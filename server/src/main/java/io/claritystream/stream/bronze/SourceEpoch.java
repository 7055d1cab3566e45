package io.claritystream.stream.bronze;

import io.claritystream.base.db.TenantId;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/// One source during one epoch: what its events' ids are made from.
///
/// ```
/// 48 bits  milliseconds of capture         so that a day is a range
///  4 bits  8                               the version
/// 12 bits  seq mod 4096                    keeps a source's order within a millisecond
///  2 bits  the variant
/// 62 bits  seq / 4096, scrambled by a hash of tenant, source and epoch
/// ```
///
/// Two events of one source and epoch never have the same id, whatever their time: the scrambling
/// can be undone. Those of two sources would need the same millisecond and a coincidence of 74
/// bits.
public final class SourceEpoch {
  private static final long MASK_62 = (1L << 62) - 1;
  private static final long VERSION_8 = 0x8000L;
  private static final long VARIANT = 0x8000_0000_0000_0000L;

  private final UUID tenantId;
  private final UUID sourceId;
  private final int epoch;
  private final long salt;

  public SourceEpoch(TenantId tenant, UUID sourceId, int epoch) {
    this.tenantId = tenant.value();
    this.sourceId = sourceId;
    this.epoch = epoch;
    this.salt = salt(tenantId, sourceId, epoch);
  }

  UUID tenantId() {
    return tenantId;
  }

  UUID sourceId() {
    return sourceId;
  }

  int epoch() {
    return epoch;
  }

  /// The id of the event with this number. The same for the same arguments, for ever.
  public UUID eventId(long capturedMs, long seq) {
    return new UUID(high(capturedMs, seq), low(seq));
  }

  long high(long capturedMs, long seq) {
    return capturedMs << 16 | VERSION_8 | seq & 0xfff;
  }

  /// Each step is a bijection of 62 bits: an odd factor, or a shift to the right that is mixed in.
  long low(long seq) {
    var mixed = (seq >>> 12 ^ salt) & MASK_62;
    mixed ^= mixed >>> 31;
    mixed = mixed * 0xbf58476d1ce4e5b9L & MASK_62;
    mixed ^= mixed >>> 29;
    mixed = mixed * 0x94d049bb133111ebL & MASK_62;
    mixed ^= mixed >>> 31;
    return VARIANT | mixed;
  }

  private static long salt(UUID tenantId, UUID sourceId, int epoch) {
    var identity =
        ByteBuffer.allocate(36)
            .putLong(tenantId.getMostSignificantBits())
            .putLong(tenantId.getLeastSignificantBits())
            .putLong(sourceId.getMostSignificantBits())
            .putLong(sourceId.getLeastSignificantBits())
            .putInt(epoch)
            .array();
    try {
      return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(identity)).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
