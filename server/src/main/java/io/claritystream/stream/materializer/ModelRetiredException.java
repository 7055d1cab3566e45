package io.claritystream.stream.materializer;

import java.sql.SQLException;

/// The model is retired: whoever folds into it was overtaken and has to look again which one is
/// wanted.
public final class ModelRetiredException extends SQLException {
  private static final long serialVersionUID = 1L;

  ModelRetiredException(int model) {
    super("model " + model + " is retired", "40001");
  }
}
