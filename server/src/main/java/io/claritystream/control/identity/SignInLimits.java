package io.claritystream.control.identity;

import io.claritystream.base.http.Caller;
import io.claritystream.base.http.RateLimit;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;

/// How often the routes of this module may be tried, by address, by account and by person.
final class SignInLimits {

  /// From everywhere together an account may fail so much more often than from one network: enough
  /// that one who only knows an email cannot keep its owner out from a network or two.
  private static final int EVERYWHERE_TIMES = 20;

  private final RateLimit registrations;
  private final RateLimit signIns;
  private final RateLimit failuresHere;
  private final RateLimit failures;
  private final RateLimit refreshes;
  private final RateLimit invitations;
  private final RateLimit organizations;

  SignInLimits(IdentityProperties identity) {
    this.registrations =
        new RateLimit("register", identity.registrationsByAddress(), Duration.ofHours(1));
    this.signIns = new RateLimit("login", identity.signInsByAddress(), Duration.ofMinutes(1));
    Duration window = Duration.ofMinutes(15);
    this.failuresHere = new RateLimit("account", identity.signInsByAccount(), window);
    this.failures =
        new RateLimit("guesses", identity.signInsByAccount() * EVERYWHERE_TIMES, window);
    this.refreshes = new RateLimit("refresh", identity.refreshesByAddress(), Duration.ofMinutes(1));
    this.invitations =
        new RateLimit("invitations", identity.invitationsByPerson(), Duration.ofHours(1));
    this.organizations =
        new RateLimit("organizations", identity.organizationsByPerson(), Duration.ofHours(1));
  }

  void register(HttpServletRequest request, HttpServletResponse response) {
    registrations.take(network(request), response);
  }

  /// Whether the email has an account makes no difference.
  void signIn(Email email, HttpServletRequest request, HttpServletResponse response) {
    String network = network(request);
    signIns.take(network, response);
    failuresHere.take(key(email, network), response);
    failures.take(email.value(), response);
  }

  /// Only sign-ins that fail count against the account. Those from elsewhere still do: they may be
  /// somebody else's.
  void signedIn(Email email, HttpServletRequest request) {
    failuresHere.forget(key(email, network(request)));
    failures.giveBack(email.value());
  }

  private static String key(Email email, String network) {
    return network + " " + email.value();
  }

  void refresh(HttpServletRequest request, HttpServletResponse response) {
    refreshes.take(network(request), response);
  }

  void invite(Caller caller, HttpServletResponse response) {
    invitations.take(caller.userId().toString(), response);
  }

  void found(Caller caller, HttpServletResponse response) {
    organizations.take(caller.userId().toString(), response);
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
