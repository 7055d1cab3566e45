package io.claritystream.agent.postgres;

import java.io.IOException;
import java.nio.file.Path;

/// How far a source's capture is, and the file that says so to a restart.
public final class StateFile {
  private final Path file;
  private volatile CaptureState now;

  StateFile(Path file, CaptureState now) {
    this.file = file;
    this.now = now;
  }

  public CaptureState now() {
    return now;
  }

  /// @throws IOException if it cannot be written: then it holds here, and not for a restart
  public void becomes(CaptureState next) throws IOException {
    now = next;
    next.save(file);
  }
}
