package io.claritystream.base.outbound;

import io.claritystream.protocol.text.WholeText;
import java.net.IDN;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Where a request goes, read from its address once. What is connected to, what is named in `Host`
/// and what is checked is this, so that no two readers of one address can differ.
///
/// @param scheme `http` or `https`
/// @param host a name in ASCII and small letters, or an address without brackets
/// @param literal the address that the host is, if it is one
/// @param target path and query
record Destination(
    String scheme, String host, @Nullable InetAddress literal, int port, String target, URI url) {

  static final int URL_LENGTH_MAX = 8_192;

  /// Underscores are in no host name of the standard, and in many of the field.
  static final Pattern NAME =
      Pattern.compile(
          "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*");

  private static final int NAME_LENGTH_MAX = 253;

  /// What other readers take for an address: the last part is a number, in whatever base.
  private static final Pattern NUMERIC = Pattern.compile("(?:.*\\.)?(?:[0-9]+|0x[0-9a-f]*)");

  static final Pattern DOTTED =
      Pattern.compile("(?:(?:0|[1-9][0-9]{0,2})\\.){3}(?:0|[1-9][0-9]{0,2})");

  static Destination of(URI url) throws OutboundFault {
    if (url.toString().length() > URL_LENGTH_MAX) {
      throw OutboundFault.blocked(
          "The address is longer than %d characters; send what it holds in the body."
              .formatted(URL_LENGTH_MAX));
    }
    if (!WholeText.is(url.toString())) {
      throw OutboundFault.blocked(
          "The address cannot be read: it holds half of a character; correct what it is made of.");
    }
    String scheme = url.getScheme() == null ? "" : url.getScheme().toLowerCase(Locale.ROOT);
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw OutboundFault.blocked("The address has to begin with https:// or http://.");
    }
    String authority = url.getRawAuthority();
    if (authority == null || authority.isEmpty()) {
      throw OutboundFault.blocked("The address names no host: write it as https://host/path.");
    }
    if (authority.indexOf('@') >= 0) {
      throw OutboundFault.blocked(
          "The address holds a user name or password: send them in a header, or use a connection.");
    }
    int end = authority.startsWith("[") ? authority.indexOf(']') + 1 : authority.lastIndexOf(':');
    if (end <= 0) {
      end = authority.startsWith("[") ? 0 : authority.length();
    }
    String host = authority.substring(0, end);
    int port = port(authority.substring(end), scheme);
    String target = target(url);
    if (host.startsWith("[")) {
      Inet6Address literal = sixteenBytes(host);
      return new Destination(scheme, literal.getHostAddress(), literal, port, target, url);
    }
    String name = name(host);
    if (!NUMERIC.matcher(name).matches()) {
      return new Destination(scheme, name, null, port, target, url);
    }
    return new Destination(scheme, name, fourBytes(name), port, target, url);
  }

  /// The address of a redirect.
  Destination following(String location) throws OutboundFault {
    URI next;
    try {
      next = resolved(location.strip());
    } catch (IllegalArgumentException unreadable) {
      throw new OutboundFault(
          OutboundFault.Kind.REDIRECT,
          true,
          "The redirect leads to an address that cannot be read.");
    }
    return of(next);
  }

  /// The JDK drops the last part of the path where a reference is a query alone.
  private URI resolved(String location) {
    if (!location.startsWith("?")) {
      return url.resolve(location);
    }
    String whole = url.toString();
    return URI.create(whole.split("[?#]", 2)[0] + location);
  }

  boolean sameOrigin(Destination other) {
    return scheme.equals(other.scheme) && host.equals(other.host) && port == other.port;
  }

  boolean encrypted() {
    return scheme.equals("https");
  }

  /// Host and port, as limits are counted by.
  String place() {
    return host + ":" + port;
  }

  boolean usualPort() {
    return port == (encrypted() ? 443 : 80);
  }

  private static int port(String text, String scheme) throws OutboundFault {
    if (text.isEmpty() || text.equals(":")) {
      return scheme.equals("https") ? 443 : 80;
    }
    int port = text.matches(":[0-9]{1,5}") ? Integer.parseInt(text.substring(1)) : 0;
    if (port < 1 || port > 65_535) {
      throw OutboundFault.blocked("The port of the address is not a number from 1 to 65535.");
    }
    return port;
  }

  private static String name(String host) throws OutboundFault {
    String name = host;
    if (!name.chars().allMatch(character -> character < 128)) {
      try {
        name = IDN.toASCII(name, IDN.ALLOW_UNASSIGNED);
      } catch (IllegalArgumentException unreadable) {
        throw unreadableHost();
      }
    }
    name = name.toLowerCase(Locale.ROOT);
    if (name.endsWith(".")) {
      name = name.substring(0, name.length() - 1);
    }
    if (name.length() > NAME_LENGTH_MAX || !NAME.matcher(name).matches()) {
      throw unreadableHost();
    }
    return name;
  }

  private static OutboundFault unreadableHost() {
    return OutboundFault.blocked(
        "The host of the address cannot be read: it may hold letters, digits, hyphens and dots.");
  }

  private static InetAddress fourBytes(String text) throws OutboundFault {
    if (DOTTED.matcher(text).matches()) {
      try {
        return InetAddress.ofLiteral(text);
      } catch (IllegalArgumentException outOfRange) {
        // Said below.
      }
    }
    throw OutboundFault.blocked(
        "The host is a number that can be read in several ways: write it as four decimal numbers, as 192.0.2.1.");
  }

  private static Inet6Address sixteenBytes(String host) throws OutboundFault {
    String text = host.substring(1, host.length() - 1);
    if (text.indexOf('%') >= 0) {
      throw OutboundFault.blocked(
          "An address with a zone cannot be called: leave out what follows %.");
    }
    try {
      // What maps an address of four bytes comes out as one.
      if (InetAddress.ofLiteral(text) instanceof Inet6Address six) {
        return six;
      }
    } catch (IllegalArgumentException unreadable) {
      throw unreadableHost();
    }
    throw OutboundFault.blocked(
        "The host wraps an address of four numbers in one of IPv6: write the four numbers.");
  }

  private static String target(URI url) throws OutboundFault {
    URI ascii;
    try {
      ascii = URI.create(url.toASCIIString());
    } catch (IllegalArgumentException unreadable) {
      throw OutboundFault.blocked("The path of the address cannot be read: percent-encode it.");
    }
    String path = ascii.getRawPath();
    String query = ascii.getRawQuery();
    return (path == null || path.isEmpty() ? "/" : path) + (query == null ? "" : "?" + query);
  }

  /// Without path and query, which may hold secrets.
  @Override
  public String toString() {
    return scheme + "://" + place();
  }
}
