package io.claritystream.agent.uplink;

import com.google.protobuf.ByteString;
import io.claritystream.protocol.identity.PeerIdentity;
import io.claritystream.protocol.link.Certificate;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// An authority like the platform's, for certificates of any life.
public final class TestAuthority {
  private final KeyPair keys = KeyPairs.make();
  private final AtomicLong serials = new AtomicLong(1);
  private final X509Certificate certificate =
      issue("CN=authority", keys.getPublic(), null, Instant.now(), Duration.ofDays(1));

  public X509Certificate certificate() {
    return certificate;
  }

  /// A key and its chain.
  public record Issued(KeyPair keys, List<X509Certificate> chain) {}

  public Issued issue(PeerIdentity identity) {
    var pair = KeyPairs.make();
    return new Issued(pair, chain(identity, pair.getPublic(), Instant.now(), Duration.ofHours(24)));
  }

  /// Of a server that is called so.
  public Issued server(String host) {
    var pair = KeyPairs.make();
    var name = new GeneralName(GeneralName.dNSName, host);
    return new Issued(
        pair,
        List.of(issue("CN=server", pair.getPublic(), name, Instant.now(), Duration.ofHours(24))));
  }

  public List<X509Certificate> chain(
      PeerIdentity identity, PublicKey key, Instant from, Duration life) {
    var name = new GeneralName(GeneralName.uniformResourceIdentifier, identity.uri());
    return List.of(issue("CN=peer", key, name, from, life), certificate);
  }

  /// As the platform answers.
  Certificate answer(PeerIdentity identity, byte[] publicKey, Instant from, Duration life) {
    try {
      var key = KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(publicKey));
      var answer = Certificate.newBuilder();
      for (var each : chain(identity, key, from, life)) {
        answer.addChain(ByteString.copyFrom(each.getEncoded()));
      }
      return answer.build();
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private X509Certificate issue(
      String subject, PublicKey key, GeneralName name, Instant from, Duration life) {
    try {
      var builder =
          new JcaX509v3CertificateBuilder(
              new X500Name("CN=authority"),
              BigInteger.valueOf(serials.getAndIncrement()),
              Date.from(from.minusSeconds(60)),
              Date.from(from.plus(life)),
              new X500Name(subject),
              key);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(name == null));
      if (name != null) {
        builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(name));
      }
      var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate());
      return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    } catch (GeneralSecurityException | OperatorException | java.io.IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
