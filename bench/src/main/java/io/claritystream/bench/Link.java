package io.claritystream.bench;

import com.google.protobuf.ByteString;
import io.claritystream.protocol.identity.PairingCode;
import io.claritystream.protocol.identity.PeerIdentity;
import io.claritystream.protocol.identity.Pem;
import io.claritystream.protocol.identity.SwitchableKeys;
import io.claritystream.protocol.identity.TrustedPeers;
import io.claritystream.protocol.link.AgentLinkGrpc;
import io.claritystream.protocol.link.PairRequest;
import io.claritystream.protocol.link.PairResponse;
import io.claritystream.protocol.link.RegisterSourceRequest;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A paired agent as the platform sees one: the load generator's connection to the edge, over the
/// same mutual TLS and with a certificate that came by the same pairing.
final class Link implements AutoCloseable {
  private static final long CALL_S = 30;
  private static final int MESSAGE_BYTES_MAX = 12 * 1024 * 1024;

  private final ManagedChannel channel;

  private Link(ManagedChannel channel) {
    this.channel = channel;
  }

  /// Pairs with a code that the API gave.
  static Link pair(Installation installation, Api api) {
    try {
      TrustedPeers edges = TrustedPeers.identifiedAs("an edge", PeerIdentity.Edge.class);
      edges.trust(authority(installation));
      URI edge = URI.create(installation.edgeUrl());
      PairingCode code =
          PairingCode.parse(
                  api.post("/v1/agents/pairing-codes", Api.JSON.createObjectNode())
                      .path("code")
                      .asText())
              .orElseThrow(() -> new BenchFailedException("the server gave no pairing code"));
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair pair = generator.generateKeyPair();
      PairResponse answer = exchange(edge, edges, code, pair);
      List<X509Certificate> chain = new ArrayList<>();
      for (ByteString der : answer.getCertificate().getChainList()) {
        chain.add(Pem.certificate(der.toByteArray()));
      }
      SwitchableKeys keys = new SwitchableKeys();
      keys.use(pair.getPrivate(), chain);
      return new Link(open(edge, edges, keys));
    } catch (GeneralSecurityException | IOException e) {
      throw new BenchFailedException("the load generator could not be paired", e);
    }
  }

  private static List<X509Certificate> authority(Installation installation)
      throws IOException, GeneralSecurityException {
    return Pem.certificates(
        Files.readString(installation.data().resolve("edge/credentials/ca.crt")));
  }

  private static PairResponse exchange(URI edge, TrustedPeers edges, PairingCode code, KeyPair pair)
      throws GeneralSecurityException, IOException {
    ByteArrayOutputStream proven = new ByteArrayOutputStream();
    proven.writeBytes("clarity-pair-v1".getBytes(StandardCharsets.US_ASCII));
    proven.write(0);
    proven.writeBytes(code.secret().getBytes(StandardCharsets.US_ASCII));
    proven.write(0);
    proven.writeBytes(pair.getPublic().getEncoded());
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(pair.getPrivate());
    signature.update(proven.toByteArray());
    ManagedChannel channel = open(edge, edges, null);
    try {
      return AgentLinkGrpc.newBlockingStub(channel)
          .withDeadlineAfter(CALL_S, TimeUnit.SECONDS)
          .pair(
              PairRequest.newBuilder()
                  .setCode(code.secret())
                  .setAgentName("load generator")
                  .setAgentVersion("bench")
                  .setPublicKey(ByteString.copyFrom(pair.getPublic().getEncoded()))
                  .setProof(ByteString.copyFrom(signature.sign()))
                  .build());
    } finally {
      channel.shutdownNow();
    }
  }

  private static ManagedChannel open(URI edge, TrustedPeers edges, @Nullable SwitchableKeys keys)
      throws IOException {
    SslContextBuilder tls = SslContextBuilder.forClient().trustManager(edges);
    if (keys != null) {
      tls.keyManager(keys);
    }
    return NettyChannelBuilder.forAddress(edge.getHost(), edge.getPort())
        .sslContext(GrpcSslContexts.configure(tls).protocols("TLSv1.3").build())
        .proxyDetector(_ -> null)
        .maxInboundMessageSize(MESSAGE_BYTES_MAX)
        .flowControlWindow(4 * 1024 * 1024)
        .build();
  }

  Channel channel() {
    return channel;
  }

  /// Makes a source known.
  ///
  /// @return its id
  String register(String name) {
    return AgentLinkGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_S, TimeUnit.SECONDS)
        .registerSource(
            RegisterSourceRequest.newBuilder()
                .setName(name)
                .setKind("postgresql")
                .setFingerprint("bench/" + name)
                .setServerVersion("18.6")
                .addTables(Mix.READINGS)
                .addTables(Mix.DEVICES)
                .build())
        .getSourceId();
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
