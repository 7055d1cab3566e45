package io.claritystream.base.outbound;

import java.net.InetAddress;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// One entry of `clarity.outbound.allow`.
///
/// @param network absent if the entry is a name
/// @param name absent if the entry is a network
/// @param port the one that it opens besides those that are open anyway: [#ANY] for every port,
///     [#USUAL] for none besides
record Opening(@Nullable Network network, @Nullable String name, int port) {
  static final int ANY = -1;
  static final int USUAL = 0;

  static Opening parse(String entry) {
    String text = entry.strip();
    String place = text;
    String port = "";
    if (text.startsWith("[")) {
      int end = text.indexOf(']');
      if (end < 0 || (end + 1 < text.length() && text.charAt(end + 1) != ':')) {
        throw refused(entry);
      }
      place = text.substring(1, end);
      port = end + 1 < text.length() ? text.substring(end + 2) : "";
      if (end + 1 < text.length() && port.isEmpty()) {
        throw refused(entry);
      }
    } else if (text.indexOf(':') >= 0 && text.indexOf(':') == text.lastIndexOf(':')) {
      place = text.substring(0, text.indexOf(':'));
      port = text.substring(text.indexOf(':') + 1);
      if (port.isEmpty()) {
        throw refused(entry);
      }
    }
    try {
      boolean numeric =
          place.indexOf(':') >= 0 || place.indexOf('/') >= 0 || place.matches("[0-9.]+");
      if (numeric) {
        return new Opening(Network.parse(place), null, portOf(port, entry));
      }
    } catch (IllegalArgumentException unreadable) {
      throw refused(entry);
    }
    String name = place.toLowerCase(Locale.ROOT);
    if (!Destination.NAME.matcher(name).matches()) {
      throw refused(entry);
    }
    return new Opening(null, name, portOf(port, entry));
  }

  private static int portOf(String text, String entry) {
    if (text.isEmpty()) {
      return USUAL;
    }
    if (text.equals("*")) {
      return ANY;
    }
    int port = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : 0;
    if (port < 1 || port > 65_535) {
      throw refused(entry);
    }
    return port;
  }

  private static IllegalArgumentException refused(String entry) {
    return new IllegalArgumentException(
        "clarity.outbound.allow: \"%s\" is neither a host name, an address nor a network (as 10.1.0.0/16), with a port or * behind a colon if need be"
            .formatted(entry));
  }

  boolean opensPort(int asked) {
    return port == ANY || port == asked;
  }

  boolean covers(String host, InetAddress address) {
    return network == null ? host.equals(name) : network.contains(address);
  }
}
