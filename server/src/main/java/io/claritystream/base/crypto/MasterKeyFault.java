package io.claritystream.base.crypto;

/// The master key is not there, is not ours, or is open to others. The message is for the person
/// who starts the platform, and says what to do.
public final class MasterKeyFault extends RuntimeException {
  MasterKeyFault(String message) {
    super(message);
  }

  MasterKeyFault(String message, Throwable cause) {
    super(message, cause);
  }
}
