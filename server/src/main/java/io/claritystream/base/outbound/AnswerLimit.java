package io.claritystream.base.outbound;

import java.io.IOException;

/// An answer that is not read on, and why.
final class AnswerLimit extends IOException {
  private final OutboundFault.Kind kind;

  AnswerLimit(OutboundFault.Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  OutboundFault fault() {
    return new OutboundFault(kind, true, String.valueOf(getMessage()));
  }
}
