package io.claritystream.base.outbound;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// An answer, whole.
///
/// @param headers without those that speak of the body as it was on the wire
/// @param body decompressed
/// @param finalUrl where it came from, which differs from what was asked for after redirects
/// @param took from the beginning of the call
public record OutboundResponse(
    int status, List<Header> headers, byte[] body, URI finalUrl, Duration took) {

  /// The first of this name.
  public Optional<String> header(String name) {
    return headers.stream()
        .filter(header -> header.name().equalsIgnoreCase(name))
        .map(Header::value)
        .findFirst();
  }

  @Override
  public String toString() {
    return status + ", " + body.length + " bytes";
  }
}
