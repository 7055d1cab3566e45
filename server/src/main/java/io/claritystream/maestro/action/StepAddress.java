package io.claritystream.maestro.action;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Where a step's call goes: the address that it names, or the path that it names below the one of
/// its connection. Who made the connection decided what its secret opens, so nothing that a mapping
/// gives may lead out of there.
final class StepAddress {
  private static final Pattern ABSOLUTE = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*://.*");
  private static final Pattern SEPARATOR = Pattern.compile("[/\\\\]");

  /// @param base that of the connection, if it has one
  static URI of(@Nullable String base, String address, Map<String, List<String>> query)
      throws StepFailure {
    var whole = new StringBuilder(base == null ? address : below(base, address));
    for (var parameter : query.entrySet()) {
      for (var value : parameter.getValue()) {
        whole
            .append(whole.indexOf("?") < 0 ? '?' : '&')
            .append(URLEncoder.encode(parameter.getKey(), StandardCharsets.UTF_8))
            .append('=')
            .append(URLEncoder.encode(value, StandardCharsets.UTF_8));
      }
    }
    try {
      return new URI(whole.toString());
    } catch (URISyntaxException e) {
      throw refused(
          "The url is not an address: character " + e.getIndex() + " has no place there.");
    }
  }

  private static String below(String base, String address) throws StepFailure {
    if (ABSOLUTE.matcher(address).matches()) {
      throw refused(
          "The connection has an address of its own; the url can only be a path below it.");
    }
    // What follows it is not sent, and the connection's own parameters would follow it.
    if (address.indexOf('#') >= 0) {
      throw refused("The url holds a #, which has no place below a connection's address.");
    }
    int end = address.indexOf('?');
    if (leadsOut(end < 0 ? address : address.substring(0, end))) {
      throw refused(
          "The url leads out of the connection's address: leave out the parts . and .. of its path.");
    }
    return base.replaceAll("/+$", "")
        + (address.startsWith("/") || address.isEmpty() || end == 0 ? "" : "/")
        + address;
  }

  /// Whether any receiver could read a part of the path as `.` or `..`: some decode more than once,
  /// some take a backslash for a slash, some cut off what follows a semicolon.
  private static boolean leadsOut(String path) {
    var plain = path.toLowerCase(Locale.ROOT);
    while (plain.contains("%25")) {
      plain = plain.replace("%25", "%");
    }
    plain = plain.replace("%2e", ".").replace("%2f", "/").replace("%5c", "\\").replace("%3b", ";");
    for (var part : SEPARATOR.split(plain)) {
      var name = part.indexOf(';') < 0 ? part : part.substring(0, part.indexOf(';'));
      if (name.equals(".") || name.equals("..")) {
        return true;
      }
    }
    return false;
  }

  private static StepFailure refused(String message) {
    return new StepFailure(StepError.of("mapping", message));
  }

  private StepAddress() {}
}
