package io.claritystream.agent.uplink;

import com.google.protobuf.UnsafeByteOperations;
import io.claritystream.protocol.link.AgentLinkGrpc;
import io.claritystream.protocol.link.RegisterSourceRequest;
import io.claritystream.protocol.link.RemoveSourceRequest;
import io.claritystream.protocol.link.RenewRequest;
import io.grpc.Channel;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The platform as a paired agent reaches it: one connection for all of its sources, and the
/// certificate that is renewed at two thirds of its life.
public final class Platform implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Platform.class);
  private static final long RENEWAL_CHECK_MS = 30_000;
  private static final long RENEWAL_RETRY_MS = 120_000;
  private static final long CALL_S = 20;

  /// Somebody waits for it, or other sources do.
  private static final long REMOVAL_S = 5;

  private final Identity identity;
  private final String version;
  private final Clock clock;
  private final Supplier<ManagedChannel> connect;
  private final Thread renewal;
  private volatile ManagedChannel channel;
  private volatile boolean stopped;

  /// @param environment where a proxy may be named
  public Platform(Identity identity, String version, Clock clock, Map<String, String> environment) {
    this(
        identity,
        version,
        clock,
        () ->
            Channels.open(
                identity.server(), identity.keys(), identity.edges(), environment, version));
  }

  /// @param connect opens a connection that shows the identity's keys of that moment
  Platform(Identity identity, String version, Clock clock, Supplier<ManagedChannel> connect) {
    this.identity = identity;
    this.version = version;
    this.clock = clock;
    this.connect = connect;
    channel = connect.get();
    renewal = Thread.ofPlatform().name("renewal").daemon().unstarted(this::renew);
  }

  public Platform start() {
    renewal.start();
    return this;
  }

  public Identity identity() {
    return identity;
  }

  String version() {
    return version;
  }

  Channel channel() {
    return channel;
  }

  /// gRPC itself would wait for up to two minutes after a failure.
  void hurry() {
    var now = channel;
    if (now.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
      now.resetConnectBackoff();
    }
  }

  /// What a failed call means for a person. If it was for the certificate, the other one is tried,
  /// if there is one; but a call over an earlier connection says nothing about the one shown now.
  synchronized String failed(Throwable failure, Channel over) {
    var now = clock.instant();
    if (identity.expired(now)) {
      return identity.expiredWords();
    }
    if (over == channel
        && (Failures.refusesCertificate(failure) || identity.inUseExpired(now))
        && identity.refused(now)) {
      reconnect();
    }
    return Failures.words(failure, identity.server());
  }

  /// A stream over this connection was welcomed.
  synchronized void welcomed(Channel over) {
    if (over != channel) {
      return;
    }
    try {
      identity.worked();
    } catch (IOException e) {
      LOG.error("the renewed certificate could not be put in place: {}", e.getMessage());
    }
  }

  /// What became of a source's registration.
  public sealed interface Registration {}

  public record Registered(String sourceId) implements Registration {}

  /// @param reason in words for a person
  public record NotRegistered(String reason) implements Registration {}

  /// Makes a source known, or finds it again.
  public Registration register(
      String name, String fingerprint, String serverVersion, List<String> tables) {
    if (identity.expired(clock.instant())) {
      return new NotRegistered(identity.expiredWords());
    }
    var over = channel;
    try {
      var answer =
          AgentLinkGrpc.newBlockingStub(over)
              .withDeadlineAfter(CALL_S, TimeUnit.SECONDS)
              .registerSource(
                  RegisterSourceRequest.newBuilder()
                      .setName(name)
                      .setKind("postgresql")
                      .setFingerprint(fingerprint)
                      .setServerVersion(serverVersion)
                      .addAllTables(tables)
                      .build());
      return new Registered(answer.getSourceId());
    } catch (StatusRuntimeException e) {
      hurry();
      return new NotRegistered(failed(e, over));
    }
  }

  /// What became of a source's removal.
  public sealed interface Removal {}

  /// @param known whether the platform had the source as this agent's
  public record Removed(boolean known) implements Removal {}

  /// @param reason in words for a person
  public record NotRemoved(String reason) implements Removal {}

  /// Takes a source off the platform's list.
  public Removal remove(String sourceId) {
    if (identity.expired(clock.instant())) {
      return new NotRemoved(identity.expiredWords());
    }
    var over = channel;
    try {
      AgentLinkGrpc.newBlockingStub(over)
          .withDeadlineAfter(REMOVAL_S, TimeUnit.SECONDS)
          .removeSource(RemoveSourceRequest.newBuilder().setSourceId(sourceId).build());
      return new Removed(true);
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.NOT_FOUND) {
        return new Removed(false);
      }
      hurry();
      return new NotRemoved(failed(e, over));
    }
  }

  private void renew() {
    while (!stopped) {
      try {
        if (identity.renewalDue(clock.instant()) && !renewNow()) {
          TimeUnit.MILLISECONDS.sleep(
              RENEWAL_RETRY_MS + ThreadLocalRandom.current().nextLong(RENEWAL_RETRY_MS));
        }
        TimeUnit.MILLISECONDS.sleep(RENEWAL_CHECK_MS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /// @return whether there is a new certificate
  boolean renewNow() {
    var pair = KeyPairs.make();
    try {
      var answer =
          AgentLinkGrpc.newBlockingStub(channel)
              .withDeadlineAfter(CALL_S, TimeUnit.SECONDS)
              .renew(
                  RenewRequest.newBuilder()
                      .setPublicKey(UnsafeByteOperations.unsafeWrap(pair.getPublic().getEncoded()))
                      .setProof(
                          UnsafeByteOperations.unsafeWrap(
                              KeyPairs.proof(pair, "clarity-renew-v1", identity.agentId())))
                      .setAgentVersion(version)
                      .build());
      var credentials = Credentials.of(pair.getPrivate(), answer.getCertificate());
      synchronized (this) {
        identity.renewed(credentials);
        reconnect();
      }
      LOG.info("the certificate was renewed, it is good until {}", identity.expiresAt());
      return true;
    } catch (StatusRuntimeException | GeneralSecurityException | IOException e) {
      LOG.warn(
          "the certificate could not be renewed, it is good until {}: {}",
          identity.expiresAt(),
          e.getMessage());
      return false;
    }
  }

  /// Streams under way end, and begin again over a connection that shows the keys of now.
  private synchronized void reconnect() {
    if (stopped) {
      return;
    }
    var before = channel;
    channel = connect.get();
    before.shutdownNow();
  }

  @Override
  public synchronized void close() {
    stopped = true;
    renewal.interrupt();
    channel.shutdown();
    try {
      if (!channel.awaitTermination(2, TimeUnit.SECONDS)) {
        channel.shutdownNow();
      }
    } catch (InterruptedException e) {
      channel.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
