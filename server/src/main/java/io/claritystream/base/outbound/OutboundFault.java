package io.claritystream.base.outbound;

import org.jspecify.annotations.Nullable;

/// Why a call has no answer. The message is one sentence for the person who wrote the address; it
/// holds no header, no body, and nothing of the address but the host's name.
public final class OutboundFault extends Exception {

  public enum Kind {
    /// The address, a header or the method may not be used; nothing was sent.
    BLOCKED,
    /// The name has no address, or none in time.
    DNS,
    /// No connection, or it was lost before the answer was whole.
    CONNECT,
    /// The other side could not prove who it is, or speaks no TLS that is safe.
    TLS,
    /// The deadline passed.
    TIMEOUT,
    /// The answer is larger than the call allows.
    TOO_LARGE,
    /// What came is not HTTP, or was not asked for.
    PROTOCOL,
    /// A redirect that is not followed.
    REDIRECT,
    /// The thread was interrupted after something had been sent.
    ABORTED,
    /// Too much is under way; nothing is wrong with the call.
    BUSY
  }

  private final Kind kind;
  private final boolean sent;

  OutboundFault(Kind kind, boolean sent, String message) {
    this(kind, sent, message, null);
  }

  OutboundFault(Kind kind, boolean sent, String message, @Nullable Throwable cause) {
    // Expected, and often: where it was made tells nobody anything.
    super(message, cause, false, false);
    this.kind = kind;
    this.sent = sent;
  }

  static OutboundFault blocked(String message) {
    return new OutboundFault(Kind.BLOCKED, false, message);
  }

  public Kind kind() {
    return kind;
  }

  /// Whether any byte of the request may have reached a receiver. If so, and no answer is known,
  /// nobody here can say what the receiver did.
  public boolean sent() {
    return sent;
  }

  OutboundFault afterSending() {
    return sent ? this : new OutboundFault(kind, true, String.valueOf(getMessage()), getCause());
  }
}
