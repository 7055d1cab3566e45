package io.claritystream.edge;

import io.claritystream.protocol.identity.PeerIdentity;
import io.claritystream.protocol.identity.Pem;
import io.claritystream.protocol.identity.SwitchableKeys;
import io.claritystream.protocol.identity.TrustedPeers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The files that make this edge somebody: what it shows to agents (listen), what it shows to the
/// gateway (edge), and the authority it trusts (ca). The platform renews them while the edge runs.
///
/// A set is taken up whole or not at all: each key has to fit its certificate, so that a set that
/// is just being replaced is read again at the next look.
final class CredentialFiles {
  private static final List<String> NAMES =
      List.of("ca.crt", "edge.key", "edge.crt", "listen.key", "listen.crt");
  private static final long FILE_BYTES_MAX = 64 * 1024;

  /// Found at a look.
  sealed interface Look {
    /// The files are those already in use.
    record Same() implements Look {}

    /// A new set is in use from now on, under this edge identity.
    record Taken(PeerIdentity.Edge identity, X509Certificate edgeCertificate) implements Look {}

    /// No usable set is there yet; why, for a person.
    record Unusable(String why) implements Look {}
  }

  private final Path directory;
  private final SwitchableKeys listenKeys = new SwitchableKeys();
  private final SwitchableKeys edgeKeys = new SwitchableKeys();
  private final TrustedPeers agents =
      TrustedPeers.identifiedAs("an agent", PeerIdentity.Agent.class);
  private final TrustedPeers gateways =
      TrustedPeers.identifiedAs("the gateway", PeerIdentity.Gateway.class);
  private Map<String, String> inUse = Map.of();

  CredentialFiles(Path directory) {
    this.directory = directory;
  }

  SwitchableKeys listenKeys() {
    return listenKeys;
  }

  SwitchableKeys edgeKeys() {
    return edgeKeys;
  }

  TrustedPeers agents() {
    return agents;
  }

  TrustedPeers gateways() {
    return gateways;
  }

  /// Reads the directory, and takes up what is new there.
  synchronized Look look() {
    Map<String, String> texts = new HashMap<>();
    for (String name : NAMES) {
      Path file = directory.resolve(name);
      try {
        if (Files.size(file) > FILE_BYTES_MAX) {
          return new Look.Unusable(file + " is too large to be a key or certificate");
        }
        texts.put(name, Files.readString(file));
      } catch (IOException e) {
        return new Look.Unusable(file + " cannot be read");
      }
    }
    if (texts.equals(inUse)) {
      return new Look.Same();
    }
    try {
      List<X509Certificate> authorities = Pem.certificates(text(texts, "ca.crt"));
      List<X509Certificate> edge = Pem.certificates(text(texts, "edge.crt"));
      List<X509Certificate> listen = Pem.certificates(text(texts, "listen.crt"));
      PrivateKey edgeKey = Pem.privateKey(text(texts, "edge.key"));
      PrivateKey listenKey = Pem.privateKey(text(texts, "listen.key"));
      if (!Pem.belongTogether(edgeKey, edge.getFirst().getPublicKey())
          || !Pem.belongTogether(listenKey, listen.getFirst().getPublicKey())) {
        return new Look.Unusable("a key in " + directory + " does not fit its certificate");
      }
      if (!(PeerIdentity.of(edge.getFirst()).orElse(null) instanceof PeerIdentity.Edge identity)) {
        return new Look.Unusable(directory.resolve("edge.crt") + " is not that of an edge");
      }
      agents.trust(authorities);
      gateways.trust(authorities);
      edgeKeys.use(edgeKey, edge);
      listenKeys.use(listenKey, listen);
      inUse = texts;
      return new Look.Taken(identity, edge.getFirst());
    } catch (GeneralSecurityException e) {
      return new Look.Unusable(
          "the credentials in " + directory + " are damaged: " + e.getMessage());
    }
  }

  private static String text(Map<String, String> texts, String name) {
    String text = texts.get(name);
    if (text == null) {
      throw new IllegalStateException("not read: " + name);
    }
    return text;
  }
}
