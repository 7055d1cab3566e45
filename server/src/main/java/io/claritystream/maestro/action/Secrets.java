package io.claritystream.maestro.action;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Takes secrets out of what comes back from outside, before any of it is recorded or shown: as
/// they are, in base64 (at each of the three places where one can begin), URL-encoded, and as JSON
/// writes them. A receiver may well echo what it was sent.
public final class Secrets {
  static final String REDACTED = "[redacted]";

  /// Shorter ones would be found everywhere.
  private static final int CHARS_MIN = 4;

  /// What percent-encoding leaves as it is, beside letters and digits: by its standard, in paths as
  /// some libraries write them, and in JavaScript.
  private static final String RFC_3986 = "-._~";

  private static final String PATH = "-._~/";
  private static final String COMPONENT = "-_.!~*'()";

  private static final Pattern HEX = Pattern.compile("%[0-9A-F]{2}");

  public static final Secrets NONE = new Secrets(Set.of());

  private final List<String> forms;

  public Secrets(Collection<String> secrets) {
    var all = new LinkedHashSet<String>();
    for (var secret : secrets) {
      if (secret.length() >= CHARS_MIN) {
        all.addAll(forms(secret));
      }
    }
    // The longest first: one may hold another.
    this.forms = all.stream().sorted(Comparator.comparingInt(String::length).reversed()).toList();
  }

  /// As they are found in what others write.
  static Set<String> forms(String secret) {
    var forms = new LinkedHashSet<String>();
    forms.add(secret);
    var bytes = secret.getBytes(StandardCharsets.UTF_8);
    var form = URLEncoder.encode(secret, StandardCharsets.UTF_8);
    for (var encoded :
        List.of(
            form,
            form.replace("+", "%20"),
            percent(bytes, RFC_3986),
            percent(bytes, PATH),
            percent(bytes, COMPONENT))) {
      forms.add(encoded);
      forms.add(HEX.matcher(encoded).replaceAll(hex -> hex.group().toLowerCase(Locale.ROOT)));
    }
    var json = Json.write(secret);
    forms.add(json.substring(1, json.length() - 1));
    forms.add(json.substring(1, json.length() - 1).replace("/", "\\/"));
    for (var lead = 0; lead < 3; lead++) {
      var base64 = base64Within(bytes, lead);
      if (base64.length() >= CHARS_MIN) {
        forms.add(base64);
        forms.add(base64.replace('+', '-').replace('/', '_'));
      }
    }
    return forms;
  }

  private static String percent(byte[] text, String kept) {
    var out = new StringBuilder(text.length * 3);
    for (var unit : text) {
      var character = (char) (unit & 0xff);
      var plain =
          character >= 'a' && character <= 'z'
              || character >= 'A' && character <= 'Z'
              || character >= '0' && character <= '9'
              || kept.indexOf(character) >= 0;
      if (plain) {
        out.append(character);
      } else {
        out.append('%').append(HexFormat.of().withUpperCase().toHexDigits(unit));
      }
    }
    return out.toString();
  }

  /// The letters of base64 that depend on the secret alone, when it stands behind so many bytes.
  private static String base64Within(byte[] secret, int lead) {
    var padded = new byte[lead + secret.length];
    System.arraycopy(secret, 0, padded, lead, secret.length);
    var text = Base64.getEncoder().withoutPadding().encodeToString(padded);
    var from = lead == 0 ? 0 : lead + 1;
    var whole = padded.length / 3 * 4;
    return from >= whole ? "" : text.substring(from, whole);
  }

  public boolean isEmpty() {
    return forms.isEmpty();
  }

  public String without(String text) {
    var out = text;
    for (var form : forms) {
      if (out.contains(form)) {
        out = out.replace(form, REDACTED);
      }
    }
    return out;
  }

  /// Plain JSON without the secrets, in names too.
  public @Nullable Object without(@Nullable Object value) {
    if (forms.isEmpty()) {
      return value;
    }
    return switch (value) {
      case String text -> without(text);
      case Map<?, ?> map -> {
        var kept = new LinkedHashMap<String, @Nullable Object>();
        map.forEach((name, inner) -> kept.put(without(String.valueOf(name)), without(inner)));
        yield kept;
      }
      case List<?> list -> {
        var kept = new ArrayList<@Nullable Object>(list.size());
        list.forEach(inner -> kept.add(without(inner)));
        yield kept;
      }
      // A secret of digits, as a number.
      case Number number when forms.contains(number.toString()) -> REDACTED;
      case null, default -> value;
    };
  }
}
