package io.claritystream.edge;

import io.claritystream.edge.EdgeConfig.WrongConfig;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The program: `edge --config FILE`. Once it listens it prints `{"event":"ready","port":8443}`.
public final class Edge implements AutoCloseable {
  private static final int EXIT_WRONG_CONFIG = 2;

  /// More than a call may have of metadata, so that it is told what is too much: what is beyond
  /// this ends in a status of HTTP/2 that says nothing.
  private static final int METADATA_BYTES_READ = 64 * 1024;

  private static final Duration LOOK_EVERY = Duration.ofSeconds(2);
  private static final Duration CREDENTIALS_EVERY = Duration.ofMillis(200);
  private static final Duration STOP_WITHIN = Duration.ofSeconds(3);

  private final Counters counters = new Counters();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("edge-timer").factory());
  private final EventLoopGroup loops = loops("edge-io", 2);
  private final EventLoopGroup acceptor = loops("edge-accept", 1);
  private final CredentialFiles credentials;
  private final GatewayLink gateway;
  private final LiveCalls liveCalls;
  private final Revocations revocations;
  private final ListenChannel.Connections connections;
  private final Server server;
  private String edgeName;

  /// Starts to listen. The credentials have to be usable already.
  private Edge(EdgeConfig config, CredentialFiles credentials, String edgeName, Clock clock)
      throws IOException {
    this.credentials = credentials;
    this.edgeName = edgeName;
    this.liveCalls = new LiveCalls(config.callsPerAgent(), counters);
    this.connections =
        new ListenChannel.Connections(
            config.connectionsPerAddress(), config.connections(), counters);
    this.gateway = new GatewayLink(config, credentials, loops);
    this.revocations = new Revocations(gateway::channel, liveCalls, timer);
    this.server = listen(config, clock);
    every(LOOK_EVERY, this::lookAtCredentials);
    every(Duration.ofMillis(250), gateway::hurry);
    every(Duration.ofSeconds(1), () -> liveCalls.endExpired(clock.instant()));
    every(Duration.ofMinutes(1), () -> log().info("{}", counterLine()));
    revocations.watch(edgeName);
  }

  /// Runs until the process is told to end.
  public static void main(String[] arguments) {
    System.setProperty(
        "java.util.logging.SimpleFormatter.format", "%1$tFT%1$tT.%1$tL%1$tz %4$s %3$s %5$s%6$s%n");
    EdgeConfig config;
    try {
      config = EdgeConfig.of(arguments);
    } catch (WrongConfig e) {
      fail(e.getMessage());
      return;
    }
    if (config.listen().isUnresolved()) {
      fail("The address to listen on is not known here: " + config.listen().getHostString());
      return;
    }
    try {
      Edge edge = start(config, Clock.systemUTC());
      CountDownLatch stopped = new CountDownLatch(1);
      Runtime.getRuntime()
          .addShutdownHook(
              Thread.ofPlatform()
                  .name("edge-stop")
                  .unstarted(
                      () -> {
                        edge.close();
                        stopped.countDown();
                      }));
      System.out.println("{\"event\":\"ready\",\"port\":" + edge.port() + "}");
      System.out.flush();
      stopped.await();
    } catch (IOException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      fail(
          "The edge cannot listen on "
              + config.listen().getHostString()
              + ":"
              + config.listen().getPort()
              + ": "
              + cause.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Waits for credentials, then listens and connects to the gateway.
  static Edge start(EdgeConfig config, Clock clock) throws IOException, InterruptedException {
    CredentialFiles credentials = new CredentialFiles(config.credentials());
    String said = "";
    while (true) {
      switch (credentials.look()) {
        case CredentialFiles.Look.Taken taken -> {
          return new Edge(config, credentials, taken.identity().name(), clock);
        }
        case CredentialFiles.Look.Unusable(String why) -> {
          if (!why.equals(said)) {
            log().info("waiting for credentials: {}", why);
            said = why;
          }
        }
        case CredentialFiles.Look.Same() ->
            throw new IllegalStateException("credentials were taken up twice");
      }
      Thread.sleep(CREDENTIALS_EVERY);
    }
  }

  /// Where agents connect.
  int port() {
    return server.getPort();
  }

  Counters counters() {
    return counters;
  }

  String counterLine() {
    return counters.line(liveCalls.size(), connections.count());
  }

  int liveCalls() {
    return liveCalls.size();
  }

  /// Ends all calls with UNAVAILABLE, so that agents go elsewhere or come back, and stops within
  /// seconds.
  @Override
  public void close() {
    server.shutdown();
    revocations.stop();
    liveCalls.stop();
    try {
      if (!server.awaitTermination(STOP_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
        server.shutdownNow();
      }
      gateway.stop();
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
    timer.shutdownNow();
    acceptor.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    log().info("stopped {}", counterLine());
  }

  private Server listen(EdgeConfig config, Clock clock) throws IOException {
    SslContext tls =
        GrpcSslContexts.configure(SslContextBuilder.forServer(credentials.listenKeys()))
            .trustManager(credentials.agents())
            .clientAuth(ClientAuth.OPTIONAL)
            .protocols("TLSv1.3")
            .build();
    return NettyServerBuilder.forAddress(config.listen())
        .sslContext(tls)
        .bossEventLoopGroup(acceptor)
        .workerEventLoopGroup(loops)
        .channelFactory(() -> new ListenChannel(connections))
        .directExecutor()
        .addTransportFilter(new Peer.Filter(counters))
        .fallbackHandlerRegistry(new Relay(gateway::channel, liveCalls, counters, clock))
        .decompressorRegistry(Frame.UNCOMPRESSED)
        .addStreamTracerFactory(new PairLimit.Factory())
        .maxInboundMessageSize(config.messageBytes())
        .flowControlWindow(config.windowBytes())
        .maxInboundMetadataSize(METADATA_BYTES_READ)
        .maxConcurrentCallsPerConnection(config.callsPerAgent())
        .handshakeTimeout(10, TimeUnit.SECONDS)
        .maxConnectionIdle(config.idle().toMillis(), TimeUnit.MILLISECONDS)
        .keepAliveTime(30, TimeUnit.SECONDS)
        .keepAliveTimeout(15, TimeUnit.SECONDS)
        .permitKeepAliveTime(10, TimeUnit.SECONDS)
        .permitKeepAliveWithoutCalls(false)
        .maxRstFramesPerWindow(200, 30)
        .build()
        .start();
  }

  private void lookAtCredentials() {
    switch (credentials.look()) {
      case CredentialFiles.Look.Same() -> {}
      case CredentialFiles.Look.Unusable(String why) ->
          log().warn("the credentials stay those of before: {}", why);
      case CredentialFiles.Look.Taken taken -> {
        log()
            .info(
                "renewed credentials are in use, good until {}",
                taken.edgeCertificate().getNotAfter().toInstant());
        edgeName = taken.identity().name();
        gateway.renew();
        revocations.watch(edgeName);
      }
    }
  }

  private void every(Duration period, Runnable act) {
    timer.scheduleWithFixedDelay(
        () -> {
          try {
            act.run();
          } catch (RuntimeException e) {
            log().error("a regular act failed and is tried again", e);
          }
        },
        period.toMillis(),
        period.toMillis(),
        TimeUnit.MILLISECONDS);
  }

  private static EventLoopGroup loops(String name, int threads) {
    return new MultiThreadIoEventLoopGroup(
        threads,
        Thread.ofPlatform().daemon().name(name + "-", 0).factory(),
        NioIoHandler.newFactory());
  }

  /// Looked up late, after the format of the lines was set.
  private static Logger log() {
    return LoggerFactory.getLogger(Edge.class);
  }

  private static void fail(String sentence) {
    System.err.println(sentence);
    System.exit(EXIT_WRONG_CONFIG);
  }
}
