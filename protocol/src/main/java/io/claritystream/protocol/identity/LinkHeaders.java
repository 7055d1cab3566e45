package io.claritystream.protocol.identity;

import io.grpc.Metadata;

/// What the edge says of an agent to the gateway, taken from the agent's certificate and its
/// connection. The gateway believes it because it came over the edge's own mutual TLS; the edge
/// drops whatever an agent sends under this prefix.
public final class LinkHeaders {
  /// No header that begins with this passes the edge from outside.
  public static final String PREFIX = "clarity-";

  /// The tenant's id, from the certificate.
  public static final Metadata.Key<String> TENANT = key("clarity-tenant");

  /// The agent's id, from the certificate.
  public static final Metadata.Key<String> AGENT = key("clarity-agent");

  /// The certificate's serial number in hexadecimal.
  public static final Metadata.Key<String> CERTIFICATE = key("clarity-certificate");

  /// The address the agent's connection came from, without port.
  public static final Metadata.Key<String> PEER = key("clarity-peer");

  private LinkHeaders() {}

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }
}
