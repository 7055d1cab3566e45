package io.claritystream.stream.gateway;

import io.claritystream.protocol.link.PlatformFrame;
import io.claritystream.protocol.link.Refused;
import java.util.Locale;

/// Why a stream is ended by a `Refused` frame. The codes are part of the protocol.
enum Refusal {
  /// The agent speaks a version of the protocol that is not spoken here.
  PROTOCOL_VERSION(false),
  /// The agent has no such source.
  UNKNOWN_SOURCE(false),
  /// What the hello says of the spool cannot be.
  BAD_HELLO(false),
  /// The source has begun as many epochs as it may in an hour.
  TOO_MANY_EPOCHS(false),
  /// A newer stream of the same source is open.
  SUPERSEDED(false),
  /// A batch is not what its header says, or its header is not what it may be.
  BAD_BATCH(false),
  /// A batch does not follow the one before it.
  OUT_OF_ORDER(true),
  /// A batch was masked under another policy than the one that holds.
  POLICY_VERSION(true),
  /// A batch is larger than one may be.
  TOO_LARGE(false),
  /// The frames came in an order that the protocol does not have.
  BAD_FRAME(false);

  private final boolean retryable;

  Refusal(boolean retryable) {
    this.retryable = retryable;
  }

  String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  PlatformFrame frame(String message) {
    return PlatformFrame.newBuilder()
        .setRefused(
            Refused.newBuilder().setCode(code()).setMessage(message).setRetryable(retryable))
        .build();
  }
}
