package io.claritystream.base.http;

/// The cookies that carry a session of the web app.
public final class SessionCookieNames {
  public static final String ACCESS = "clarity_access";
  public static final String REFRESH = "clarity_refresh";

  private SessionCookieNames() {}
}
