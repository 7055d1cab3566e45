package io.claritystream.stream.materializer;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The newest value of a series, to be shown once its transaction has committed.
///
/// @param time the reading's own
/// @param seq the event's number within its epoch
public record LiveUpdate(
    UUID deviceId, @Nullable UUID siteId, String key, BigDecimal value, Instant time, long seq) {}
