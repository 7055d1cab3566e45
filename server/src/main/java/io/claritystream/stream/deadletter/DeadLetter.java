package io.claritystream.stream.deadletter;

import io.claritystream.base.db.TenantId;
import io.claritystream.protocol.text.ShortText;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One event, or the range of one batch, that could not be folded.
///
/// @param id the event's own id, so that it is the same one however often it is made
/// @param seqEnd the last number of the range; `seq` for one event
/// @param tableName absent for a batch, and for a range of several tables
/// @param rowKey the row that goes into quarantine, or of which nothing could be made; absent where
///     there is none
/// @param rowKeyBefore the row that a change of its key made that one of, which is in quarantine
///     too; absent where there is none
/// @param lsn its position in the source's log; absent for a batch
/// @param sqlstate what PostgreSQL called it, if it did
/// @param sample its payload, which says so where it is cut
/// @param batch the batch that could not be decoded, a `clarity.link.v1.Batch` as it came; absent
///     where the events are in bronze
/// @param at when it was found
public record DeadLetter(
    UUID id,
    TenantId tenant,
    UUID sourceId,
    int epoch,
    long seq,
    long seqEnd,
    @Nullable String tableName,
    @Nullable String rowKey,
    @Nullable String rowKeyBefore,
    @Nullable String lsn,
    Cause cause,
    @Nullable String sqlstate,
    String detail,
    String sample,
    byte @Nullable [] batch,
    Instant at) {
  private static final int DETAIL_MAX = 1_000;
  public static final int SAMPLE_MAX = 4_000;

  public DeadLetter {
    if (seqEnd < seq) {
      throw new IllegalArgumentException("range " + seq + " to " + seqEnd + " of " + sourceId);
    }
    detail = ShortText.storable(detail, DETAIL_MAX);
    sample = ShortText.storable(sample, SAMPLE_MAX);
  }

  /// The same range, up to a later number.
  ///
  /// @param laterTable whose events it reaches over now; null if they are of several
  public DeadLetter upTo(long laterSeqEnd, @Nullable String laterTable, Instant now) {
    return new DeadLetter(
        id,
        tenant,
        sourceId,
        epoch,
        seq,
        Math.max(seqEnd, laterSeqEnd),
        Objects.equals(tableName, laterTable) ? tableName : null,
        rowKey,
        rowKeyBefore,
        lsn,
        cause,
        sqlstate,
        detail,
        sample,
        batch,
        now);
  }
}
