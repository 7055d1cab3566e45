package io.claritystream.stream.deadletter;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// Why an event is a dead letter.
public enum Cause {
  /// PostgreSQL refused what the event would have become (SQLSTATE 22, 23 or 54).
  REFUSED_BY_DATABASE,
  /// Folding it stumbled, over something that the platform should know how to fold.
  FOLD_FAILED,
  /// Its table's mapping makes nothing of it.
  MAPPING_FAILED,
  /// Too many events were refused to tell them apart: a range that was not folded, or of which only
  /// the refused ones were not.
  TOO_MANY_IN_BATCH,
  /// An earlier event of the same row is a dead letter.
  ROW_IN_QUARANTINE,
  /// Bronze could store its payload only wrapped.
  PAYLOAD_WRAPPED,
  /// Bronze could not store it: this is the one place where it is left. If there are too many, one
  /// letter stands for those of a table, and of the others nothing is.
  NOT_IN_BRONZE,
  /// The batch cannot be decoded: its events are missing from bronze, and are in the letter.
  BATCH_CORRUPT;

  /// Whether the event's row is not folded any more. One whose mapping makes nothing of it, or that
  /// is stored otherwise, says nothing of those that follow.
  public boolean quarantines() {
    return switch (this) {
      case REFUSED_BY_DATABASE, FOLD_FAILED, ROW_IN_QUARANTINE, NOT_IN_BRONZE -> true;
      case MAPPING_FAILED, TOO_MANY_IN_BATCH, PAYLOAD_WRAPPED, BATCH_CORRUPT -> false;
    };
  }

  /// Whether the letter says which row it is of, so that it is settled when the row is mended.
  public boolean isOfRow() {
    return quarantines() || this == MAPPING_FAILED;
  }

  /// As it is stored and shown: `mapping_failed`.
  @JsonValue
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
