package io.claritystream.embedded;

/// A program did not start. The message is one sentence (and, after it, the end of the program's
/// own log) that a person can act upon.
public final class StartFailedException extends RuntimeException {
  public StartFailedException(String message) {
    super(message);
  }

  public StartFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
