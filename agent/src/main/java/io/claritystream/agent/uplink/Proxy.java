package io.claritystream.agent.uplink;

import io.grpc.HttpConnectProxiedSocketAddress;
import io.grpc.ProxiedSocketAddress;
import io.grpc.ProxyDetector;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The HTTP proxy through which the platform is reached, as the environment names it: `HTTPS_PROXY`
/// or `HTTP_PROXY`, in either case of letters, with user and password if it wants them, but for the
/// hosts in `NO_PROXY`. The proxy is asked to CONNECT; what passes through it is encrypted.
record Proxy(@Nullable URI address, String exceptions) implements ProxyDetector {
  private static final int PORT = 80;

  /// @throws IllegalArgumentException in words, if a proxy is named and cannot be meant
  static Proxy of(Map<String, String> environment) {
    var address = first(environment, "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy");
    var exceptions = first(environment, "NO_PROXY", "no_proxy");
    if (address.isBlank()) {
      return new Proxy(null, exceptions);
    }
    try {
      var uri = new URI(address.contains("://") ? address : "http://" + address);
      if (uri.getHost() == null || !"http".equalsIgnoreCase(uri.getScheme())) {
        throw new IllegalArgumentException(
            "HTTPS_PROXY has to be like http://proxy.example.com:3128");
      }
      return new Proxy(uri, exceptions);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          "HTTPS_PROXY has to be like http://proxy.example.com:3128");
    }
  }

  private static String first(Map<String, String> environment, String... names) {
    for (var name : names) {
      var value = environment.get(name);
      if (value != null && !value.isBlank()) {
        return value.strip();
      }
    }
    return "";
  }

  /// Nobody knows the proxy's host.
  static final class NotFoundException extends UnknownHostException {
    private static final long serialVersionUID = 1;

    NotFoundException(String host) {
      super("the host " + host + " is not known; check HTTPS_PROXY");
    }
  }

  @Override
  public @Nullable ProxiedSocketAddress proxyFor(SocketAddress target) throws NotFoundException {
    if (address == null
        || !(target instanceof InetSocketAddress internet)
        || excepted(internet.getHostString())) {
      return null;
    }
    var place =
        new InetSocketAddress(address.getHost(), address.getPort() < 0 ? PORT : address.getPort());
    if (place.isUnresolved()) {
      throw new NotFoundException(address.getHost());
    }
    var proxy =
        HttpConnectProxiedSocketAddress.newBuilder()
            .setProxyAddress(place)
            .setTargetAddress(internet);
    var user = address.getRawUserInfo();
    if (user != null) {
      var colon = user.indexOf(':');
      proxy.setUsername(decoded(colon < 0 ? user : user.substring(0, colon)));
      proxy.setPassword(colon < 0 ? "" : decoded(user.substring(colon + 1)));
    }
    return proxy.build();
  }

  /// Whether the name is one of `NO_PROXY`, or ends with one; this machine always is.
  private boolean excepted(String name) {
    var host = name.toLowerCase(Locale.ROOT);
    if (host.equals("localhost") || host.startsWith("127.") || host.equals("::1")) {
      return true;
    }
    for (var exception : exceptions.toLowerCase(Locale.ROOT).split(",", -1)) {
      var bare = exception.strip().replaceFirst("^\\*?\\.", "");
      if (bare.equals("*") || !bare.isEmpty() && (host.equals(bare) || host.endsWith("." + bare))) {
        return true;
      }
    }
    return false;
  }

  /// A plus sign in a password is a plus sign.
  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
