package io.claritystream.control.identity;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// What a password must be. Length is what counts; no classes of characters are demanded.
final class PasswordRules {

  static final int LENGTH_MIN = 12;
  static final int LENGTH_MAX = 256;

  private static final int DIFFERENT_MIN = 5;

  private final Set<String> common = read();

  /// What is wrong with it, in words that follow the field's name; empty if nothing is.
  Optional<String> fault(String password, Email email) {
    int length = password.codePointCount(0, password.length());
    if (length < LENGTH_MIN || length > LENGTH_MAX) {
      return Optional.of("must have from " + LENGTH_MIN + " to " + LENGTH_MAX + " characters");
    }
    String lower = password.strip().toLowerCase(Locale.ROOT);
    if (lower.equals(email.value()) || lower.equals(email.localPart())) {
      return Optional.of("must not be the email");
    }
    if (common.contains(lower) || lower.codePoints().distinct().count() < DIFFERENT_MIN) {
      return Optional.of("is among the first that would be guessed");
    }
    return Optional.empty();
  }

  private static Set<String> read() {
    try (InputStream list =
        Objects.requireNonNull(
            PasswordRules.class.getResourceAsStream("common-passwords.txt"),
            "common-passwords.txt")) {
      return new String(list.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank())
          .collect(Collectors.toUnmodifiableSet());
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }
}
