package io.claritystream.maestro.action;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.expression.Moment;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What one try of a step works with.
///
/// @param context what expressions see: `trigger`, `steps`, `execution`
/// @param moment of the execution: the same over all tries
/// @param effectKey the Idempotency-Key of what the step does: the same over all tries
/// @param timeout of this try
public record StepScope(
    TenantId tenant,
    Map<String, @Nullable Object> context,
    Moment moment,
    String effectKey,
    Duration timeout) {

  /// As the step's own configuration sees it.
  StepScope with(@Nullable Object input) {
    var own = new LinkedHashMap<>(context);
    own.put("input", input);
    return new StepScope(tenant, own, moment, effectKey, timeout);
  }
}
