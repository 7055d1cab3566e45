package io.claritystream.base.http;

import jakarta.servlet.http.HttpServletRequest;
import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;

/// Which names the platform answers to. A page of somebody else whose name is made to lead to this
/// machine (DNS rebinding) is to a browser of one origin with us; the name in `Host` gives it away.
///
/// Good are the public address and the names that the operator has added, each with its port; and
/// on any port the address that the connection came to, and `localhost` where that is a loopback
/// one: nobody can make those two lead elsewhere, and a forwarded port is another than ours.
final class HostRule {

  private static final Pattern HOST =
      Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[^\\[\\]:/?#@\\s]+)(?::(\\d{1,5}))?");
  private static final int HTTP = 80;
  private static final int HTTPS = 443;

  private final List<Name> names;

  /// A host as it is compared; without a port it has that of its scheme.
  private record Name(String host, @Nullable Integer port) {

    static @Nullable Name of(String text) {
      Matcher parts = HOST.matcher(text);
      return parts.matches()
          ? new Name(
              parts.group(1).toLowerCase(Locale.ROOT),
              parts.group(2) == null ? null : Integer.valueOf(parts.group(2)))
          : null;
    }

    boolean isPort(int other) {
      return port == null ? other == HTTP || other == HTTPS : port == other;
    }

    /// A proxy may leave out the port that the scheme implies, or write it.
    boolean is(Name good) {
      return host.equals(good.host)
          && (good.port == null ? isPort(HTTP) || isPort(HTTPS) : isPort(good.port));
    }
  }

  /// @param more further names, each as `name` or `name:port`
  HostRule(URI publicUrl, List<String> more) {
    Name own = Name.of(String.valueOf(publicUrl.getAuthority()));
    if (own == null) {
      throw new IllegalArgumentException(
          "clarity.public-url needs a host such as https://clarity.example.com, not " + publicUrl);
    }
    names =
        java.util.stream.Stream.concat(
                java.util.stream.Stream.of(own), more.stream().map(HostRule::added))
            .toList();
  }

  private static Name added(String text) {
    Name name = Name.of(text);
    if (name == null) {
      throw new IllegalArgumentException(
          "clarity.http.hosts needs names such as clarity.internal:8080, not " + text);
    }
    return name;
  }

  /// Throws the problem `misdirected_request` for any other name. A request without one is no
  /// browser's: HTTP/1.0 allows it, and probes make use of that.
  void check(HttpServletRequest request) {
    String host = request.getHeader(HttpHeaders.HOST);
    if (host == null || host.isEmpty()) {
      return;
    }
    Name name = Name.of(host);
    if (name == null || !(names.stream().anyMatch(name::is) || isConnection(name, request))) {
      throw Problem.of(
          ProblemCode.MISDIRECTED_REQUEST, "The Host header names another server than this one.");
    }
  }

  /// Whether the name is the end of the connection at hand, as it is without anything in front.
  private static boolean isConnection(Name name, HttpServletRequest request) {
    try {
      InetAddress local = InetAddress.ofLiteral(request.getLocalAddr());
      if (name.host().equals("localhost")) {
        return local.isLoopbackAddress();
      }
      // A literal address is never looked up, and nothing else is an address.
      String literal = name.host().replaceAll("[\\[\\]]", "");
      return InetAddress.ofLiteral(literal).equals(local);
    } catch (IllegalArgumentException noAddress) {
      return false;
    }
  }
}
