package io.claritystream.protocol.identity;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Whom a certificate names: exactly one URI among its subject alternative names, in one of three
/// shapes. Anything else names nobody.
public sealed interface PeerIdentity {

  /// The URI that stands in the certificate.
  String uri();

  /// A connector agent of one tenant.
  record Agent(UUID tenantId, UUID agentId) implements PeerIdentity {
    public Agent {
      Objects.requireNonNull(tenantId);
      Objects.requireNonNull(agentId);
    }

    @Override
    public String uri() {
      return "spiffe://clarity/tenant/" + tenantId + "/agent/" + agentId;
    }
  }

  /// An edge, by the name that the platform gave it.
  record Edge(String name) implements PeerIdentity {
    public Edge {
      if (!EDGE_NAME.matcher(name).matches()) {
        throw new IllegalArgumentException("not a name for an edge: " + name);
      }
    }

    @Override
    public String uri() {
      return "spiffe://clarity/edge/" + name;
    }
  }

  /// The gateway, whichever process serves it.
  record Gateway() implements PeerIdentity {
    @Override
    public String uri() {
      return "spiffe://clarity/gateway";
    }
  }

  Pattern EDGE_NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,62})");

  Pattern AGENT_URI =
      Pattern.compile(
          "spiffe://clarity/tenant/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
              + "/agent/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})");

  /// The identity that this URI stands for, if it is one of the three shapes.
  static Optional<PeerIdentity> parse(String uri) {
    if (uri.equals("spiffe://clarity/gateway")) {
      return Optional.of(new Gateway());
    }
    String edge = "spiffe://clarity/edge/";
    if (uri.startsWith(edge)) {
      String name = uri.substring(edge.length());
      return EDGE_NAME.matcher(name).matches() ? Optional.of(new Edge(name)) : Optional.empty();
    }
    Matcher agent = AGENT_URI.matcher(uri);
    if (agent.matches()) {
      return Optional.of(
          new Agent(UUID.fromString(agent.group(1)), UUID.fromString(agent.group(2))));
    }
    return Optional.empty();
  }

  /// The identity in a certificate whose chain somebody else has verified. Two URIs name nobody:
  /// which of them was meant is not ours to guess.
  static Optional<PeerIdentity> of(X509Certificate certificate) {
    Collection<List<?>> names;
    try {
      names = certificate.getSubjectAlternativeNames();
    } catch (CertificateParsingException e) {
      return Optional.empty();
    }
    if (names == null) {
      return Optional.empty();
    }
    int uriName = 6; // GeneralName of RFC 5280
    List<String> uris =
        names.stream()
            .filter(name -> name.getFirst().equals(uriName))
            .map(name -> (String) name.get(1))
            .toList();
    return uris.size() == 1 ? parse(uris.getFirst()) : Optional.empty();
  }
}
