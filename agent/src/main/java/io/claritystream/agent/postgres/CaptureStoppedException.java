package io.claritystream.agent.postgres;

import java.io.IOException;

/// Capture was asked to stop while it waited for room in the spool.
final class CaptureStoppedException extends IOException {
  CaptureStoppedException() {
    super("capture was stopped");
  }
}
