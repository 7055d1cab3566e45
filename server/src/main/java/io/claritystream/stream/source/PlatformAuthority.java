package io.claritystream.stream.source;

import io.claritystream.base.crypto.PlatformKey;
import io.claritystream.base.crypto.PlatformKeys;
import io.claritystream.base.crypto.Sensitive;
import io.claritystream.protocol.identity.PeerIdentity;
import io.claritystream.protocol.identity.Pem;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// The platform's certificate authority: one P-256 key, made once and kept encrypted in the
/// database. It signs the agents, the edges and the gateway, and nothing else is trusted on the
/// link.
public final class PlatformAuthority {
  /// How long an agent's certificate lasts; it is renewed at two thirds.
  public static final Duration AGENT_TERM = Duration.ofHours(24);

  /// The platform's own programs renew theirs at half of it.
  static final Duration PLATFORM_TERM = Duration.ofDays(14);

  private static final Duration AUTHORITY_TERM = Duration.ofDays(20 * 365);

  /// Clocks at the sites may be behind ours by this much.
  private static final Duration BACKDATED = Duration.ofMinutes(5);

  private static final Pattern IP_ADDRESS = Pattern.compile("[0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*");

  private final Clock clock;
  private final SecureRandom random = new SecureRandom();
  private final PrivateKey key;
  private final X509Certificate certificate;

  private PlatformAuthority(Clock clock, PrivateKey key, X509Certificate certificate) {
    this.clock = clock;
    this.key = key;
    this.certificate = certificate;
  }

  /// The authority that is stored, or a new one if none is.
  static PlatformAuthority open(PlatformKeys keys, Clock clock) {
    PlatformKey stored =
        keys.inUse(PlatformKey.Purpose.CERTIFICATE_AUTHORITY, () -> fresh(clock.instant()));
    try {
      PrivateKey key =
          KeyFactory.getInstance("EC")
              .generatePrivate(new PKCS8EncodedKeySpec(stored.secret().value()));
      X509Certificate certificate =
          Pem.certificate(
              stored
                  .certificate()
                  .orElseThrow(() -> new GeneralSecurityException("without its certificate")));
      return new PlatformAuthority(clock, key, certificate);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the stored authority " + stored.id() + " is damaged", e);
    }
  }

  /// What everyone on the link trusts.
  public X509Certificate certificate() {
    return certificate;
  }

  /// A client certificate for an agent, over the key that the agent made.
  public IssuedCertificate issueAgent(PeerIdentity.Agent agent, PublicKey key) {
    return issue(agent, key, KeyPurposeId.id_kp_clientAuth, AGENT_TERM, List.of());
  }

  /// What an edge shows to the gateway.
  public IssuedCertificate issueEdge(PeerIdentity.Edge edge, PublicKey key) {
    return issue(edge, key, KeyPurposeId.id_kp_clientAuth, PLATFORM_TERM, List.of());
  }

  /// What an edge shows to agents: the edge's name, and the hosts it is reached under.
  public IssuedCertificate issueListener(
      PeerIdentity.Edge edge, PublicKey key, List<String> hosts) {
    return issue(edge, key, KeyPurposeId.id_kp_serverAuth, PLATFORM_TERM, hosts);
  }

  /// What the gateway shows to edges.
  public IssuedCertificate issueGateway(PublicKey key) {
    return issue(
        new PeerIdentity.Gateway(), key, KeyPurposeId.id_kp_serverAuth, PLATFORM_TERM, List.of());
  }

  /// A key for one of the platform's own programs.
  public static KeyPair newKey() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has P-256", e);
    }
  }

  private IssuedCertificate issue(
      PeerIdentity identity,
      PublicKey publicKey,
      KeyPurposeId purpose,
      Duration term,
      List<String> hosts) {
    Instant now = clock.instant();
    try {
      JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              certificate,
              serial(random),
              Date.from(now.minus(BACKDATED)),
              Date.from(now.plus(term)),
              new X500Name("CN=" + commonName(identity)),
              publicKey);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(Extension.extendedKeyUsage, true, new ExtendedKeyUsage(purpose));
      builder.addExtension(Extension.subjectAlternativeName, false, names(identity, hosts));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          extensions.createAuthorityKeyIdentifier(certificate));
      return new IssuedCertificate(List.of(signed(builder, key), certificate));
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new IllegalStateException("no certificate for " + identity.uri(), e);
    }
  }

  private static PlatformKey.Fresh fresh(Instant now) {
    KeyPair pair = newKey();
    X500Name name = new X500Name("CN=Clarity Stream platform authority");
    try {
      JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              name,
              serial(new SecureRandom()),
              Date.from(now.minus(BACKDATED)),
              Date.from(now.plus(AUTHORITY_TERM)),
              name,
              pair.getPublic());
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      builder.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          extensions.createSubjectKeyIdentifier(pair.getPublic()));
      X509Certificate certificate = signed(builder, pair.getPrivate());
      return new PlatformKey.Fresh(
          new Sensitive<>(pair.getPrivate().getEncoded()), Optional.of(certificate.getEncoded()));
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new IllegalStateException("no authority can be made", e);
    }
  }

  private static X509Certificate signed(JcaX509v3CertificateBuilder builder, PrivateKey key)
      throws GeneralSecurityException, OperatorCreationException {
    return new JcaX509CertificateConverter()
        .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key)));
  }

  private static GeneralNames names(PeerIdentity identity, List<String> hosts) {
    List<GeneralName> names = new ArrayList<>();
    names.add(new GeneralName(GeneralName.uniformResourceIdentifier, identity.uri()));
    for (String host : hosts) {
      int kind = IP_ADDRESS.matcher(host).matches() ? GeneralName.iPAddress : GeneralName.dNSName;
      names.add(new GeneralName(kind, host));
    }
    return new GeneralNames(names.toArray(GeneralName[]::new));
  }

  private static String commonName(PeerIdentity identity) {
    return switch (identity) {
      case PeerIdentity.Agent agent -> "agent " + agent.agentId();
      case PeerIdentity.Edge edge -> "edge " + edge.name();
      case PeerIdentity.Gateway _ -> "gateway";
    };
  }

  private static BigInteger serial(SecureRandom random) {
    return new BigInteger(127, random).setBit(126);
  }
}
