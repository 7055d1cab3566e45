package io.claritystream.stream.gateway;

import com.google.protobuf.ByteString;
import io.claritystream.protocol.identity.PeerIdentity;
import io.claritystream.protocol.link.AgentLinkGrpc;
import io.claritystream.protocol.link.Certificate;
import io.claritystream.protocol.link.PairRequest;
import io.claritystream.protocol.link.PairResponse;
import io.claritystream.protocol.link.PlatformFrame;
import io.claritystream.protocol.link.RegisterSourceRequest;
import io.claritystream.protocol.link.RegisterSourceResponse;
import io.claritystream.protocol.link.RemoveSourceRequest;
import io.claritystream.protocol.link.RemoveSourceResponse;
import io.claritystream.protocol.link.RenewRequest;
import io.claritystream.protocol.link.RenewResponse;
import io.claritystream.stream.source.Agents;
import io.claritystream.stream.source.IssuedCertificate;
import io.claritystream.stream.source.SiteKey;
import io.claritystream.stream.source.Sources;
import io.github.bucket4j.TimeMeter;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.UUID;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `AgentLink` as an edge relays it.
final class LinkService extends AgentLinkGrpc.AgentLinkImplBase {
  private static final Logger LOG = LoggerFactory.getLogger(LinkService.class);

  /// How often an agent may take a source off its list, at once and an hour: each is a line in the
  /// audit log, and so is each that comes back.
  static final int REMOVALS_PER_HOUR = 100;

  private final Agents agents;
  private final Allowance removals = new Allowance(REMOVALS_PER_HOUR, TimeMeter.SYSTEM_NANOTIME);
  private final PairingAttempts attempts;
  private final StreamServices services;
  private final IntSupplier partitions;

  LinkService(
      Agents agents, PairingAttempts attempts, StreamServices services, IntSupplier partitions) {
    this.agents = agents;
    this.attempts = attempts;
    this.services = services;
    this.partitions = partitions;
  }

  /// The service, with streams read by [Incoming].
  ServerServiceDefinition definition() {
    ServerServiceDefinition generated = bindService();
    MethodDescriptor<Incoming, PlatformFrame> stream =
        AgentLinkGrpc.getStreamMethod().toBuilder(
                Incoming.MARSHALLER, AgentLinkGrpc.getStreamMethod().getResponseMarshaller())
            .build();
    ServerServiceDefinition.Builder definition =
        ServerServiceDefinition.builder(generated.getServiceDescriptor().getName());
    for (ServerMethodDefinition<?, ?> method : generated.getMethods()) {
      if (method.getMethodDescriptor().getFullMethodName().equals(stream.getFullMethodName())) {
        definition.addMethod(stream, ServerCalls.asyncBidiStreamingCall(this::sourceStream));
      } else {
        definition.addMethod(method);
      }
    }
    return definition.build();
  }

  @Override
  public void pair(PairRequest request, StreamObserver<PairResponse> answer) {
    CallingAgent caller = CallingAgent.current();
    answer(answer, () -> pair(request, caller));
  }

  @Override
  public void renew(RenewRequest request, StreamObserver<RenewResponse> answer) {
    CallingAgent caller = CallingAgent.current();
    answer(answer, () -> renew(request, caller.required()));
  }

  @Override
  public void registerSource(
      RegisterSourceRequest request, StreamObserver<RegisterSourceResponse> answer) {
    CallingAgent caller = CallingAgent.current();
    answer(answer, () -> registerSource(request, caller.required()));
  }

  @Override
  public void removeSource(
      RemoveSourceRequest request, StreamObserver<RemoveSourceResponse> answer) {
    CallingAgent caller = CallingAgent.current();
    answer(answer, () -> removeSource(request, caller.required()));
  }

  private PairResponse pair(PairRequest request, CallingAgent caller) {
    if (!attempts.admits(caller.address())) {
      throw Status.RESOURCE_EXHAUSTED
          .withDescription("Too many attempts to pair; wait a minute.")
          .asRuntimeException();
    }
    SiteKey key =
        SiteKey.proven(
                "clarity-pair-v1",
                request.getCode(),
                request.getPublicKey().toByteArray(),
                request.getProof().toByteArray())
            .orElseThrow(LinkService::unproven);
    Agents.Pairing pairing =
        agents.pair(
            new Agents.Candidate(
                sha256(request.getCode()),
                request.getAgentName(),
                request.getAgentVersion(),
                key,
                caller.address()));
    return switch (pairing) {
      case Agents.Pairing.Paired paired -> {
        LOG.info("agent paired agent={} from={}", paired.agentId(), caller.address());
        yield PairResponse.newBuilder()
            .setAgentId(paired.agentId().toString())
            .setTenantName(paired.tenantName())
            .setCertificate(message(paired.certificate()))
            .build();
      }
      case Agents.Pairing.UnknownCode() ->
          throw Status.NOT_FOUND
              .withDescription("No such pairing code. Make a new one and try again.")
              .asRuntimeException();
      case Agents.Pairing.UsedCode() ->
          throw Status.FAILED_PRECONDITION
              .withDescription("The pairing code was used already. Make a new one.")
              .asRuntimeException();
      case Agents.Pairing.ExpiredCode() ->
          throw Status.FAILED_PRECONDITION
              .withDescription("The pairing code has expired. Make a new one.")
              .asRuntimeException();
      case Agents.Pairing.TooManyAgents() ->
          throw Status.RESOURCE_EXHAUSTED
              .withDescription("The workspace has as many agents as it may have.")
              .asRuntimeException();
    };
  }

  private RenewResponse renew(RenewRequest request, PeerIdentity.Agent agent) {
    SiteKey key =
        SiteKey.proven(
                "clarity-renew-v1",
                agent.agentId().toString(),
                request.getPublicKey().toByteArray(),
                request.getProof().toByteArray())
            .orElseThrow(LinkService::unproven);
    Optional<IssuedCertificate> certificate = agents.renew(agent, key, request.getAgentVersion());
    return RenewResponse.newBuilder()
        .setCertificate(message(certificate.orElseThrow(LinkService::revoked)))
        .build();
  }

  private RegisterSourceResponse registerSource(
      RegisterSourceRequest request, PeerIdentity.Agent agent) {
    requireGood(agent);
    Sources.Registration registration =
        services
            .sources()
            .register(
                agent,
                new Sources.Described(
                    request.getName(),
                    request.getKind(),
                    request.getFingerprint(),
                    request.getServerVersion(),
                    request.getTablesList()),
                partitions.getAsInt());
    return switch (registration) {
      case Sources.Registration.Registered(var source, var acknowledge) ->
          RegisterSourceResponse.newBuilder()
              .setSourceId(source.sourceId().toString())
              .setEpoch(source.epoch())
              .setAcknowledge(SourceStream.mode(acknowledge))
              .build();
      case Sources.Registration.Refused(String why) ->
          throw Status.FAILED_PRECONDITION.withDescription(why).asRuntimeException();
    };
  }

  private RemoveSourceResponse removeSource(RemoveSourceRequest request, PeerIdentity.Agent agent) {
    requireGood(agent);
    UUID sourceId;
    try {
      sourceId = UUID.fromString(request.getSourceId());
    } catch (IllegalArgumentException e) {
      throw Status.INVALID_ARGUMENT
          .withDescription("A source is named by its id, a UUID.")
          .asRuntimeException();
    }
    if (!removals.admits(agent.agentId())) {
      throw Status.RESOURCE_EXHAUSTED
          .withDescription(
              "An agent may remove " + REMOVALS_PER_HOUR + " sources an hour; try again later.")
          .asRuntimeException();
    }
    return switch (services.sources().remove(agent, sourceId)) {
      case Sources.Removal.Removed(var source) -> {
        LOG.info("source removed source={} agent={}", sourceId, agent.agentId());
        services.reports().removed(source);
        yield RemoveSourceResponse.getDefaultInstance();
      }
      case Sources.Removal.Already() -> RemoveSourceResponse.getDefaultInstance();
      case Sources.Removal.Unknown() ->
          throw Status.NOT_FOUND
              .withDescription("This agent has no such source.")
              .asRuntimeException();
    };
  }

  private StreamObserver<Incoming> sourceStream(StreamObserver<PlatformFrame> answer) {
    ServerCallStreamObserver<PlatformFrame> toAgent =
        (ServerCallStreamObserver<PlatformFrame>) answer;
    toAgent.disableAutoRequest();
    PeerIdentity.Agent agent;
    try {
      agent = CallingAgent.current().required();
      requireGood(agent);
    } catch (RuntimeException e) {
      toAgent.onError(status(e));
      return new Ended();
    }
    SourceStream stream = new SourceStream(services, agent, toAgent);
    toAgent.setOnCancelHandler(stream::cancelled);
    toAgent.setOnReadyHandler(stream::ready);
    stream.start();
    return new StreamObserver<>() {
      @Override
      public void onNext(Incoming frame) {
        stream.received(frame);
      }

      @Override
      public void onError(Throwable failure) {
        stream.cancelled();
      }

      @Override
      public void onCompleted() {
        stream.closed();
      }
    };
  }

  /// Of a call that was refused before it began: what else comes of it is of no interest.
  private static final class Ended implements StreamObserver<Incoming> {
    @Override
    public void onNext(Incoming frame) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }

  private void requireGood(PeerIdentity.Agent agent) {
    switch (agents.standing(agent)) {
      case Agents.Standing.Good _ -> {}
      case Agents.Standing.Revoked() -> throw revoked();
      case Agents.Standing.Unknown() ->
          throw Status.PERMISSION_DENIED
              .withDescription("This agent is not known here. Pair it again.")
              .asRuntimeException();
    }
  }

  private interface Answer<A> {
    A get();
  }

  /// A call ends with an answer, with the status that was thrown, or with one that says nothing.
  private static <A> void answer(StreamObserver<A> to, Answer<A> answer) {
    A message;
    try {
      message = answer.get();
    } catch (RuntimeException e) {
      to.onError(status(e));
      return;
    }
    to.onNext(message);
    to.onCompleted();
  }

  private static StatusRuntimeException status(RuntimeException failure) {
    if (failure instanceof StatusRuntimeException known) {
      return known;
    }
    LOG.error("a call of an agent failed", failure);
    return Status.UNAVAILABLE
        .withDescription("The platform cannot answer just now.")
        .asRuntimeException();
  }

  private static Certificate message(IssuedCertificate issued) {
    Certificate.Builder message =
        Certificate.newBuilder()
            .setNotBeforeMs(issued.notBefore().toEpochMilli())
            .setNotAfterMs(issued.notAfter().toEpochMilli());
    for (X509Certificate certificate : issued.chain()) {
      try {
        message.addChain(ByteString.copyFrom(certificate.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new IllegalStateException("a certificate that cannot be encoded", e);
      }
    }
    return message.build();
  }

  private static StatusRuntimeException revoked() {
    return Status.PERMISSION_DENIED
        .withDescription("This agent was revoked. Pair it again to use it again.")
        .asRuntimeException();
  }

  private static StatusRuntimeException unproven() {
    return Status.INVALID_ARGUMENT
        .withDescription("The public key is not one of P-256, or its proof is wrong.")
        .asRuntimeException();
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.US_ASCII));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
