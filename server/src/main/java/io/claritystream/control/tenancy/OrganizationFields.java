package io.claritystream.control.tenancy;

import io.claritystream.base.http.LineOfText;
import io.claritystream.base.http.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a person says of an organization, checked; all that is wrong is told at once.
public final class OrganizationFields {

  private static final int NAME_MAX = 200;
  private static final int DOMAIN_MAX = 253;
  private static final Pattern DOMAIN =
      Pattern.compile("(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}");

  private final String prefix;
  private final List<Problem.Invalid> errors = new ArrayList<>();

  /// @param prefix where they stand in the body, as a JSON pointer
  public OrganizationFields(String prefix) {
    this.prefix = prefix;
  }

  public String name(@Nullable String value) {
    if (value == null) {
      return refuse("name", "is required");
    }
    LineOfText.wrong(value.strip(), NAME_MAX).ifPresent(why -> refuse("name", why));
    return value.strip();
  }

  public String industry(@Nullable String value) {
    return choice("industry", value, Choice.INDUSTRIES);
  }

  public String region(@Nullable String value) {
    return choice("region", value, Choice.REGIONS);
  }

  /// An empty one is none.
  public @Nullable String domain(@Nullable String value) {
    if (value == null || value.isBlank()) {
      return null;
    }
    String domain = value.strip().toLowerCase(Locale.ROOT);
    return domain.length() <= DOMAIN_MAX && DOMAIN.matcher(domain).matches()
        ? domain
        : refuse("domain", "is not a domain name such as example.com");
  }

  /// Adds a fault of another field, by its name.
  public String refuse(String field, String why) {
    errors.add(new Problem.Invalid(prefix + "/" + field, why));
    return "";
  }

  /// What was refused so far.
  public List<Problem.Invalid> errors() {
    return List.copyOf(errors);
  }

  /// Throws the problem `validation_failed` if anything was refused.
  public void check() {
    if (!errors.isEmpty()) {
      throw Problem.invalid(errors);
    }
  }

  private String choice(String field, @Nullable String value, List<Choice> choices) {
    if (value == null || value.isEmpty()) {
      return refuse(field, "is required");
    }
    return Choice.isOne(choices, value)
        ? value
        : refuse(field, "is not one of those that /v1/auth/options names");
  }
}
