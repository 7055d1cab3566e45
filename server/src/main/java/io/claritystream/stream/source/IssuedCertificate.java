package io.claritystream.stream.source;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/// A certificate that was just made, with its chain up to the authority, its own first.
public record IssuedCertificate(List<X509Certificate> chain) {
  public IssuedCertificate {
    chain = List.copyOf(chain);
  }

  X509Certificate own() {
    return chain.getFirst();
  }

  /// In hexadecimal, as the edge says it to the gateway.
  public String serial() {
    return own().getSerialNumber().toString(16).toLowerCase(Locale.ROOT);
  }

  public Instant notBefore() {
    return own().getNotBefore().toInstant();
  }

  public Instant notAfter() {
    return own().getNotAfter().toInstant();
  }
}
