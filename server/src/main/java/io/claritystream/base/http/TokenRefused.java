package io.claritystream.base.http;

import org.springframework.security.core.AuthenticationException;

/// An access token that does not count, thrown by the `AuthenticationManager` that verifies it. The
/// client learns whether it has expired and nothing more; the message is for the log.
public final class TokenRefused extends AuthenticationException {

  private final boolean expired;

  public TokenRefused(boolean expired, String message) {
    super(message);
    this.expired = expired;
  }

  boolean expired() {
    return expired;
  }
}
