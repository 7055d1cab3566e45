package io.claritystream.agent.uplink;

import io.claritystream.agent.files.PrivateFile;
import io.claritystream.protocol.identity.PeerIdentity;
import io.claritystream.protocol.identity.Pem;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// A key with its certificate, the platform's authority last.
record Credentials(PrivateKey key, List<X509Certificate> chain) {
  Credentials {
    chain = List.copyOf(chain);
    if (chain.size() < 2) {
      throw new IllegalArgumentException("a certificate came without its authority");
    }
    if (!Pem.belongTogether(key, chain.getFirst().getPublicKey())) {
      throw new IllegalArgumentException("a certificate came for another key");
    }
  }

  /// From what the platform answered.
  ///
  /// @throws GeneralSecurityException if it is not a certificate for this key
  static Credentials of(PrivateKey key, io.claritystream.protocol.link.Certificate answer)
      throws GeneralSecurityException {
    var chain = new ArrayList<X509Certificate>();
    for (var der : answer.getChainList()) {
      chain.add(Pem.certificate(der.toByteArray()));
    }
    try {
      return new Credentials(key, chain);
    } catch (IllegalArgumentException e) {
      throw new GeneralSecurityException(e.getMessage(), e);
    }
  }

  X509Certificate authority() {
    return chain.getLast();
  }

  /// Who the platform certified.
  ///
  /// @throws GeneralSecurityException if that is not an agent
  UUID agentId() throws GeneralSecurityException {
    if (PeerIdentity.of(chain.getFirst()).orElse(null) instanceof PeerIdentity.Agent agent) {
      return agent.agentId();
    }
    throw new GeneralSecurityException("the certificate is not an agent's");
  }

  Instant expiresAt() {
    return chain.getFirst().getNotAfter().toInstant();
  }

  /// Two thirds into its life.
  Instant renewAt() {
    var from = chain.getFirst().getNotBefore().toInstant();
    return from.plusSeconds((expiresAt().getEpochSecond() - from.getEpochSecond()) * 2 / 3);
  }

  /// Key and certificate in one file, so that one cannot be without the other.
  void save(Path file) throws IOException {
    PrivateFile.write(file, Pem.write(key) + Pem.write(chain));
  }

  static Optional<Credentials> load(Path file) throws IOException {
    var text = PrivateFile.read(file);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(new Credentials(Pem.privateKey(text.get()), Pem.certificates(text.get())));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException(
          file + " does not hold a key and its certificate: " + e.getMessage(), e);
    }
  }
}
