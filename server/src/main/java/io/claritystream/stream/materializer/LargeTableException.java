package io.claritystream.stream.materializer;

import java.sql.SQLException;

/// A table has got another key, and more rows than may be keyed anew while others wait. Nothing is
/// wrong with the events: they are to be folded where nobody waits for it.
public final class LargeTableException extends SQLException {
  private static final long serialVersionUID = 1L;

  private final int model;

  LargeTableException(int model, String table) {
    super(
        "model " + model + " has too many rows of " + table + " to key them anew at once", "55000");
    this.model = model;
  }

  /// The model that was to be folded into.
  public int model() {
    return model;
  }
}
