package io.claritystream.base.outbound;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Which addresses and ports a call may reach.
final class Reach {

  private static final String REMEDY =
      "who runs the platform can open it with clarity.outbound.allow (`--allow-outbound` of ./clarity up).";

  /// Of IANA's registries of special-purpose addresses, IPv4, what is not reachable from
  /// everywhere, and one address within the public ones that clouds keep for their machines.
  private static final List<Network> SPECIAL_FOUR =
      networks(
          "0.0.0.0/8",
          "10.0.0.0/8",
          "100.64.0.0/10",
          "127.0.0.0/8",
          "168.63.129.16/32",
          "169.254.0.0/16",
          "172.16.0.0/12",
          "192.0.0.0/24",
          "192.0.2.0/24",
          "192.88.99.0/24",
          "192.168.0.0/16",
          "198.18.0.0/15",
          "198.51.100.0/24",
          "203.0.113.0/24",
          "224.0.0.0/4",
          "240.0.0.0/4");

  /// Of IPv6 only what is given out to networks may be reached at all, and of that not: protocols'
  /// own addresses (with Teredo, benchmarks, ORCHID), documentation, and 6to4, which wraps an
  /// address of four bytes. What maps or translates such an address lies outside.
  private static final Network GIVEN_OUT = Network.parse("2000::/3");

  private static final List<Network> SPECIAL_SIX =
      networks("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20");

  /// Neither a host nor a machine: no entry opens these.
  private static final List<Network> NOBODY =
      networks("0.0.0.0/32", "224.0.0.0/4", "255.255.255.255/32", "::/128", "ff00::/8");

  private final Set<Integer> ports;
  private final List<Opening> openings;

  private final OwnAddresses own;

  Reach(List<Integer> ports, List<String> allow, OwnAddresses own) {
    this.own = own;
    this.ports = Set.copyOf(ports);
    this.openings = allow.stream().filter(entry -> !entry.isBlank()).map(Opening::parse).toList();
  }

  /// Refuses a port that nothing opens, before any name is looked up.
  void checkPort(Destination destination) throws OutboundFault {
    int port = destination.port();
    if (!ports.contains(port) && openings.stream().noneMatch(open -> open.opensPort(port))) {
      throw port(port);
    }
  }

  /// Refuses the destination if any of these is an address that may not be reached: a name with a
  /// public and a private address is an attempt, or a mistake that works now and then.
  void check(Destination destination, List<InetAddress> addresses) throws OutboundFault {
    for (InetAddress address : addresses) {
      check(destination, address);
    }
  }

  private void check(Destination destination, InetAddress address) throws OutboundFault {
    int port = destination.port();
    boolean opened = false;
    if (NOBODY.stream().noneMatch(network -> network.contains(address))) {
      for (Opening opening : openings) {
        if (opening.covers(destination.host(), address)) {
          opened = true;
          if (opening.opensPort(port)) {
            return;
          }
        }
      }
    }
    if (!opened && !isPublic(address)) {
      throw OutboundFault.blocked(
          "%s leads to an address that is not public; %s".formatted(destination.host(), REMEDY));
    }
    if (!opened && own.contains(address)) {
      throw OutboundFault.blocked(
          "%s leads to this server itself; %s".formatted(destination.host(), REMEDY));
    }
    if (!ports.contains(port)) {
      throw port(port);
    }
  }

  static boolean isPublic(InetAddress address) {
    if (address instanceof Inet6Address) {
      return GIVEN_OUT.contains(address)
          && SPECIAL_SIX.stream().noneMatch(network -> network.contains(address));
    }
    return SPECIAL_FOUR.stream().noneMatch(network -> network.contains(address));
  }

  private OutboundFault port(int port) {
    String open =
        new TreeSet<>(ports).stream().map(String::valueOf).collect(Collectors.joining(", "));
    return OutboundFault.blocked(
        "Port %d may not be called; open are %s. Who runs the platform can open another with clarity.outbound.ports."
            .formatted(port, open));
  }

  private static List<Network> networks(String... texts) {
    return Stream.of(texts).map(Network::parse).toList();
  }
}
