/// What starts executions from outside: webhooks.
///
/// The address of a webhook holds a token of 256 bits, and is all that a caller needs. What comes
/// is taken in before it is answered.
///
/// Owns no tables.
@ApplicationModule(
    id = "maestro.trigger",
    allowedDependencies = {
      "base.db",
      "base.expression",
      "base.http",
      "base.process",
      "control.tenancy",
      "maestro.action",
      "maestro.definition",
      "maestro.engine"
    })
@NullMarked
package io.claritystream.maestro.trigger;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
