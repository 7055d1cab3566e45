package io.claritystream.stream.materializer;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What a row of sessions says: when its device did what, and why.
///
/// @param deviceId null if it is no single device's
/// @param siteId that the row itself names
/// @param startUs microseconds since 1970
/// @param endUs [Moment#NONE] while it lasts, or if the next row ends it
record Span(
    @Nullable UUID deviceId,
    @Nullable UUID siteId,
    @Nullable String state,
    @Nullable String reason,
    long startUs,
    long endUs,
    boolean lastsUntilNext) {}
