package io.claritystream.stream.gateway;

import com.google.protobuf.ByteString;
import io.claritystream.protocol.block.BatchDigest;
import io.claritystream.protocol.identity.PairingCode;
import io.claritystream.protocol.identity.Pem;
import io.claritystream.protocol.identity.SwitchableKeys;
import io.claritystream.protocol.identity.TrustedPeers;
import io.claritystream.protocol.link.AgentFrame;
import io.claritystream.protocol.link.AgentLinkGrpc;
import io.claritystream.protocol.link.Batch;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.Hello;
import io.claritystream.protocol.link.PairRequest;
import io.claritystream.protocol.link.PairResponse;
import io.claritystream.protocol.link.PlatformFrame;
import io.claritystream.protocol.link.RegisterSourceRequest;
import io.claritystream.protocol.link.RegisterSourceResponse;
import io.claritystream.protocol.link.RemoveSourceRequest;
import io.claritystream.protocol.link.RenewRequest;
import io.claritystream.protocol.link.RenewResponse;
import io.claritystream.stream.source.PlatformAuthority;
import io.grpc.Channel;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/// An agent's end of the link, frame by frame, for tests to do with it what no agent should.
final class TestAgent implements AutoCloseable {
  private static final int WAIT_SECONDS = 20;

  private final int edgePort;
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final List<ClientInterceptor> interceptors = new ArrayList<>();
  private KeyPair key = PlatformAuthority.newKey();
  private List<X509Certificate> chain = List.of();
  private List<X509Certificate> trusted = List.of();
  private String agentId = "";
  private @Nullable Channel shared;

  TestAgent(int edgePort) {
    this.edgePort = edgePort;
  }

  String agentId() {
    return agentId;
  }

  X509Certificate certificate() {
    return chain.getFirst();
  }

  KeyPair key() {
    return key;
  }

  /// Shows these from now on.
  TestAgent showing(KeyPair shownKey, List<X509Certificate> shownChain) {
    key = shownKey;
    chain = shownChain;
    return this;
  }

  TestAgent intercepted(ClientInterceptor interceptor) {
    interceptors.add(interceptor);
    return this;
  }

  /// Pairs as an agent does: trusts what the code names, and shows no certificate.
  PairResponse pair(PairingCode code) {
    return pair(code, proof("clarity-pair-v1", code.secret()));
  }

  PairResponse pair(PairingCode code, byte[] proof) {
    TrustedPeers edge = new TrustedPeers("an edge that the code names", _ -> true);
    // The authority comes in the chain; the code says whether it is the right one.
    PairResponse paired =
        AgentLinkGrpc.newBlockingStub(channel(new NamedByCode(code, edge)))
            .withDeadlineAfter(WAIT_SECONDS, TimeUnit.SECONDS)
            .pair(
                PairRequest.newBuilder()
                    .setCode(code.secret())
                    .setAgentName("press line 3")
                    .setAgentVersion("0.1.0")
                    .setPublicKey(ByteString.copyFrom(key.getPublic().getEncoded()))
                    .setProof(ByteString.copyFrom(proof))
                    .build());
    agentId = paired.getAgentId();
    take(paired.getCertificate());
    return paired;
  }

  RenewResponse renew() {
    KeyPair fresh = PlatformAuthority.newKey();
    KeyPair before = key;
    List<X509Certificate> chainBefore = chain;
    Channel channel = channel();
    key = fresh;
    byte[] proof = proof("clarity-renew-v1", agentId);
    key = before;
    chain = chainBefore;
    RenewResponse renewed =
        AgentLinkGrpc.newBlockingStub(channel)
            .withDeadlineAfter(WAIT_SECONDS, TimeUnit.SECONDS)
            .renew(
                RenewRequest.newBuilder()
                    .setPublicKey(ByteString.copyFrom(fresh.getPublic().getEncoded()))
                    .setProof(ByteString.copyFrom(proof))
                    .setAgentVersion("0.1.1")
                    .build());
    key = fresh;
    take(renewed.getCertificate());
    return renewed;
  }

  RegisterSourceResponse register(String name) {
    return register(name, "7/plant");
  }

  RegisterSourceResponse register(String name, String fingerprint) {
    return register(name, fingerprint, List.of());
  }

  RegisterSourceResponse register(String name, String fingerprint, List<String> tables) {
    return AgentLinkGrpc.newBlockingStub(channel())
        .withDeadlineAfter(WAIT_SECONDS, TimeUnit.SECONDS)
        .registerSource(
            RegisterSourceRequest.newBuilder()
                .setName(name)
                .setKind("postgresql")
                .setFingerprint(fingerprint)
                .setServerVersion("18.1")
                .addAllTables(tables)
                .build());
  }

  void remove(String sourceId) {
    AgentLinkGrpc.newBlockingStub(channel())
        .withDeadlineAfter(WAIT_SECONDS, TimeUnit.SECONDS)
        .removeSource(RemoveSourceRequest.newBuilder().setSourceId(sourceId).build());
  }

  /// The proof that the private key is here.
  byte[] proof(String purpose, String subject) {
    ByteArrayOutputStream signed = new ByteArrayOutputStream();
    signed.writeBytes(purpose.getBytes(StandardCharsets.UTF_8));
    signed.write(0);
    signed.writeBytes(subject.getBytes(StandardCharsets.UTF_8));
    signed.write(0);
    signed.writeBytes(key.getPublic().getEncoded());
    try {
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(key.getPrivate());
      signature.update(signed.toByteArray());
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("no signature", e);
    }
  }

  /// A stream of the source, with nothing said yet.
  Stream stream(String sourceId) {
    return new Stream(sourceId, channel());
  }

  /// One channel for all who ask, as an agent has it.
  synchronized Channel sharedChannel() {
    if (shared == null) {
      shared = channel();
    }
    return shared;
  }

  /// A channel that shows the agent's certificate, if it has one.
  Channel channel() {
    TrustedPeers edge = new TrustedPeers("an edge", _ -> true);
    try {
      edge.trust(trusted);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("no trust", e);
    }
    return channel(edge);
  }

  void trust(X509Certificate authority) {
    trusted = List.of(authority);
  }

  private Channel channel(javax.net.ssl.X509ExtendedTrustManager trust) {
    try {
      SslContextBuilder tls = SslContextBuilder.forClient().trustManager(trust);
      if (!chain.isEmpty()) {
        SwitchableKeys keys = new SwitchableKeys();
        keys.use(key.getPrivate(), chain);
        tls.keyManager(keys);
      }
      ManagedChannel channel =
          NettyChannelBuilder.forAddress("127.0.0.1", edgePort)
              .sslContext(GrpcSslContexts.configure(tls).protocols("TLSv1.3").build())
              .maxInboundMessageSize(16 * 1024 * 1024)
              .proxyDetector(_ -> null)
              .disableRetry()
              .build();
      channels.add(channel);
      return ClientInterceptors.intercept(channel, interceptors);
    } catch (SSLException e) {
      throw new IllegalStateException("no TLS", e);
    }
  }

  private void take(io.claritystream.protocol.link.Certificate certificate) {
    List<X509Certificate> issued = new ArrayList<>();
    try {
      for (ByteString der : certificate.getChainList()) {
        issued.add(Pem.certificate(der.toByteArray()));
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("not a certificate", e);
    }
    chain = issued;
    trusted = List.of(issued.getLast());
  }

  /// What the edge shows in a handshake now.
  X509Certificate listenerCertificate() {
    try {
      TrustedPeers edge = new TrustedPeers("an edge", _ -> true);
      edge.trust(trusted);
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(null, new TrustManager[] {edge}, null);
      try (SSLSocket socket =
          (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", edgePort)) {
        socket.startHandshake();
        return (X509Certificate) socket.getSession().getPeerCertificates()[0];
      }
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("no handshake", e);
    }
  }

  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
  }

  /// How a stream ended.
  record Ended(Status status) {}

  /// One stream, spoken frame by frame.
  static final class Stream
      implements ClientResponseObserver<AgentFrame, PlatformFrame>, AutoCloseable {
    private final String sourceId;
    private final BlockingQueue<Object> heard = new LinkedBlockingQueue<>();
    private @Nullable ClientCallStreamObserver<AgentFrame> call;
    private int epoch = 1;
    private long nextSeq = 1;
    private byte[] digest = new byte[0];
    private final Map<Long, byte[]> digests = new HashMap<>();

    private Stream(String sourceId, Channel channel) {
      this.sourceId = sourceId;
      AgentLinkGrpc.newStub(channel).stream(this);
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<AgentFrame> requestStream) {
      call = requestStream;
    }

    @Override
    public void onNext(PlatformFrame frame) {
      heard.add(frame);
    }

    @Override
    public void onError(Throwable failure) {
      heard.add(new Ended(Status.fromThrowable(failure)));
    }

    @Override
    public void onCompleted() {
      heard.add(new Ended(Status.OK));
    }

    /// Says hello with an empty spool, and hears the welcome.
    PlatformFrame open() {
      return open(Hello.newBuilder().setEpoch(1).setFirstSeq(1));
    }

    PlatformFrame open(Hello.Builder hello) {
      hello(hello);
      PlatformFrame frame = next();
      if (frame.hasWelcome()) {
        epoch = frame.getWelcome().getEpoch();
        nextSeq = frame.getWelcome().getDurableSeq() + 1;
        if (!frame.getWelcome().getStartEpoch()) {
          digests.put(hello.getTailSeq(), hello.getTailDigest().toByteArray());
        }
        continueAt(nextSeq);
      }
      return frame;
    }

    void hello(Hello.Builder hello) {
      send(AgentFrame.newBuilder().setHello(hello.setProtocolVersion(1).setSourceId(sourceId)));
    }

    /// Sends the next `count` events in a payload of `bytes` bytes.
    BatchHeader sendBatch(int count, int bytes) {
      byte[] payload = payload(nextSeq, bytes);
      BatchHeader header = header(nextSeq, count, payload).build();
      sendBatch(header, payload);
      return header;
    }

    void sendBatch(BatchHeader header, byte[] payload) {
      send(
          AgentFrame.newBuilder()
              .setBatch(
                  Batch.newBuilder().setHeader(header).setPayload(ByteString.copyFrom(payload))));
      nextSeq = header.getFirstSeq() + header.getCount();
      digest = header.getDigest().toByteArray();
      digests.put(nextSeq - 1, digest);
    }

    BatchHeader.Builder header(long firstSeq, int count, byte[] payload) {
      return BatchHeader.newBuilder()
          .setSourceId(sourceId)
          .setEpoch(epoch)
          .setFirstSeq(firstSeq)
          .setCount(count)
          .setCrc32C(BatchDigest.crc32c(payload, 0, payload.length))
          .setDigest(ByteString.copyFrom(BatchDigest.next(digest, payload, 0, payload.length)))
          .setUncompressedBytes(payload.length);
    }

    static byte[] payload(long seed, int bytes) {
      byte[] payload = new byte[bytes];
      new java.util.Random(seed).nextBytes(payload);
      return payload;
    }

    void send(AgentFrame.Builder frame) {
      call().onNext(frame.build());
    }

    boolean isReady() {
      return call().isReady();
    }

    void halfClose() {
      call().onCompleted();
    }

    /// The next frame.
    PlatformFrame next() {
      Object event = event();
      if (event instanceof PlatformFrame frame) {
        return frame;
      }
      throw new AssertionError("the stream ended: " + event);
    }

    /// Frames up to the durable mark of this number.
    void awaitDurable(long seq) {
      while (true) {
        PlatformFrame frame = next();
        if (frame.hasDurable() && frame.getDurable().getSeq() >= seq) {
          return;
        }
      }
    }

    /// How the stream ends; frames before that are passed over.
    Status awaitEnd() {
      while (true) {
        if (event() instanceof Ended(Status status)) {
          return status;
        }
      }
    }

    private Object event() {
      try {
        Object event = heard.poll(WAIT_SECONDS, TimeUnit.SECONDS);
        if (event == null) {
          throw new AssertionError("nothing was heard for " + WAIT_SECONDS + " s");
        }
        return event;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      }
    }

    long nextSeq() {
      return nextSeq;
    }

    /// The batch that begins there follows the one that ended before it.
    void continueAt(long seq) {
      nextSeq = seq;
      digest = digests.getOrDefault(seq - 1, new byte[0]);
    }

    byte[] digest() {
      return digest;
    }

    private ClientCallStreamObserver<AgentFrame> call() {
      if (call == null) {
        throw new IllegalStateException("not started");
      }
      return call;
    }

    @Override
    public void close() {
      call().cancel("the test is over", null);
    }
  }

  /// Trusts a chain whose last certificate is the authority that the code names.
  private static final class NamedByCode extends javax.net.ssl.X509ExtendedTrustManager {
    private final PairingCode code;
    private final TrustedPeers chains;

    NamedByCode(PairingCode code, TrustedPeers chains) {
      this.code = code;
      this.chains = chains;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType)
        throws java.security.cert.CertificateException {
      X509Certificate authority = chain[chain.length - 1];
      if (!code.names(authority)) {
        throw new java.security.cert.CertificateException("not whom the code names");
      }
      try {
        chains.trust(List.of(authority));
      } catch (GeneralSecurityException e) {
        throw new java.security.cert.CertificateException(e);
      }
      chains.checkServerTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, java.net.Socket socket)
        throws java.security.cert.CertificateException {
      checkServerTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(
        X509Certificate[] chain, String authType, javax.net.ssl.SSLEngine engine)
        throws java.security.cert.CertificateException {
      checkServerTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {
      throw new UnsupportedOperationException("an agent has no clients");
    }

    @Override
    public void checkClientTrusted(
        X509Certificate[] chain, String authType, java.net.Socket socket) {
      throw new UnsupportedOperationException("an agent has no clients");
    }

    @Override
    public void checkClientTrusted(
        X509Certificate[] chain, String authType, javax.net.ssl.SSLEngine engine) {
      throw new UnsupportedOperationException("an agent has no clients");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
