package io.claritystream.agent.uplink;

import io.claritystream.protocol.block.BatchDigest;
import io.claritystream.protocol.block.Block;
import io.claritystream.protocol.block.BlockReader;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.identity.PairingCode;
import io.claritystream.protocol.identity.PeerIdentity;
import io.claritystream.protocol.identity.SwitchableKeys;
import io.claritystream.protocol.identity.TrustedPeers;
import io.claritystream.protocol.link.AcknowledgeMode;
import io.claritystream.protocol.link.AgentFrame;
import io.claritystream.protocol.link.AgentLinkGrpc;
import io.claritystream.protocol.link.Batch;
import io.claritystream.protocol.link.Durable;
import io.claritystream.protocol.link.GapStored;
import io.claritystream.protocol.link.Hello;
import io.claritystream.protocol.link.PairRequest;
import io.claritystream.protocol.link.PairResponse;
import io.claritystream.protocol.link.PlatformFrame;
import io.claritystream.protocol.link.Refused;
import io.claritystream.protocol.link.RegisterSourceRequest;
import io.claritystream.protocol.link.RegisterSourceResponse;
import io.claritystream.protocol.link.RemoveSourceRequest;
import io.claritystream.protocol.link.RemoveSourceResponse;
import io.claritystream.protocol.link.RenewRequest;
import io.claritystream.protocol.link.RenewResponse;
import io.claritystream.protocol.link.Rewind;
import io.claritystream.protocol.link.Settings;
import io.claritystream.protocol.link.SnapshotOrder;
import io.claritystream.protocol.link.SnapshotState;
import io.claritystream.protocol.link.SourceGap;
import io.claritystream.protocol.link.SourceStatus;
import io.claritystream.protocol.link.Welcome;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslProvider;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/// A platform end over real gRPC and mutual TLS, that checks everything an agent promises and can
/// be as hostile as a network: acknowledge late, drop the connection, forget what is not durable,
/// ask again.
///
/// What is durable is final: it is compared with the source at a test's end.
public final class TestPlatform implements AutoCloseable {
  /// What happens when a batch was accepted; by default all is durable at once.
  public interface Mood {
    void accepted(Stream stream, long lastSeq);
  }

  /// One source's durable history, over all of its epochs.
  public static final class Source {
    public final String id = UUID.randomUUID().toString();
    public int epoch = 1;
    boolean epochUsed;
    public final List<ChangeEvent> durable = new ArrayList<>();
    private final List<ChangeEvent> history = new ArrayList<>();
    public final List<Integer> epochs = new ArrayList<>();
    long durableSeq;
    byte[] durableDigest = new byte[0];
    String durablePosition = "";
    /// Set where there are more events than a test can keep: only counted then.
    public volatile boolean counts;
    public volatile long counted;
    public volatile long commitOfLast;
    public int snapshotsBegun;
    public int snapshotsEnded;
    public @Nullable SourceStatus status;
    public final Map<String, SourceGap> gaps = new ConcurrentHashMap<>();
    public final Map<String, SnapshotState> snapshots = new ConcurrentHashMap<>();
    public @Nullable Stream stream;
    public int sessions;

    /// What became durable in all epochs, in order.
    public synchronized List<ChangeEvent> history() {
      return List.copyOf(history);
    }

    /// The last epoch's events.
    public synchronized List<ChangeEvent> events() {
      return List.copyOf(durable);
    }
  }

  private final TestAuthority authority = new TestAuthority();
  private final PairingCode code = PairingCode.make(new SecureRandom(), authority.certificate());
  private final UUID tenant = UUID.randomUUID();
  private final Map<String, Source> sources = new HashMap<>();
  private final Server server;
  public volatile Mood mood = (stream, lastSeq) -> stream.durable(lastSeq);
  public volatile AcknowledgeMode acknowledge = AcknowledgeMode.ACKNOWLEDGE_BRONZE;
  public volatile long windowBytes = 1024 * 1024;
  public volatile Duration certificateLife = Duration.ofHours(24);
  public volatile int renewals;

  public volatile boolean refusesRemovals;
  public volatile boolean knowsNoSource;

  /// The ids of the sources that agents took off, in order.
  public final List<String> removed = new CopyOnWriteArrayList<>();
  public volatile @Nullable Refused refusal;

  public TestPlatform() throws IOException {
    var edge = authority.issue(new PeerIdentity.Edge("test"));
    var keys = new SwitchableKeys();
    keys.use(edge.keys().getPrivate(), edge.chain());
    var agents = TrustedPeers.identifiedAs("an agent", PeerIdentity.Agent.class);
    try {
      agents.trust(List.of(authority.certificate()));
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .sslContext(
                GrpcSslContexts.configure(SslContextBuilder.forServer(keys), SslProvider.JDK)
                    .trustManager(agents)
                    .clientAuth(ClientAuth.OPTIONAL)
                    .build())
            .maxInboundMessageSize(12 * 1024 * 1024)
            .permitKeepAliveTime(1, java.util.concurrent.TimeUnit.SECONDS)
            .addService(ServerInterceptors.intercept(new Link(), new Shown()))
            .build()
            .start();
  }

  public String url() {
    return "https://127.0.0.1:" + server.getPort();
  }

  public PairingCode code() {
    return code;
  }

  public Source source(String name) {
    synchronized (sources) {
      return sources.computeIfAbsent(name, _ -> new Source());
    }
  }

  private Source byId(String id) {
    synchronized (sources) {
      return sources.values().stream().filter(each -> each.id.equals(id)).findFirst().orElseThrow();
    }
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private final class Link extends AgentLinkGrpc.AgentLinkImplBase {
    @Override
    public void pair(PairRequest request, StreamObserver<PairResponse> answer) {
      if (!request.getCode().equals(code.secret())
          || !proven(
              "clarity-pair-v1",
              request.getCode(),
              request.getPublicKey().toByteArray(),
              request.getProof().toByteArray())) {
        answer.onError(Status.PERMISSION_DENIED.withDescription("no such code").asException());
        return;
      }
      var agent = UUID.randomUUID();
      answer.onNext(
          PairResponse.newBuilder()
              .setAgentId(agent.toString())
              .setTenantName("Test Bottling")
              .setCertificate(
                  authority.answer(
                      new PeerIdentity.Agent(tenant, agent),
                      request.getPublicKey().toByteArray(),
                      Instant.now(),
                      certificateLife))
              .build());
      answer.onCompleted();
    }

    @Override
    public void renew(RenewRequest request, StreamObserver<RenewResponse> answer) {
      renewals++;
      answer.onNext(
          RenewResponse.newBuilder()
              .setCertificate(
                  authority.answer(
                      PeerIdentity.of(shown()).orElseThrow(),
                      request.getPublicKey().toByteArray(),
                      Instant.now(),
                      Duration.ofHours(24)))
              .build());
      answer.onCompleted();
    }

    @Override
    public void registerSource(
        RegisterSourceRequest request, StreamObserver<RegisterSourceResponse> answer) {
      var found = source(request.getName());
      answer.onNext(
          RegisterSourceResponse.newBuilder().setSourceId(found.id).setEpoch(found.epoch).build());
      answer.onCompleted();
    }

    @Override
    public void removeSource(
        RemoveSourceRequest request, StreamObserver<RemoveSourceResponse> answer) {
      if (refusesRemovals) {
        answer.onError(Status.UNAVAILABLE.withDescription("it is away").asException());
        return;
      }
      if (knowsNoSource) {
        answer.onError(
            Status.NOT_FOUND.withDescription("This agent has no such source.").asException());
        return;
      }
      removed.add(byId(request.getSourceId()).id);
      answer.onNext(RemoveSourceResponse.getDefaultInstance());
      answer.onCompleted();
    }

    @Override
    public StreamObserver<AgentFrame> stream(StreamObserver<PlatformFrame> toAgent) {
      return new Stream(toAgent, shown());
    }
  }

  private static final Context.Key<X509Certificate> SHOWN = Context.key("certificate");

  /// The certificate that the caller showed.
  private static X509Certificate shown() {
    var certificate = SHOWN.get();
    if (certificate == null) {
      throw Status.UNAUTHENTICATED.withDescription("no certificate").asRuntimeException();
    }
    return certificate;
  }

  private static final class Shown implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      var session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
      var context = Context.current();
      try {
        if (session != null && session.getPeerCertificates()[0] instanceof X509Certificate leaf) {
          context = context.withValue(SHOWN, leaf);
        }
      } catch (SSLPeerUnverifiedException e) {
        // One that pairs has none yet.
      }
      return Contexts.interceptCall(context, call, headers, next);
    }
  }

  private static boolean proven(String purpose, String subject, byte[] key, byte[] proof) {
    try {
      var signature = Signature.getInstance("SHA256withECDSA");
      signature.initVerify(
          KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(key)));
      signature.update((purpose + "\0" + subject + "\0").getBytes(StandardCharsets.US_ASCII));
      signature.update(key);
      return signature.verify(proof);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /// One stream of a source. What it accepted and is not durable yet is forgotten with it.
  public final class Stream implements StreamObserver<AgentFrame> {
    private record Accepted(Batch batch, Block block, String position) {
      List<ChangeEvent> events() {
        return block.events();
      }
    }

    private final StreamObserver<PlatformFrame> toAgent;
    final X509Certificate certificate;
    private final BlockReader reader = new BlockReader();
    private final List<Accepted> accepted = new ArrayList<>();
    private @Nullable Source of;
    private long nextSeq;
    private boolean rewinding;
    private boolean over;

    private Stream(StreamObserver<PlatformFrame> toAgent, X509Certificate certificate) {
      this.toAgent = toAgent;
      this.certificate = certificate;
    }

    @Override
    public void onNext(AgentFrame frame) {
      switch (frame.getFrameCase()) {
        case HELLO -> hello(frame.getHello());
        case BATCH -> batch(frame.getBatch());
        case STATUS -> source().status = frame.getStatus();
        case GAP -> gap(frame.getGap());
        case SNAPSHOT_STATE ->
            source().snapshots.put(frame.getSnapshotState().getOrderId(), frame.getSnapshotState());
        case FRAME_NOT_SET -> throw new IllegalStateException();
      }
    }

    public Source source() {
      if (of == null) {
        throw new IllegalStateException("no hello yet");
      }
      return of;
    }

    private void hello(Hello hello) {
      var no = refusal;
      if (no != null) {
        toAgent.onNext(PlatformFrame.newBuilder().setRefused(no).build());
        over = true;
        toAgent.onCompleted();
        return;
      }
      var source = byId(hello.getSourceId());
      synchronized (source) {
        of = source;
        source.stream = this;
        source.sessions++;
        var breaks =
            hello.getEpoch() != source.epoch
                || hello.getTailSeq() < source.durableSeq
                || source.durableSeq > 0
                    && hello.getTailSeq() == source.durableSeq
                    && !Arrays.equals(source.durableDigest, hello.getTailDigest().toByteArray())
                || hello.getTailSeq() > source.durableSeq
                    && hello.getFirstSeq() > source.durableSeq + 1;
        var position = source.durablePosition;
        if (breaks) {
          source.epoch = source.epochUsed ? source.epoch + 1 : source.epoch;
          source.epochUsed = true;
          source.epochs.add(source.epoch);
          source.durable.clear();
          source.durableSeq = 0;
          source.durableDigest = new byte[0];
          source.durablePosition = "";
          source.snapshotsBegun = 0;
          source.snapshotsEnded = 0;
        }
        nextSeq = source.durableSeq + 1;
        toAgent.onNext(
            PlatformFrame.newBuilder()
                .setWelcome(
                    Welcome.newBuilder()
                        .setSession(source.sessions)
                        .setEpoch(source.epoch)
                        .setDurableSeq(source.durableSeq)
                        .setDurablePosition(position)
                        .setWindowBytes(windowBytes)
                        .setAcknowledge(acknowledge)
                        .setStartEpoch(breaks)
                        .setReason(breaks ? "a test" : ""))
                .build());
      }
    }

    private void gap(SourceGap gap) {
      source().gaps.put(gap.getGapId(), gap);
      toAgent.onNext(
          PlatformFrame.newBuilder()
              .setGapStored(
                  GapStored.newBuilder().setGapId(gap.getGapId()).setRevision(gap.getRevision()))
              .build());
    }

    /// A person ordered it.
    public void order(String id, String... tables) {
      synchronized (source()) {
        toAgent.onNext(
            PlatformFrame.newBuilder()
                .setSnapshotOrder(
                    SnapshotOrder.newBuilder().setOrderId(id).addAllTables(List.of(tables)))
                .build());
      }
    }

    /// A person changed it.
    public void acknowledge(AcknowledgeMode mode) {
      synchronized (source()) {
        toAgent.onNext(
            PlatformFrame.newBuilder()
                .setSettings(Settings.newBuilder().setAcknowledge(mode))
                .build());
      }
    }

    private void batch(Batch batch) {
      var source = source();
      var header = batch.getHeader();
      var payload = batch.getPayload().toByteArray();
      synchronized (source) {
        if (over) {
          return;
        }
        if (rewinding && header.getFirstSeq() != nextSeq) {
          return;
        }
        rewinding = false;
        check(header.getEpoch() == source.epoch, "epoch " + header.getEpoch());
        check(header.getFirstSeq() == nextSeq, header.getFirstSeq() + " after " + nextSeq);
        check(BatchDigest.crc32c(payload, 0, payload.length) == header.getCrc32C(), "crc");
        var before =
            accepted.isEmpty()
                ? source.durableDigest
                : accepted.getLast().batch().getHeader().getDigest().toByteArray();
        check(
            Arrays.equals(
                BatchDigest.next(before, payload, 0, payload.length),
                header.getDigest().toByteArray()),
            "digest of " + header.getFirstSeq());
        var block = reader.read(header, payload);
        nextSeq += header.getCount();
        accepted.add(
            new Accepted(
                batch,
                block,
                block.transactionEndPosition() == 0
                        || block.transactionEndSeq() != block.events().getLast().seq()
                    ? ""
                    : Lsn.text(block.transactionEndPosition())));
      }
      mood.accepted(this, nextSeq - 1);
    }

    private void check(boolean holds, String what) {
      if (!holds) {
        violations.add(what);
        throw new IllegalStateException("the agent broke its promise: " + what);
      }
    }

    /// All up to this number is in the platform's database now.
    public void durable(long seq) {
      var source = source();
      synchronized (source) {
        while (!over
            && !accepted.isEmpty()
            && accepted.getFirst().events().getLast().seq() <= seq) {
          var done = accepted.removeFirst();
          if (source.counts) {
            source.commitOfLast = done.events().getLast().commitPosition();
            source.counted += done.events().size();
          } else {
            source.durable.addAll(done.events());
            source.history.addAll(done.events());
          }
          source.snapshotsBegun += done.block().snapshotBegins() ? 1 : 0;
          source.snapshotsEnded += done.block().snapshotEnds() ? 1 : 0;
          source.durableSeq = done.events().getLast().seq();
          source.durableDigest = done.batch().getHeader().getDigest().toByteArray();
          // As the platform says it: nothing as long as what is durable ends inside a transaction.
          source.durablePosition = done.position();
          source.notifyAll();
        }
        if (!over) {
          toAgent.onNext(
              PlatformFrame.newBuilder()
                  .setDurable(Durable.newBuilder().setSeq(source.durableSeq))
                  .build());
        }
      }
    }

    /// What is not durable was lost on the way, and is asked for again.
    public void rewind() {
      var source = source();
      synchronized (source) {
        accepted.clear();
        nextSeq = source.durableSeq + 1;
        rewinding = true;
        toAgent.onNext(
            PlatformFrame.newBuilder().setRewind(Rewind.newBuilder().setFromSeq(nextSeq)).build());
      }
    }

    /// The connection ends; what is not durable is lost.
    public void drop() {
      synchronized (source()) {
        over = true;
        accepted.clear();
        toAgent.onError(Status.UNAVAILABLE.withDescription("dropped by the test").asException());
      }
    }

    @Override
    public void onError(Throwable failure) {
      over = true;
    }

    @Override
    public void onCompleted() {
      over = true;
      toAgent.onCompleted();
    }
  }

  /// Promises that the agent broke.
  public final List<String> violations = new java.util.concurrent.CopyOnWriteArrayList<>();
}
