package io.claritystream.control.identity;

import io.claritystream.base.http.LineOfText;
import io.claritystream.base.http.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Collects what is wrong with the fields of a body, so that all of it is told at once.
final class Fields {

  private final List<Problem.Invalid> errors = new ArrayList<>();

  /// @param field by its name in the body
  void refuse(String field, String message) {
    refuse(new Problem.Invalid("/" + field, message));
  }

  void refuse(Problem.Invalid error) {
    errors.add(error);
  }

  /// The text without blanks around it; an empty one when it is refused.
  String line(String field, @Nullable String value, int lengthMax) {
    if (value == null || value.isBlank()) {
      refuse(field, "is required");
      return "";
    }
    String text = value.strip();
    LineOfText.wrong(text, lengthMax).ifPresent(why -> refuse(field, why));
    return text;
  }

  Optional<Email> email(String field, @Nullable String value) {
    if (value == null || value.isBlank()) {
      refuse(field, "is required");
      return Optional.empty();
    }
    Optional<Email> email = Email.parse(value);
    if (email.isEmpty()) {
      refuse(field, "is not an email address");
    }
    return email;
  }

  /// Throws the problem `validation_failed` if anything was refused.
  void check() {
    if (!errors.isEmpty()) {
      throw Problem.invalid(errors);
    }
  }
}
