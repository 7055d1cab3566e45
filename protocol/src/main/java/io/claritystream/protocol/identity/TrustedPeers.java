package io.claritystream.protocol.identity;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Predicate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/// Trusts a peer whose chain ends at the platform's authority, is valid now, and whose identity is
/// the expected one. Host names play no part, so that an edge may be reached under any of its
/// names. The authority can be replaced while connections are made.
public final class TrustedPeers extends X509ExtendedTrustManager {
  private final Predicate<X509Certificate> expected;
  private final String expectation;
  private volatile @Nullable X509TrustManager chains;

  /// `expectation` is for the message of a refusal: "an agent", "the gateway".
  public TrustedPeers(String expectation, Predicate<X509Certificate> expected) {
    this.expectation = expectation;
    this.expected = expected;
  }

  /// Peers whose one identity is of this kind.
  public static TrustedPeers identifiedAs(String expectation, Class<? extends PeerIdentity> kind) {
    return new TrustedPeers(
        expectation,
        certificate -> PeerIdentity.of(certificate).filter(kind::isInstance).isPresent());
  }

  /// Handshakes from now on accept chains that end at one of these.
  public void trust(List<X509Certificate> authorities) throws GeneralSecurityException {
    if (authorities.isEmpty()) {
      throw new IllegalArgumentException("no authority to trust");
    }
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (int i = 0; i < authorities.size(); i++) {
        store.setCertificateEntry("authority-" + i, authorities.get(i));
      }
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(store);
      for (TrustManager manager : factory.getTrustManagers()) {
        if (manager instanceof X509TrustManager x509) {
          chains = x509;
          return;
        }
      }
      throw new GeneralSecurityException("this Java checks no X.509 chains");
    } catch (java.io.IOException e) {
      throw new GeneralSecurityException("an empty key store could not be made", e);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    chains().checkClientTrusted(chain, authType);
    checkIdentity(chain[0]);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    chains().checkServerTrusted(chain, authType);
    checkIdentity(chain[0]);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    checkClientTrusted(chain, authType);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    checkClientTrusted(chain, authType);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    checkServerTrusted(chain, authType);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    checkServerTrusted(chain, authType);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    X509TrustManager now = chains;
    return now == null ? new X509Certificate[0] : now.getAcceptedIssuers();
  }

  private X509TrustManager chains() throws CertificateException {
    X509TrustManager now = chains;
    if (now == null) {
      throw new CertificateException("no authority is known yet");
    }
    return now;
  }

  private void checkIdentity(X509Certificate certificate) throws CertificateException {
    if (!expected.test(certificate)) {
      throw new CertificateException("the certificate is not that of " + expectation);
    }
  }
}
