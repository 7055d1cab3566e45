package io.claritystream.agent.postgres;

/// The source's log does not continue what the spool holds: a database restored from a backup, a
/// slot that is gone. Only a new snapshot in a new epoch helps.
final class LogBrokenException extends Exception {
  LogBrokenException(String message) {
    super(message);
  }
}
