package io.claritystream.edge;

import io.claritystream.protocol.link.EdgeControlGrpc;
import io.claritystream.protocol.link.WatchRequest;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps a `Watch` open at the gateway, which pushes the agents that are revoked. After a lost
/// connection it is opened again, with backoff; its first message replaces everything known.
///
/// While no watch is open no call is either, since both need the gateway; and the gateway looks an
/// agent up itself when a call opens. What is pushed here ends what is already open.
final class Revocations {
  private static final Logger LOG = LoggerFactory.getLogger(Revocations.class);
  private static final Duration RETRY_FIRST = Duration.ofMillis(250);
  private static final Duration RETRY_LAST = Duration.ofSeconds(1);

  private final Supplier<Channel> gateway;
  private final LiveCalls liveCalls;
  private final ScheduledExecutorService timer;
  private final AtomicReference<@Nullable Watch> open = new AtomicReference<>();
  private volatile Duration retry = RETRY_FIRST;
  private volatile boolean stopped;
  private volatile String edge = "";

  Revocations(Supplier<Channel> gateway, LiveCalls liveCalls, ScheduledExecutorService timer) {
    this.gateway = gateway;
    this.liveCalls = liveCalls;
    this.timer = timer;
  }

  /// Opens the watch, or opens it anew on the channel of now.
  void watch(String edgeName) {
    edge = edgeName;
    Watch watch = new Watch();
    Watch before = open.getAndSet(watch);
    EdgeControlGrpc.newStub(gateway.get())
        .withWaitForReady()
        .watch(WatchRequest.newBuilder().setEdge(edgeName).build(), watch);
    if (before != null) {
      before.cancel();
    }
  }

  void stop() {
    stopped = true;
    Watch watch = open.getAndSet(null);
    if (watch != null) {
      watch.cancel();
    }
  }

  private final class Watch
      implements ClientResponseObserver<WatchRequest, io.claritystream.protocol.link.Revocations> {
    private volatile @Nullable ClientCallStreamObserver<WatchRequest> call;

    @Override
    public void beforeStart(ClientCallStreamObserver<WatchRequest> requestStream) {
      call = requestStream;
    }

    @Override
    public void onNext(io.claritystream.protocol.link.Revocations pushed) {
      retry = RETRY_FIRST;
      List<UUID> agents;
      try {
        agents = pushed.getAgentIdsList().stream().map(UUID::fromString).toList();
      } catch (IllegalArgumentException e) {
        LOG.error("the gateway pushed a revocation that names no agent", e);
        return;
      }
      if (pushed.getComplete()) {
        liveCalls.replaceRevoked(agents);
        LOG.info("watching revocations edge={} revoked={}", edge, agents.size());
      } else {
        liveCalls.addRevoked(agents);
        LOG.info("agents revoked agents={}", agents);
      }
    }

    @Override
    public void onError(Throwable failure) {
      again(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
      again(Status.OK);
    }

    private void again(Status status) {
      if (stopped || open.get() != this) {
        return;
      }
      Duration wait = retry;
      Duration doubled = wait.multipliedBy(2);
      retry = doubled.compareTo(RETRY_LAST) > 0 ? RETRY_LAST : doubled;
      LOG.warn(
          "the gateway's revocations stopped status={} retry_ms={}",
          status.getCode(),
          wait.toMillis());
      try {
        timer.schedule(
            () -> {
              if (!stopped && open.get() == this) {
                watch(edge);
              }
            },
            wait.toMillis(),
            TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException e) {
        LOG.debug("stopping, the watch stays closed");
      }
    }

    private void cancel() {
      ClientCallStreamObserver<WatchRequest> started = call;
      if (started != null) {
        started.cancel("a newer watch is open", null);
      }
    }
  }
}
