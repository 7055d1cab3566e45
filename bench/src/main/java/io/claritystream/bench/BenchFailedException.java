package io.claritystream.bench;

/// A measurement could not be made. The message is for the person who asked for it.
final class BenchFailedException extends RuntimeException {
  BenchFailedException(String message) {
    super(message);
  }

  BenchFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
