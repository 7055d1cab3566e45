package io.claritystream.maestro.definition;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What holds for a whole execution.
///
/// @param timeout after which an execution that has not ended fails
/// @param redact paths whose values are never written to a log: `trigger.body.password`,
///     `steps.call.body.items.*.token`; lists are gone through
/// @param correlationKey mapped to the text by which executions are found
/// @param executionName mapped to the text by which people know an execution
public record Settings(
    Duration timeout,
    List<String> redact,
    @Nullable Object correlationKey,
    @Nullable Object executionName) {

  public static final Duration TIMEOUT_MAX = Duration.ofDays(30);
  public static final int REDACT_MAX = 100;

  public static final Settings DEFAULT = new Settings(Duration.ofHours(1), List.of(), null, null);

  public Settings {
    redact = List.copyOf(redact);
  }
}
