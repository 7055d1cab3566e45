package io.claritystream.agent.uplink;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslProvider;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/// Opens connections to an edge: TLS 1.3, whoever the trust manager takes for one.
final class Channels {
  private static final int MESSAGE_BYTES_MAX = 1024 * 1024;

  private Channels() {}

  /// @param keys what the agent shows, or null before it has anything to show
  static ManagedChannel open(
      ServerAddress server,
      @Nullable KeyManager keys,
      X509TrustManager edges,
      Map<String, String> environment,
      String version) {
    try {
      var tls = GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK);
      if (keys != null) {
        tls.keyManager(keys);
      }
      return NettyChannelBuilder.forAddress(server.host(), server.port())
          .sslContext(tls.trustManager(edges).protocols("TLSv1.3").build())
          .proxyDetector(Proxy.of(environment))
          .disableRetry()
          .maxInboundMessageSize(MESSAGE_BYTES_MAX)
          .keepAliveTime(20, TimeUnit.SECONDS)
          .keepAliveTimeout(10, TimeUnit.SECONDS)
          .idleTimeout(1, TimeUnit.HOURS)
          .userAgent("clarity-agent/" + version)
          .build();
    } catch (SSLException e) {
      throw new IllegalStateException("this Java has no TLS 1.3", e);
    }
  }
}
