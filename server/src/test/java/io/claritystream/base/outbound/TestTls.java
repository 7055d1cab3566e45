package io.claritystream.base.outbound;

import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// An authority that tests trust, and certificates of it.
final class TestTls {
  static final char[] PASSWORD = "test".toCharArray();

  private final KeyPair authority = pair();
  private final X509Certificate root = certificate("CN=Test CA", authority, null, 1);

  /// Trusts the authority and nobody else.
  SSLContext trusting() throws Exception {
    KeyStore trusted = empty();
    trusted.setCertificateEntry("ca", root);
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  /// A server with a certificate of the authority for this name, valid until so many days from now.
  KeyStore store(String name, int days) throws Exception {
    KeyPair mine = pair();
    KeyStore store = empty();
    store.setKeyEntry(
        "server",
        mine.getPrivate(),
        PASSWORD,
        new X509Certificate[] {certificate("CN=" + name, mine, name, days), root});
    return store;
  }

  SSLContext server(String name, int days) throws Exception {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store(name, days), PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  private static KeyStore empty() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private X509Certificate certificate(
      String subject, KeyPair keys, @org.jspecify.annotations.Nullable String name, int days) {
    try {
      Instant end = Instant.now().plus(days, ChronoUnit.DAYS);
      var builder =
          new JcaX509v3CertificateBuilder(
              new X500Name("CN=Test CA"),
              BigInteger.valueOf(System.nanoTime()),
              Date.from(end.minus(30, ChronoUnit.DAYS)),
              Date.from(end),
              new X500Name(subject),
              keys.getPublic());
      if (name == null) {
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
      } else {
        int kind = name.matches("[0-9.]+") ? GeneralName.iPAddress : GeneralName.dNSName;
        builder.addExtension(
            Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName(kind, name)));
      }
      PrivateKey signing = name == null ? keys.getPrivate() : authority.getPrivate();
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signing)));
    } catch (Exception broken) {
      throw new IllegalStateException(broken);
    }
  }

  private static KeyPair pair() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      return generator.generateKeyPair();
    } catch (Exception broken) {
      throw new IllegalStateException(broken);
    }
  }
}
