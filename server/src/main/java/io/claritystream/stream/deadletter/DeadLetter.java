package io.claritystream.stream.deadletter;

import io.claritystream.base.db.TenantId;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One event, or the range of one batch, that could not be folded.
///
/// @param id the event's own id, so that it is the same one however often it is made
/// @param seqEnd the last number of the range; `seq` for one event
/// @param tableName absent for a batch
/// @param rowKey the row that goes into quarantine, or of which nothing could be made; absent where
///     there is none
/// @param rowKeyBefore the row that a change of its key made that one of, which is in quarantine
///     too; absent where there is none
/// @param lsn its position in the source's log; absent for a batch
/// @param sqlstate what PostgreSQL called it, if it did
/// @param sample the beginning of its payload
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
  private static final int SAMPLE_MAX = 4_000;

  public DeadLetter {
    if (seqEnd < seq) {
      throw new IllegalArgumentException("range " + seq + " to " + seqEnd + " of " + sourceId);
    }
    detail = storable(detail, DETAIL_MAX);
    sample = storable(sample, SAMPLE_MAX);
  }

  /// The same range, up to a later number.
  public DeadLetter upTo(long laterSeqEnd, Instant now) {
    return new DeadLetter(
        id,
        tenant,
        sourceId,
        epoch,
        seq,
        Math.max(seqEnd, laterSeqEnd),
        tableName,
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

  /// What a `text` column takes: no NUL, no half of a surrogate pair, not for ever.
  private static String storable(String text, int lengthMax) {
    var cut = text.length() > lengthMax ? text.substring(0, lengthMax) : text;
    var clean = new StringBuilder(cut.length());
    cut.codePoints()
        .map(
            c ->
                c == 0 || c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xfffd : c)
        .forEach(clean::appendCodePoint);
    return clean.toString();
  }
}
