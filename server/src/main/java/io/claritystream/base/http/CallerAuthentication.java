package io.claritystream.base.http;

import java.util.List;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.core.context.SecurityContextHolder;

/// A verified access token, as Spring Security carries it.
public final class CallerAuthentication extends AbstractAuthenticationToken {

  private final transient Caller caller;

  public CallerAuthentication(Caller caller) {
    super(List.of());
    this.caller = caller;
    setAuthenticated(true);
  }

  @Override
  public Object getCredentials() {
    return "";
  }

  @Override
  public Caller getPrincipal() {
    return caller;
  }

  /// The caller of the request at hand; throws the problem `unauthenticated` without one.
  static Caller current() {
    if (SecurityContextHolder.getContext().getAuthentication()
        instanceof CallerAuthentication authentication) {
      return authentication.caller;
    }
    throw Problem.of(ProblemCode.UNAUTHENTICATED, null);
  }
}
