package io.claritystream.base.outbound;

import io.claritystream.base.db.TenantId;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is to be called.
///
/// @param tenant for whom: it has its part of what calls share, and connections of its own
/// @param method one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS
/// @param url an absolute http or https address; a fragment is not sent
/// @param headers as they are sent, but for those that the client sets itself
/// @param body absent if the request has none; it is not copied and must not change
/// @param timeout from the beginning of the call to the last byte of the answer;
///     `clarity.outbound.timeout-max` at most
/// @param responseMaxBytes of the answer's body, decompressed
/// @param followRedirects whether up to five redirects are followed; otherwise a redirect is the
///     answer
public record OutboundRequest(
    TenantId tenant,
    String method,
    URI url,
    List<Header> headers,
    byte @Nullable [] body,
    Duration timeout,
    long responseMaxBytes,
    boolean followRedirects) {

  public OutboundRequest {
    headers = List.copyOf(headers);
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("a timeout has to be positive");
    }
    if (responseMaxBytes < 0) {
      throw new IllegalArgumentException("a limit of bytes cannot be negative");
    }
  }

  /// Neither query nor body nor headers, which may hold secrets.
  @Override
  public String toString() {
    return method + " " + url.getScheme() + "://" + url.getHost();
  }
}
