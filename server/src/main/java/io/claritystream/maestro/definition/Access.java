package io.claritystream.maestro.definition;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// What a grant permits with one workflow.
public enum Access {
  /// Start and cancel its executions.
  RUN,
  /// The same, and change, publish and delete it.
  EDIT;

  /// As it stands in the database and in the API.
  @JsonValue
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Throws IllegalArgumentException for a word that is none.
  @JsonCreator
  public static Access of(String key) {
    for (Access access : values()) {
      if (access.key().equals(key)) {
        return access;
      }
    }
    throw new IllegalArgumentException("no access " + key);
  }
}
