package io.claritystream.base.outbound;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/// Which methods and headers a request may have.
public final class HeaderRules {
  static final int COUNT_MAX = 100;
  static final int CHARACTERS_MAX = 32_768;

  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}");

  /// Those that frame the message, belong to the connection, or say what the client itself knows.
  private static final Set<String> OURS =
      Set.of(
          "host",
          "content-length",
          "transfer-encoding",
          "connection",
          "keep-alive",
          "upgrade",
          "te",
          "trailer",
          "expect",
          "http2-settings",
          "accept-encoding");

  /// What goes along to another origin. Anything else may be a key.
  private static final Set<String> HARMLESS =
      Set.of("accept", "accept-language", "content-type", "user-agent");

  static void check(String method, List<Header> headers) throws OutboundFault {
    if (!METHODS.contains(method)) {
      throw OutboundFault.blocked(
          "The method has to be one of GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS.");
    }
    if (headers.size() > COUNT_MAX) {
      throw OutboundFault.blocked("A request has at most %d headers.".formatted(COUNT_MAX));
    }
    long characters = 0;
    for (Header header : headers) {
      check(header);
      characters += header.name().length() + header.value().length();
    }
    if (characters > CHARACTERS_MAX) {
      throw OutboundFault.blocked(
          "The headers are longer than %d characters together.".formatted(CHARACTERS_MAX));
    }
  }

  private static void check(Header header) throws OutboundFault {
    if (!TOKEN.matcher(header.name()).matches()) {
      throw OutboundFault.blocked(
          "A header's name may hold letters, digits and hyphens, 128 at most.");
    }
    String name = header.name().toLowerCase(Locale.ROOT);
    if (isOurs(name)) {
      throw OutboundFault.blocked(
          "The header %s is set by the platform: leave it out.".formatted(header.name()));
    }
    boolean clean = header.value().chars().allMatch(c -> c == '\t' || (c >= ' ' && c < 127));
    if (!clean) {
      throw OutboundFault.blocked(
          "The value of the header %s may hold visible ASCII characters and spaces only."
              .formatted(header.name()));
    }
  }

  /// Whether a secret may be sent as the value of the header of this name: those that a redirect
  /// takes along to another origin never hold one.
  public static boolean mayHoldSecret(String name) {
    String small = name.toLowerCase(Locale.ROOT);
    return !isOurs(small) && !HARMLESS.contains(small);
  }

  private static boolean isOurs(String name) {
    return OURS.contains(name) || name.startsWith("proxy-");
  }

  static List<Header> harmless(List<Header> headers) {
    List<Header> kept = new ArrayList<>();
    for (Header header : headers) {
      if (HARMLESS.contains(header.name().toLowerCase(Locale.ROOT))) {
        kept.add(header);
      }
    }
    return kept;
  }

  static List<Header> withoutBody(List<Header> headers) {
    return headers.stream()
        .filter(header -> !header.name().toLowerCase(Locale.ROOT).startsWith("content-"))
        .toList();
  }

  private HeaderRules() {}
}
