package io.claritystream.agent;

/// A command that was understood and could not be done, with what to do about it.
final class CommandFailedException extends RuntimeException {
  CommandFailedException(String message) {
    super(message);
  }
}
