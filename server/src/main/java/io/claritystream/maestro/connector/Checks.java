package io.claritystream.maestro.connector;

import io.claritystream.base.http.LineOfText;
import io.claritystream.base.http.Problem;
import io.claritystream.base.outbound.HeaderRules;
import io.claritystream.maestro.connector.ConnectionConfig.Auth;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What is wrong with the fields of connectors and connections: all of it is told at once, and
/// never with the value of a secret.
final class Checks {

  static final int NAME_MAX = 200;
  static final int SECRET_MAX = 4_096;

  /// Shorter ones would be found everywhere in what is recorded, so they could not be kept out.
  static final int SECRET_MIN = 4;

  private static final int URL_MAX = 2_048;
  private static final int PARAMETER_MAX = 128;
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");
  private static final Pattern VISIBLE = Pattern.compile("[\\x21-\\x7e]+");
  private static final Pattern UNPRINTABLE = Pattern.compile("\\p{Cntrl}");

  /// What steps say of their own calls.
  private static final String KEY_HEADER = "idempotency-key";

  private final List<Problem.Invalid> errors = new ArrayList<>();

  /// @param pointer where it stands in the body
  void refuse(String pointer, String why) {
    errors.add(new Problem.Invalid(pointer, why));
  }

  String name(@Nullable String value) {
    if (value == null) {
      refuse("/name", "is required");
      return "";
    }
    LineOfText.wrong(value.strip(), NAME_MAX).ifPresent(why -> refuse("/name", why));
    return value.strip();
  }

  /// Whether the address may be reached is decided when it is.
  void baseUrl(@Nullable String value) {
    if (value == null) {
      return;
    }
    try {
      URI url = new URI(value);
      boolean web =
          "https".equalsIgnoreCase(url.getScheme()) || "http".equalsIgnoreCase(url.getScheme());
      if (!web || url.getHost() == null || value.length() > URL_MAX) {
        refuse("/config/base_url", "is not an address such as https://erp.example.com/api");
      } else if (url.getRawUserInfo() != null) {
        refuse("/config/base_url", "must not hold credentials; those are a connection's");
      } else if (url.getRawQuery() != null || url.getRawFragment() != null) {
        refuse("/config/base_url", "must end with its path; ? and # have no place there");
      }
    } catch (URISyntaxException noAddress) {
      refuse("/config/base_url", "is not an address such as https://erp.example.com/api");
    }
  }

  /// @param secret null where there is none, or where the one that is stored stays
  /// @param stored whether there is one that stays
  void connection(@Nullable ConnectionConfig config, @Nullable String secret, boolean stored) {
    Auth auth = config == null ? null : config.auth();
    if (config == null || auth == null) {
      refuse("/config/auth", "is one of none, basic, bearer, header, query");
      return;
    }
    boolean basic = auth == Auth.BASIC;
    boolean named = auth == Auth.HEADER || auth == Auth.QUERY;
    if (basic) {
      username(config.username());
    } else if (config.username() != null) {
      refuse("/config/username", "is for auth basic");
    }
    if (named) {
      parameter(auth, config.parameter());
    } else if (config.parameter() != null) {
      refuse("/config/parameter", "is for auth header and query");
    }
    if (secret != null) {
      secret(auth, secret);
    } else if (auth != Auth.NONE && !stored) {
      refuse("/secret", "is required for auth " + auth.key());
    }
  }

  private void username(@Nullable String value) {
    if (value == null || value.isEmpty()) {
      refuse("/config/username", "is required for auth basic");
    } else if (value.length() > NAME_MAX
        || value.indexOf(':') >= 0
        || UNPRINTABLE.matcher(value).find()) {
      refuse("/config/username", "must have at most " + NAME_MAX + " characters, and no colon");
    }
  }

  private void parameter(Auth auth, @Nullable String value) {
    if (value == null || value.isEmpty()) {
      refuse("/config/parameter", "is required for auth " + auth.key());
    } else if (value.length() > PARAMETER_MAX || !TOKEN.matcher(value).matches()) {
      refuse("/config/parameter", "is not a name such as X-Api-Key");
    } else if (auth == Auth.HEADER
        && (!HeaderRules.mayHoldSecret(value) || value.equalsIgnoreCase(KEY_HEADER))) {
      refuse("/config/parameter", "is a header with a meaning of its own; take one for keys");
    }
  }

  private void secret(Auth auth, String value) {
    if (auth == Auth.NONE) {
      refuse("/secret", "has no use with auth none");
    } else if (value.length() < SECRET_MIN || value.length() > SECRET_MAX) {
      refuse("/secret", "must have from " + SECRET_MIN + " to " + SECRET_MAX + " characters");
    } else if (auth == Auth.BEARER || auth == Auth.HEADER) {
      if (!VISIBLE.matcher(value).matches()) {
        refuse("/secret", "must be of visible ASCII characters, as it is sent in a header");
      }
    } else if (UNPRINTABLE.matcher(value).find()) {
      refuse("/secret", "must not hold control characters");
    }
  }

  /// Throws the problem `validation_failed` if anything was refused.
  void check() {
    if (!errors.isEmpty()) {
      throw Problem.invalid(errors);
    }
  }
}
