package io.claritystream.base.outbound;

import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Whether a request has begun to leave. The network's thread begins and the caller gives up, in
/// whatever order; one of them comes first, and the other learns of it. So a call that was given up
/// unsent is never sent, and one that may have been sent is never called unsent.
final class Sending {
  private enum State {
    WAITING,
    SENT,
    GIVEN_UP
  }

  private final InetAddress address;
  private final AtomicReference<@Nullable Runnable> connection = new AtomicReference<>();
  private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);

  /// @param address the checked one that the connection has to lead to
  Sending(InetAddress address) {
    this.address = address;
  }

  InetAddress address() {
    return address;
  }

  /// Whether it may be sent: once, and not after it was given up.
  boolean begin() {
    return state.compareAndSet(State.WAITING, State.SENT);
  }

  void giveUp() {
    state.compareAndSet(State.WAITING, State.GIVEN_UP);
  }

  /// Says what closes the connection that it leaves over.
  void over(Runnable closing) {
    connection.set(closing);
  }

  /// Closes the connection, if it has one and still holds it.
  void cutOff() {
    var closing = connection.getAndSet(null);
    if (closing != null) {
      closing.run();
    }
  }

  boolean sent() {
    return state.get() == State.SENT;
  }
}
