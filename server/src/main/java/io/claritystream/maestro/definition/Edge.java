package io.claritystream.maestro.definition;

import org.jspecify.annotations.Nullable;

/// From a trigger or step to a step.
///
/// @param caseName of a branch: taken when this case is chosen
/// @param onError taken when the step failed, and only then
public record Edge(String from, String to, @Nullable String caseName, boolean onError) {}
