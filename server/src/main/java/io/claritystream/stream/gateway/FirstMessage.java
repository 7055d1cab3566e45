package io.claritystream.stream.gateway;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// Ends calls whose first message does not come: each holds a place among its agent's calls.
final class FirstMessage implements ServerInterceptor {
  private enum Fate {
    WAITING,
    BEGUN,
    ENDED
  }

  private final Duration within;
  private final ScheduledExecutorService timer;

  FirstMessage(Duration within, ScheduledExecutorService timer) {
    this.within = within;
    this.timer = timer;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    AtomicReference<Fate> fate = new AtomicReference<>(Fate.WAITING);
    Runnable end =
        () -> {
          if (fate.compareAndSet(Fate.WAITING, Fate.ENDED)) {
            call.close(
                Status.DEADLINE_EXCEEDED.withDescription(
                    "The call said nothing within " + within.toSeconds() + " seconds."),
                new Metadata());
          }
        };
    ScheduledFuture<?> late;
    try {
      late = timer.schedule(end, within.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException stopping) {
      call.close(Status.UNAVAILABLE.withDescription("The gateway is stopping."), new Metadata());
      return new ServerCall.Listener<>() {};
    }
    Runnable begun =
        () -> {
          if (fate.compareAndSet(Fate.WAITING, Fate.BEGUN)) {
            late.cancel(false);
          }
        };
    ServerCall.Listener<Q> listener = next.startCall(new Answering<>(call, fate, begun), headers);
    return new SimpleForwardingServerCallListener<>(listener) {
      @Override
      public void onMessage(Q message) {
        begun.run();
        if (fate.get() != Fate.ENDED) {
          super.onMessage(message);
        }
      }

      @Override
      public void onHalfClose() {
        if (fate.get() != Fate.ENDED) {
          super.onHalfClose();
        }
      }

      @Override
      public void onCancel() {
        begun.run();
        super.onCancel();
      }
    };
  }

  /// What the service says in a call: nothing, once the call was ended for its silence.
  private static final class Answering<Q, A> extends SimpleForwardingServerCall<Q, A> {
    private final AtomicReference<Fate> fate;
    private final Runnable begun;

    private Answering(ServerCall<Q, A> call, AtomicReference<Fate> fate, Runnable begun) {
      super(call);
      this.fate = fate;
      this.begun = begun;
    }

    @Override
    public void close(Status status, Metadata trailers) {
      begun.run();
      if (fate.get() != Fate.ENDED) {
        super.close(status, trailers);
      }
    }
  }
}
