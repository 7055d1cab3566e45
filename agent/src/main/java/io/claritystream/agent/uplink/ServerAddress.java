package io.claritystream.agent.uplink;

import java.net.URI;
import java.net.URISyntaxException;

/// Where the platform's edge is.
public record ServerAddress(String host, int port) {
  private static final int HTTPS = 443;

  /// From `https://host[:port]`.
  ///
  /// @throws IllegalArgumentException in words for a person
  public static ServerAddress parse(String url) {
    var text = url.contains("://") ? url : "https://" + url;
    try {
      var uri = new URI(text);
      if (!"https".equalsIgnoreCase(uri.getScheme())) {
        throw new IllegalArgumentException(
            "the server's address begins with https://, and not like " + url);
      }
      if (uri.getHost() == null || uri.getUserInfo() != null) {
        throw new IllegalArgumentException(
            "the server's address is like https://edge.example.com:8443, and not like " + url);
      }
      var host = uri.getHost();
      return new ServerAddress(
          host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
          uri.getPort() < 0 ? HTTPS : uri.getPort());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          "the server's address is like https://edge.example.com:8443, and not like " + url, e);
    }
  }

  @Override
  public String toString() {
    return "https://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
