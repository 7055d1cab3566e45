package io.claritystream.base.http;

import java.util.Map;
import java.util.function.BiConsumer;

/// The headers that keep browsers safe. Every answer carries them, whoever gives it: a controller,
/// a filter that refuses early, or Tomcat before any filter has seen the request.
final class SafeHeaders {

  /// Scripts come from our own files alone. Inline styles are allowed because charts and menus
  /// place themselves by them; styles cannot run.
  private static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
          + "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
          + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

  static final Map<String, String> ALL =
      Map.of(
          "Content-Security-Policy", CONTENT_SECURITY_POLICY,
          "X-Content-Type-Options", "nosniff",
          "X-Frame-Options", "DENY",
          "X-XSS-Protection", "0",
          "Referrer-Policy", "strict-origin-when-cross-origin",
          "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()",
          "Cross-Origin-Opener-Policy", "same-origin",
          "Cross-Origin-Resource-Policy", "same-origin");

  /// @param header sets a header of the answer at hand
  static void set(BiConsumer<String, String> header) {
    ALL.forEach(header);
  }

  private SafeHeaders() {}
}
