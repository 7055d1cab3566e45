package io.claritystream.protocol.identity;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/// One key and its certificate, replaceable while connections are made: a handshake that began with
/// the old pair ends with the old pair.
public final class SwitchableKeys extends X509ExtendedKeyManager {

  private record Pair(String alias, PrivateKey key, List<X509Certificate> chain) {}

  private record Pairs(Pair newest, @Nullable Pair before) {}

  private volatile @Nullable Pairs pairs;

  /// Handshakes from now on use this pair.
  public synchronized void use(PrivateKey key, List<X509Certificate> chain) {
    if (!Pem.belongTogether(key, chain.getFirst().getPublicKey())) {
      throw new IllegalArgumentException("the key is not the certificate's");
    }
    Pairs now = pairs;
    Pair before = now == null ? null : now.newest();
    int number = before == null ? 0 : Integer.parseInt(before.alias()) + 1;
    pairs = new Pairs(new Pair(Integer.toString(number), key, List.copyOf(chain)), before);
  }

  @Override
  public @Nullable String chooseEngineClientAlias(
      String[] keyTypes, Principal[] issuers, SSLEngine engine) {
    return newestAlias();
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal[] issuers, SSLEngine engine) {
    return newestAlias();
  }

  @Override
  public @Nullable String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
    return newestAlias();
  }

  @Override
  public @Nullable String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
    return newestAlias();
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal[] issuers) {
    return aliases();
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal[] issuers) {
    return aliases();
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    Pair pair = pair(alias);
    return pair == null ? null : pair.chain().toArray(X509Certificate[]::new);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    Pair pair = pair(alias);
    return pair == null ? null : pair.key();
  }

  private String @Nullable [] aliases() {
    String alias = newestAlias();
    return alias == null ? null : new String[] {alias};
  }

  private @Nullable String newestAlias() {
    Pairs now = pairs;
    return now == null ? null : now.newest().alias();
  }

  private @Nullable Pair pair(String alias) {
    Pairs now = pairs;
    if (now == null) {
      return null;
    }
    if (now.newest().alias().equals(alias)) {
      return now.newest();
    }
    Pair before = now.before();
    return before != null && before.alias().equals(alias) ? before : null;
  }
}
