package io.claritystream.agent;

/// A command line that cannot be meant, in words for whoever typed it.
final class UsageException extends RuntimeException {
  UsageException(String message) {
    super(message);
  }
}
