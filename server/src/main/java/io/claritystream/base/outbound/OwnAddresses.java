package io.claritystream.base.outbound;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The addresses of this machine's own interfaces, as they were a minute ago at most: a public one
/// among them leads to what only this machine's own programs are meant to reach.
final class OwnAddresses {
  private static final Logger log = LoggerFactory.getLogger(OwnAddresses.class);
  private static final long KEPT_NS = Duration.ofMinutes(1).toNanos();

  /// How they are listed: by the system, but for tests.
  @FunctionalInterface
  interface Listing {
    Set<InetAddress> list() throws SocketException;
  }

  private record Known(Set<InetAddress> addresses, long atNs) {}

  private final Listing listing;
  private volatile Known known;

  OwnAddresses(Listing listing) {
    this.listing = listing;
    this.known = new Known(Set.of(), System.nanoTime());
    refresh(System.nanoTime());
  }

  static Set<InetAddress> ofSystem() throws SocketException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .collect(Collectors.toUnmodifiableSet());
  }

  boolean contains(InetAddress address) {
    long now = System.nanoTime();
    if (now - known.atNs > KEPT_NS) {
      refresh(now);
    }
    return known.addresses.contains(address);
  }

  /// Those that were known stay if they cannot be listed.
  private void refresh(long now) {
    try {
      known = new Known(Set.copyOf(listing.list()), now);
    } catch (SocketException failed) {
      log.warn("own addresses cannot be listed, cause {}", failed.toString());
      known = new Known(known.addresses, now);
    }
  }
}
