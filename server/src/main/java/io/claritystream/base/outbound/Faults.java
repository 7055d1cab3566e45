package io.claritystream.base.outbound;

import io.claritystream.base.outbound.OutboundFault.Kind;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.MalformedChunkCodingException;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http2.H2ConnectionException;
import org.apache.hc.core5.http2.hpack.HeaderListConstraintException;
import org.jspecify.annotations.Nullable;

/// What a failure of the network means to who wrote the address.
final class Faults {
  private static final int CAUSES_MAX = 16;

  static OutboundFault of(Destination destination, boolean sent, @Nullable Throwable failure) {
    AnswerLimit limit = find(failure, AnswerLimit.class);
    if (limit != null) {
      return limit.fault();
    }
    String host = destination.host();
    if (find(failure, ConnectionRequestTimeoutException.class) != null) {
      return new OutboundFault(
          Kind.BUSY, sent, "No connection to %s was free in time; try again.".formatted(host));
    }
    if (find(failure, MessageConstraintException.class) != null
        || find(failure, HeaderListConstraintException.class) != null) {
      return new OutboundFault(
          Kind.TOO_LARGE,
          sent,
          "The answer's headers are more than %d, or longer than %d characters."
              .formatted(Answer.HEADERS_MAX, Answer.HEADER_CHARACTERS_MAX));
    }
    if (find(failure, CertificateException.class) != null) {
      return new OutboundFault(
          Kind.TLS,
          sent,
          "%s shows a certificate that is not trusted, has run out or is another host's."
              .formatted(host),
          failure);
    }
    if (find(failure, SSLException.class) != null) {
      return new OutboundFault(
          Kind.TLS,
          sent,
          "No encrypted connection to %s came about; check that it speaks TLS 1.2 or newer on this port."
              .formatted(host),
          failure);
    }
    if (find(failure, HttpException.class) != null
        || find(failure, MalformedChunkCodingException.class) != null
        || find(failure, H2ConnectionException.class) != null) {
      return new OutboundFault(
          Kind.PROTOCOL, sent, "What %s answered is not HTTP.".formatted(host), failure);
    }
    if (!sent) {
      return new OutboundFault(
          Kind.CONNECT,
          false,
          "No connection to %s came about; check that it is up and the port is right."
              .formatted(host),
          failure);
    }
    if (find(failure, SocketTimeoutException.class) != null) {
      return new OutboundFault(Kind.TIMEOUT, true, "%s did not answer in time.".formatted(host));
    }
    return new OutboundFault(
        Kind.CONNECT,
        true,
        "The connection to %s was lost before the answer was whole.".formatted(host),
        failure instanceof IOException ? failure : null);
  }

  private static <T extends Throwable> @Nullable T find(
      @Nullable Throwable failure, Class<T> type) {
    Throwable at = failure;
    for (int depth = 0; at != null && depth < CAUSES_MAX; depth++) {
      if (type.isInstance(at)) {
        return type.cast(at);
      }
      at = at.getCause();
    }
    return null;
  }

  private Faults() {}
}
