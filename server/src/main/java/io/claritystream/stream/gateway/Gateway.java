package io.claritystream.stream.gateway;

import io.claritystream.protocol.identity.PeerIdentity;
import io.claritystream.protocol.identity.SwitchableKeys;
import io.claritystream.protocol.identity.TrustedPeers;
import io.claritystream.stream.source.EdgeCredentials;
import io.claritystream.stream.source.IssuedCertificate;
import io.claritystream.stream.source.PlatformAuthority;
import io.claritystream.stream.source.RevokedAgents;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/// The gateway's server and its regular work: marks every 200 ms, reports, revocations and orders
/// every second, certificates every hour.
final class Gateway implements SmartLifecycle {
  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
  private static final int MESSAGE_BYTES_MAX = 12 * 1024 * 1024;

  /// What the edge admits of an agent, and what it adds itself.
  private static final int METADATA_BYTES_MAX = 16 * 1024;

  /// Of each stream that may be under way from an edge without being asked for.
  private static final int WINDOW_BYTES = 512 * 1024;

  private static final Duration MARKS_EVERY = Duration.ofMillis(200);
  private static final Duration UPKEEP_EVERY = Duration.ofSeconds(1);
  private static final Duration EXPIRY_EVERY = Duration.ofMinutes(1);
  private static final Duration CERTIFICATES_EVERY = Duration.ofHours(1);
  private static final Duration STOP_WITHIN = Duration.ofSeconds(2);

  private final StreamServices services;
  private final LinkService link;
  private final RevokedAgents revoked;
  private final PlatformAuthority authority;
  private final Optional<EdgeCredentials> edgeCredentials;
  private final Executor calls;
  private final SwitchableKeys keys = new SwitchableKeys();
  private final Consumer<Set<UUID>> endRevoked;
  private @Nullable Server server;
  private @Nullable ScheduledExecutorService marks;
  private @Nullable ScheduledExecutorService upkeep;

  Gateway(
      StreamServices services,
      LinkService link,
      RevokedAgents revoked,
      PlatformAuthority authority,
      Optional<EdgeCredentials> edgeCredentials,
      Executor calls) {
    this.services = services;
    this.link = link;
    this.revoked = revoked;
    this.authority = authority;
    this.edgeCredentials = edgeCredentials;
    this.calls = calls;
    this.endRevoked = services.streams()::end;
  }

  @Override
  public void start() {
    revoked.look();
    revoked.listen(endRevoked);
    renewCertificates();
    try {
      server = listen();
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the gateway cannot listen on "
              + services.properties().address()
              + ":"
              + services.properties().port(),
          e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the gateway has no TLS", e);
    }
    marks = every("gateway-marks", MARKS_EVERY, () -> services.streams().look(services.sources()));
    ScheduledExecutorService regular =
        every(
            "gateway-upkeep",
            UPKEEP_EVERY,
            () -> {
              services.reports().write();
              revoked.look();
              services.streams().order(services.snapshots());
            });
    regular.scheduleWithFixedDelay(
        safely("gateway-expiry", services.snapshots()::expire),
        EXPIRY_EVERY.toMillis(),
        EXPIRY_EVERY.toMillis(),
        TimeUnit.MILLISECONDS);
    regular.scheduleWithFixedDelay(
        safely("gateway-certificates", this::renewCertificates),
        CERTIFICATES_EVERY.toMillis(),
        CERTIFICATES_EVERY.toMillis(),
        TimeUnit.MILLISECONDS);
    upkeep = regular;
    LOG.info("gateway listens port={}", port());
  }

  @Override
  public void stop() {
    Server running = server;
    if (running == null) {
      return;
    }
    server = null;
    running.shutdown();
    revoked.forget(endRevoked);
    services.streams().endAll();
    shutdown(marks);
    shutdown(upkeep);
    try {
      if (!running.awaitTermination(STOP_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
        // Edges keep their watch open; they come back by themselves.
        running.shutdownNow().awaitTermination(STOP_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      running.shutdownNow();
      Thread.currentThread().interrupt();
    }
    services.reports().write();
  }

  @Override
  public boolean isRunning() {
    return server != null;
  }

  /// Where edges connect.
  int port() {
    Server running = server;
    if (running == null) {
      throw new IllegalStateException("the gateway is not running");
    }
    return running.getPort();
  }

  private Server listen() throws IOException, GeneralSecurityException {
    TrustedPeers edges = TrustedPeers.identifiedAs("an edge", PeerIdentity.Edge.class);
    edges.trust(List.of(authority.certificate()));
    SslContext tls =
        GrpcSslContexts.configure(SslContextBuilder.forServer(keys))
            .trustManager(edges)
            .clientAuth(ClientAuth.REQUIRE)
            .protocols("TLSv1.3")
            .build();
    GatewayProperties properties = services.properties();
    return NettyServerBuilder.forAddress(
            new InetSocketAddress(properties.address(), properties.port()))
        .sslContext(tls)
        .executor(calls)
        .addService(
            ServerInterceptors.intercept(
                link.definition(),
                new CallingAgent.Interceptor(),
                new FirstMessage(properties.helloWithin(), services.timer())))
        .addService(new EdgeControlService(revoked))
        .maxInboundMessageSize(MESSAGE_BYTES_MAX)
        .maxInboundMetadataSize(METADATA_BYTES_MAX)
        .flowControlWindow(WINDOW_BYTES)
        .handshakeTimeout(10, TimeUnit.SECONDS)
        .permitKeepAliveTime(5, TimeUnit.SECONDS)
        .permitKeepAliveWithoutCalls(true)
        .build()
        .start();
  }

  /// A new key for the gateway itself, and whatever the edge on this machine needs.
  void renewCertificates() {
    KeyPair pair = PlatformAuthority.newKey();
    IssuedCertificate certificate = authority.issueGateway(pair.getPublic());
    keys.use(pair.getPrivate(), certificate.chain());
    edgeCredentials.ifPresent(EdgeCredentials::keep);
  }

  private static ScheduledExecutorService every(String name, Duration period, Runnable act) {
    ScheduledExecutorService thread =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name(name).factory());
    thread.scheduleWithFixedDelay(
        safely(name, act), period.toMillis(), period.toMillis(), TimeUnit.MILLISECONDS);
    return thread;
  }

  private static Runnable safely(String name, Runnable act) {
    return () -> {
      try {
        act.run();
      } catch (RuntimeException e) {
        // The database may be away; the next turn tries again.
        LOG.warn("regular work failed work={}", name, e);
      }
    };
  }

  private static void shutdown(@Nullable ScheduledExecutorService thread) {
    if (thread != null) {
      thread.shutdownNow();
    }
  }
}
