package io.claritystream.base.live;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Something that a tenant's open pages want to know at once.
public sealed interface LiveMessage {

  /// Readings that have become durable.
  record Readings(List<Reading> readings) implements LiveMessage {
    public Readings {
      readings = List.copyOf(readings);
    }
  }

  /// The state of a source has changed. Of several the last counts.
  ///
  /// @param view the source as the API shows it
  record Source(UUID id, Object view) implements LiveMessage {}

  /// What was told and read so far may no longer be what is shown: another model of a source has
  /// taken the place of the one before.
  record ReadAgain() implements LiveMessage {}

  /// The newest value of a series.
  ///
  /// @param time the reading's own
  /// @param seq the event's number within its source's epoch
  record Reading(
      UUID deviceId, @Nullable UUID siteId, String key, BigDecimal value, Instant time, long seq) {

    boolean isNewerThan(Reading other) {
      var byTime = time.compareTo(other.time);
      return byTime > 0 || byTime == 0 && seq >= other.seq;
    }
  }
}
