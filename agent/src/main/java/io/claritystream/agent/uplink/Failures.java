package io.claritystream.agent.uplink;

import io.grpc.Status;
import io.grpc.netty.shaded.io.netty.handler.proxy.ProxyConnectException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;

/// Failed calls in words for a person.
final class Failures {
  private static final int DEPTH_MAX = 20;

  private Failures() {}

  /// Whether it was this agent's certificate that was not taken. A server that is not trusted here
  /// says nothing about that.
  static boolean refusesCertificate(Throwable failure) {
    var status = Status.fromThrowable(failure);
    if (status.getCode() == Status.Code.UNAUTHENTICATED) {
      return true;
    }
    var handshake = false;
    var depth = 0;
    for (Throwable t = failure; t != null && depth < DEPTH_MAX; t = t.getCause(), depth++) {
      if (t instanceof CertificateException) {
        return false;
      }
      handshake |= t instanceof SSLException;
    }
    return handshake;
  }

  static String words(Throwable failure, ServerAddress server) {
    var status = Status.fromThrowable(failure);
    var cause = status.getCause() == null ? failure : status.getCause();
    var depth = 0;
    for (Throwable t = cause; t != null && depth < DEPTH_MAX; t = t.getCause(), depth++) {
      if (t instanceof CertificateException) {
        return "the server at " + server + " is not to be trusted: " + t.getMessage();
      }
      if (t instanceof Proxy.NotFoundException) {
        return String.valueOf(t.getMessage());
      }
      if (t instanceof UnknownHostException) {
        return "the host " + server.host() + " is not known; check the server's address";
      }
      if (t instanceof ProxyConnectException) {
        return proxy(String.valueOf(t.getMessage()), server);
      }
      if (t instanceof ConnectException) {
        return "nothing answers at " + server + "; check the address, the firewall and the proxy";
      }
    }
    var said = said(status);
    return switch (status.getCode()) {
      case UNAVAILABLE -> "the platform at " + server + " cannot be reached" + said;
      case DEADLINE_EXCEEDED -> "the platform at " + server + " does not answer";
      case UNAUTHENTICATED -> "the platform does not accept the agent's certificate" + said;
      case PERMISSION_DENIED -> "the platform refuses the agent" + said;
      default -> "the platform answered " + status.getCode() + said;
    };
  }

  /// A status that the network's library made itself describes the library's inside on further
  /// lines, and has nothing but its own words for a connection that broke.
  private static String said(Status status) {
    var first = String.valueOf(status.getDescription()).lines().findFirst().orElse("null").strip();
    return switch (first) {
      case "null" -> "";
      case "io exception" -> ": the connection broke off; check that its edge runs";
      default -> ": " + first;
    };
  }

  /// The connection to the proxy stands, and it does not lead on.
  private static String proxy(String said, ServerAddress server) {
    var before = "the proxy does not let the agent through to " + server;
    if (said.contains("status: 407")) {
      return before
          + ": it wants a user and a password, and others than it was given; name them like"
          + " HTTPS_PROXY=http://user:password@proxy.example.com:3128";
    }
    var status = said.indexOf("status: ");
    return status < 0
        ? before + "; check its address and whether it takes CONNECT"
        : before + ": it answers " + said.substring(status + "status: ".length());
  }
}
