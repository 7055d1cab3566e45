package io.claritystream.control.identity;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;

/// How often the routes of this module may be tried, by address and by account.
final class SignInLimits {

  private final RateLimit registrations;
  private final RateLimit signIns;
  private final RateLimit failures;
  private final RateLimit refreshes;

  SignInLimits(IdentityProperties identity) {
    this.registrations =
        new RateLimit("register", identity.registrationsByAddress(), Duration.ofHours(1));
    this.signIns = new RateLimit("login", identity.signInsByAddress(), Duration.ofMinutes(1));
    this.failures = new RateLimit("account", identity.signInsByAccount(), Duration.ofMinutes(15));
    this.refreshes = new RateLimit("refresh", identity.refreshesByAddress(), Duration.ofMinutes(1));
  }

  void register(HttpServletRequest request, HttpServletResponse response) {
    registrations.take(network(request), response);
  }

  /// Whether the email has an account makes no difference.
  void signIn(Email email, HttpServletRequest request, HttpServletResponse response) {
    failures.take(email.value(), response);
    signIns.take(network(request), response);
  }

  /// Only sign-ins that fail count against the account.
  void signedIn(Email email) {
    failures.forget(email.value());
  }

  void refresh(HttpServletRequest request, HttpServletResponse response) {
    refreshes.take(network(request), response);
  }

  /// An IPv4 address; of IPv6 the /64, which is what one household has.
  private static String network(HttpServletRequest request) {
    String address = request.getRemoteAddr();
    try {
      InetAddress parsed = InetAddress.getByName(address);
      return parsed instanceof Inet6Address
          ? HexFormat.of().formatHex(Arrays.copyOf(parsed.getAddress(), 8))
          : address;
    } catch (UnknownHostException notAnAddress) {
      return address;
    }
  }
}
