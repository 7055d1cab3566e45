package io.claritystream.stream.source;

import io.claritystream.protocol.identity.PeerIdentity;
import io.claritystream.protocol.identity.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the credentials directory of the edge on this machine good: ca.crt, edge.key, edge.crt,
/// listen.key, listen.crt. Each file is replaced as a whole, and its key before its certificate;
/// the edge takes a set up only when keys and certificates fit.
public final class EdgeCredentials {
  private static final Logger LOG = LoggerFactory.getLogger(EdgeCredentials.class);
  private static final Duration RENEWED_BEFORE_END = PlatformAuthority.PLATFORM_TERM.dividedBy(2);
  private static final PeerIdentity.Edge EDGE = new PeerIdentity.Edge("local");

  private final PlatformAuthority authority;
  private final Path directory;
  private final List<String> hosts;
  private final Clock clock;

  public EdgeCredentials(
      PlatformAuthority authority, Path directory, List<String> hosts, Clock clock) {
    this.authority = authority;
    this.directory = directory;
    this.hosts = List.copyOf(hosts);
    this.clock = clock;
  }

  /// Writes what is missing, ends within a week, or was made for another authority or other
  /// hosts.
  public void keep() {
    try {
      Files.createDirectories(directory, ownerOnly("rwx------"));
      if (!isGood("ca.crt", certificate -> certificate.equals(authority.certificate()))) {
        write("ca.crt", Pem.write(List.of(authority.certificate())));
      }
      if (!isGood("edge.crt", this::isOurs)) {
        KeyPair pair = PlatformAuthority.newKey();
        write("edge.key", Pem.write(pair.getPrivate()));
        write("edge.crt", Pem.write(authority.issueEdge(EDGE, pair.getPublic()).chain()));
        LOG.info("edge identity written directory={}", directory);
      }
      if (!isGood("listen.crt", certificate -> isOurs(certificate) && namesHosts(certificate))) {
        KeyPair pair = PlatformAuthority.newKey();
        write("listen.key", Pem.write(pair.getPrivate()));
        write(
            "listen.crt",
            Pem.write(authority.issueListener(EDGE, pair.getPublic(), hosts).chain()));
        LOG.info("edge listening certificate written directory={} hosts={}", directory, hosts);
      }
    } catch (IOException e) {
      LOG.error("the edge's credentials cannot be written directory={}", directory, e);
    }
  }

  private interface Test {
    boolean holds(X509Certificate certificate);
  }

  private boolean isGood(String name, Test test) throws IOException {
    Path file = directory.resolve(name);
    if (!Files.exists(file)) {
      return false;
    }
    try {
      X509Certificate certificate = Pem.certificates(Files.readString(file)).getFirst();
      Instant end = certificate.getNotAfter().toInstant();
      return test.holds(certificate)
          && end.minus(RENEWED_BEFORE_END).isAfter(clock.instant())
          && keyFits(name, certificate);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private boolean keyFits(String name, X509Certificate certificate) throws IOException {
    Path key = directory.resolve(name.replace(".crt", ".key"));
    if (name.equals("ca.crt")) {
      return true;
    }
    try {
      return Files.exists(key)
          && Pem.belongTogether(Pem.privateKey(Files.readString(key)), certificate.getPublicKey());
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private boolean isOurs(X509Certificate certificate) {
    try {
      certificate.verify(authority.certificate().getPublicKey());
      return PeerIdentity.of(certificate).filter(EDGE::equals).isPresent();
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private boolean namesHosts(X509Certificate certificate) {
    try {
      int uriName = 6; // GeneralName of RFC 5280
      Set<Object> named = new HashSet<>();
      certificate.getSubjectAlternativeNames().stream()
          .filter(name -> !name.getFirst().equals(uriName))
          .forEach(name -> named.add(name.get(1)));
      return named.equals(Set.copyOf(hosts));
    } catch (CertificateParsingException e) {
      return false;
    }
  }

  private void write(String name, String text) throws IOException {
    Path fresh = Files.createTempFile(directory, "." + name, null, ownerOnly("rw-------"));
    try {
      Files.writeString(fresh, text);
      Files.move(
          fresh,
          directory.resolve(name),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  private static FileAttribute<?> ownerOnly(String permissions) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
  }
}
