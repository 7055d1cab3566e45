package io.claritystream.control.identity;

import java.security.SecureRandom;

/// An [OpaqueToken] that is good for one refresh.
record RefreshToken(String value) {

  static RefreshToken make(SecureRandom random) {
    return new RefreshToken(OpaqueToken.make(random));
  }

  byte[] hash() {
    return OpaqueToken.hash(value);
  }

  @Override
  public String toString() {
    return "RefreshToken[…]";
  }
}
