package io.claritystream.maestro.engine;

import io.claritystream.maestro.action.CompiledStep;
import io.claritystream.maestro.action.Mapped;
import io.claritystream.maestro.definition.PublishedWorkflow;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A version of a workflow, ready to be run by any number of executions.
///
/// @param steps in the order of the route
record Program(
    PublishedWorkflow workflow,
    Route route,
    List<CompiledStep> steps,
    @Nullable Mapped executionName,
    @Nullable Mapped correlationKey,
    Glimpses glimpses,
    FirstStep firstStep) {}
