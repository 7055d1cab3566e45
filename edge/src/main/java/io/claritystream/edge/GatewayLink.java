package io.claritystream.edge;

import io.claritystream.protocol.identity.PeerIdentity;
import io.grpc.Channel;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/// The edge's own mutual TLS to the gateway. After the edge's certificate was renewed new calls go
/// over a new connection, while those of the old one run on to their end.
final class GatewayLink {
  private final InetSocketAddress address;
  private final SslContext tls;
  private final EventLoopGroup loops;
  private final int messageBytes;
  private volatile ManagedChannel channel;

  GatewayLink(EdgeConfig config, CredentialFiles credentials, EventLoopGroup loops)
      throws SSLException {
    this.address = config.gateway();
    this.messageBytes = config.messageBytes();
    this.loops = loops;
    this.tls =
        GrpcSslContexts.configure(
                SslContextBuilder.forClient()
                    .keyManager(credentials.edgeKeys())
                    .trustManager(credentials.gateways()))
            .protocols("TLSv1.3")
            .build();
    this.channel = connect();
  }

  Channel channel() {
    return channel;
  }

  /// New calls use a connection whose handshake shows the keys of now.
  void renew() {
    ManagedChannel before = channel;
    channel = connect();
    before.shutdown();
  }

  /// gRPC waits up to two minutes before it tries again; a gateway that restarts is back in
  /// seconds.
  void hurry() {
    ConnectivityState state = channel.getState(true);
    if (state == ConnectivityState.TRANSIENT_FAILURE) {
      channel.resetConnectBackoff();
    }
  }

  void stop() throws InterruptedException {
    channel.shutdownNow();
    channel.awaitTermination(1, TimeUnit.SECONDS);
  }

  private ManagedChannel connect() {
    return NettyChannelBuilder.forAddress(address)
        .overrideAuthority(
            new PeerIdentity.Gateway().uri().substring("spiffe://".length()).replace('/', '.'))
        .sslContext(tls)
        .eventLoopGroup(loops)
        .channelType(NioSocketChannel.class)
        .proxyDetector(_ -> null)
        .directExecutor()
        .decompressorRegistry(Frame.UNCOMPRESSED)
        .disableRetry()
        .maxInboundMessageSize(messageBytes)
        .flowControlWindow(EdgeConfig.WINDOW_BYTES)
        .keepAliveTime(20, TimeUnit.SECONDS)
        .keepAliveTimeout(10, TimeUnit.SECONDS)
        .build();
  }
}
