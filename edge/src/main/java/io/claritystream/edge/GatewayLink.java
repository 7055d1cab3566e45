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
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLException;

/// The edge's own mutual TLS to the gateways. After the edge's certificate was renewed new calls go
/// over new connections, while those of the old ones run on to their end.
///
/// Each call goes to the next gateway in turn that is connected. A stream stays where it began; if
/// its gateway goes, its agent comes back and is sent to another.
final class GatewayLink {
  private final List<InetSocketAddress> addresses;
  private final SslContext tls;
  private final EventLoopGroup loops;
  private final int messageBytes;
  private final AtomicInteger turn = new AtomicInteger();
  private volatile List<ManagedChannel> channels;

  GatewayLink(EdgeConfig config, CredentialFiles credentials, EventLoopGroup loops)
      throws SSLException {
    this.addresses = config.gateways();
    this.messageBytes = config.messageBytes();
    this.loops = loops;
    this.tls =
        GrpcSslContexts.configure(
                SslContextBuilder.forClient()
                    .keyManager(credentials.edgeKeys())
                    .trustManager(credentials.gateways()))
            .protocols("TLSv1.3")
            .build();
    this.channels = connect();
  }

  /// The next one that is connected; while none is, the next that may yet be.
  Channel channel() {
    List<ManagedChannel> all = channels;
    int first = Math.floorMod(turn.getAndIncrement(), all.size());
    ManagedChannel hoped = all.get(first);
    boolean hopeless = true;
    for (int i = 0; i < all.size(); i++) {
      ManagedChannel one = all.get((first + i) % all.size());
      ConnectivityState state = one.getState(true);
      if (state == ConnectivityState.READY) {
        return one;
      }
      if (hopeless && state != ConnectivityState.TRANSIENT_FAILURE) {
        hoped = one;
        hopeless = false;
      }
    }
    return hoped;
  }

  /// New calls use connections whose handshakes show the keys of now.
  void renew() {
    List<ManagedChannel> before = channels;
    channels = connect();
    before.forEach(ManagedChannel::shutdown);
  }

  /// gRPC waits up to two minutes before it tries again; a gateway that restarts is back in
  /// seconds.
  void hurry() {
    for (ManagedChannel channel : channels) {
      if (channel.getState(true) == ConnectivityState.TRANSIENT_FAILURE) {
        channel.resetConnectBackoff();
      }
    }
  }

  void stop() throws InterruptedException {
    List<ManagedChannel> all = channels;
    all.forEach(ManagedChannel::shutdownNow);
    for (ManagedChannel channel : all) {
      channel.awaitTermination(1, TimeUnit.SECONDS);
    }
  }

  private List<ManagedChannel> connect() {
    return addresses.stream().map(this::connect).toList();
  }

  private ManagedChannel connect(InetSocketAddress address) {
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
