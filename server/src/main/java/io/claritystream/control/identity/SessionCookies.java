package io.claritystream.control.identity;

import io.claritystream.base.http.SessionCookieNames;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import org.springframework.http.HttpHeaders;
import org.springframework.http.ResponseCookie;

/// The web's session: tokens in cookies that no script can read. Secure, unless the platform is
/// reached over plain HTTP on this machine.
final class SessionCookies {

  private static final String ACCESS_PATH = "/v1";
  private static final String REFRESH_PATH = "/v1/auth";

  private final boolean secure;
  private final Duration session;

  SessionCookies(URI publicUrl, Duration session) {
    this.secure = !("http".equals(publicUrl.getScheme()) && loopback(publicUrl.getHost()));
    this.session = session;
  }

  void set(HttpServletResponse response, String access, Duration lifetime, RefreshToken refresh) {
    add(response, SessionCookieNames.ACCESS, access, ACCESS_PATH, "Lax", lifetime);
    add(response, SessionCookieNames.REFRESH, refresh.value(), REFRESH_PATH, "Strict", session);
  }

  void clear(HttpServletResponse response) {
    add(response, SessionCookieNames.ACCESS, "", ACCESS_PATH, "Lax", Duration.ZERO);
    add(response, SessionCookieNames.REFRESH, "", REFRESH_PATH, "Strict", Duration.ZERO);
  }

  Optional<String> read(HttpServletRequest request, String name) {
    Cookie[] cookies = request.getCookies();
    if (cookies != null) {
      for (Cookie cookie : cookies) {
        if (cookie.getName().equals(name) && !cookie.getValue().isEmpty()) {
          return Optional.of(cookie.getValue());
        }
      }
    }
    return Optional.empty();
  }

  private void add(
      HttpServletResponse response,
      String name,
      String value,
      String path,
      String sameSite,
      Duration age) {
    ResponseCookie cookie =
        ResponseCookie.from(name, value)
            .httpOnly(true)
            .secure(secure)
            .path(path)
            .sameSite(sameSite)
            .maxAge(age)
            .build();
    response.addHeader(HttpHeaders.SET_COOKIE, cookie.toString());
  }

  private static boolean loopback(String host) {
    if (host.equalsIgnoreCase("localhost")) {
      return true;
    }
    boolean literal = host.startsWith("[") || host.matches("[0-9.]+");
    try {
      return literal && InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException notAnAddress) {
      return false;
    }
  }
}
