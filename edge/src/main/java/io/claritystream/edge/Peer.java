package io.claritystream.edge;

import io.claritystream.protocol.identity.PeerIdentity;
import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.ServerTransportFilter;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Locale;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/// Who is at the other end of a connection, found once when its handshake is over.
///
/// @param address the remote address without port
/// @param agent who the client certificate names; null without one
record Peer(String address, @Nullable Identified agent) {

  /// What the handshake has verified of an agent.
  record Identified(PeerIdentity.Agent identity, String serial, Instant expiresAt) {}

  private static final Attributes.Key<Peer> ATTRIBUTE = Attributes.Key.create("clarity-peer");

  /// The peer of a call's connection.
  static Peer of(Attributes attributes) {
    Peer peer = attributes.get(ATTRIBUTE);
    if (peer == null) {
      throw new IllegalStateException("a call on a connection that no filter has seen");
    }
    return peer;
  }

  /// Puts the peer beside each new connection.
  static final class Filter extends ServerTransportFilter {
    private final Counters counters;

    Filter(Counters counters) {
      this.counters = counters;
    }

    @Override
    public Attributes transportReady(Attributes attributes) {
      counters.handshakes().increment();
      return attributes.toBuilder().set(ATTRIBUTE, find(attributes)).build();
    }
  }

  private static Peer find(Attributes attributes) {
    SocketAddress remote = attributes.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    String address =
        remote instanceof InetSocketAddress inet && inet.getAddress() != null
            ? inet.getAddress().getHostAddress()
            : "unknown";
    return new Peer(address, identified(attributes.get(Grpc.TRANSPORT_ATTR_SSL_SESSION)));
  }

  private static @Nullable Identified identified(@Nullable SSLSession session) {
    if (session == null) {
      return null;
    }
    Certificate[] chain;
    try {
      chain = session.getPeerCertificates();
    } catch (SSLPeerUnverifiedException e) {
      return null; // A client certificate is optional: pairing has none yet.
    }
    if (chain.length > 0
        && chain[0] instanceof X509Certificate certificate
        && PeerIdentity.of(certificate).orElse(null) instanceof PeerIdentity.Agent identity) {
      return new Identified(
          identity,
          certificate.getSerialNumber().toString(16).toLowerCase(Locale.ROOT),
          certificate.getNotAfter().toInstant());
    }
    return null;
  }
}
