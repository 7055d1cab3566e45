package io.claritystream.base.http;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.StreamReadException;

/// Why a text is not the one JSON value that it should be, in words that name no parser.
public final class UnreadJson {

  /// What is to be said of the text, such as `is not JSON at line 2, column 9`; null if it is one
  /// JSON value, and only not the one that was meant.
  public static @Nullable String why(JacksonException failure) {
    String message = failure.getOriginalMessage();
    if (failure instanceof StreamConstraintsException) {
      return "is nested too deeply, or holds a name or number too long";
    }
    if (failure instanceof StreamReadException) {
      return message.startsWith("Duplicate")
          ? "has a key twice, before " + place(failure)
          : "is not JSON at " + place(failure);
    }
    return message.startsWith("Trailing token")
        ? "has something after the value, at " + place(failure)
        : null;
  }

  private static String place(JacksonException failure) {
    TokenStreamLocation location = failure.getLocation();
    return "line %d, column %d".formatted(location.getLineNr(), location.getColumnNr());
  }

  private UnreadJson() {}
}
