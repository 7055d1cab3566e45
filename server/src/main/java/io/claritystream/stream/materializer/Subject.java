package io.claritystream.stream.materializer;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// An entity that has a row of its own, or had one.
///
/// @param kind as `analytics.entities` has it: `site`, `device` or `row`
/// @param device if it is one
record Subject(UUID id, String kind, String key, @Nullable Device device) {
  static final String SITE = "site";
  static final String DEVICE = "device";
  static final String ROW = "row";

  boolean isRow() {
    return kind.equals(ROW);
  }

  boolean isSite() {
    return kind.equals(SITE);
  }
}
