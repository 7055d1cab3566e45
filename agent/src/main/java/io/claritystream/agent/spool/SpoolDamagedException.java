package io.claritystream.agent.spool;

import java.io.IOException;

/// Bytes that were forced to disk came back otherwise.
public final class SpoolDamagedException extends IOException {
  SpoolDamagedException(String message) {
    super(message);
  }
}
