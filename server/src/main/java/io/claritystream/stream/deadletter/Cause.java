package io.claritystream.stream.deadletter;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// Why an event is a dead letter.
public enum Cause {
  /// PostgreSQL refused what the event would have become (SQLSTATE 22, 23 or 54).
  REFUSED_BY_DATABASE,
  /// Its table's mapping makes nothing of it.
  MAPPING_FAILED,
  /// Of a batch with too many refused events to tell them apart: a range that was not folded, or of
  /// which only the refused ones were not.
  TOO_MANY_IN_BATCH,
  /// An earlier event of the same row is a dead letter.
  ROW_IN_QUARANTINE,
  /// Bronze could store its payload only wrapped.
  PAYLOAD_WRAPPED,
  /// Bronze could not store it: this is the one place where it is left.
  NOT_IN_BRONZE,
  /// The batch cannot be decoded: all its events are missing from bronze.
  BATCH_CORRUPT;

  /// As it is stored and shown: `mapping_failed`.
  @JsonValue
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
