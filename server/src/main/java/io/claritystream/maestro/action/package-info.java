/// What the steps of a workflow do: mapping, deciding, calling. A step is compiled once for a
/// version of its workflow and run by any number of executions.
///
/// What comes back from outside is rid of the secrets of the step's connection before anybody sees
/// it: what is recorded, shown and handed to later steps is the same.
///
/// Owns no tables.
@ApplicationModule(
    id = "maestro.action",
    allowedDependencies = {"base.db", "base.expression", "base.outbound", "maestro.definition"})
@NullMarked
package io.claritystream.maestro.action;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
