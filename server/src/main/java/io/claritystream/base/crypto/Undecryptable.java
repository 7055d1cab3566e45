package io.claritystream.base.crypto;

/// The value was not encrypted for this tenant and context, or was changed since.
public final class Undecryptable extends Exception {
  Undecryptable(EncryptionContext context, Throwable cause) {
    super("cannot decrypt " + context.purpose() + " " + context.id(), cause);
  }

  Undecryptable(EncryptionContext context, String why) {
    super("cannot decrypt " + context.purpose() + " " + context.id() + ": " + why);
  }
}
