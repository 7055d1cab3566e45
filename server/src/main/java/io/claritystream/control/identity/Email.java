package io.claritystream.control.identity;

import java.net.IDN;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// An email address in the one form that is stored and compared: lower case, the domain in its
/// ASCII form.
record Email(String value) {

  private static final int LENGTH_MAX = 254;
  private static final Pattern LOCAL = Pattern.compile("[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}");
  private static final Pattern DOMAIN =
      Pattern.compile("[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+");

  /// Empty if the text is no address that mail could be sent to.
  static Optional<Email> parse(String text) {
    String stripped = text.strip();
    int at = stripped.lastIndexOf('@');
    if (at < 1 || stripped.length() > LENGTH_MAX) {
      return Optional.empty();
    }
    String local = stripped.substring(0, at).toLowerCase(Locale.ROOT);
    String domain;
    try {
      domain = IDN.toASCII(stripped.substring(at + 1)).toLowerCase(Locale.ROOT);
    } catch (IllegalArgumentException notADomain) {
      return Optional.empty();
    }
    String whole = local + "@" + domain;
    boolean right =
        LOCAL.matcher(local).matches()
            && !local.startsWith(".")
            && !local.endsWith(".")
            && !local.contains("..")
            && DOMAIN.matcher(domain).matches()
            && whole.length() <= LENGTH_MAX;
    return right ? Optional.of(new Email(whole)) : Optional.empty();
  }

  String localPart() {
    return value.substring(0, value.lastIndexOf('@'));
  }

  @Override
  public String toString() {
    return value;
  }
}
