package io.claritystream.base.http;

import jakarta.servlet.http.HttpServletRequest;
import java.util.UUID;

/// The name of one request: in `X-Request-Id`, in every log line of it and in the `instance` of its
/// problem. It is made here and never taken from the client, who could otherwise write into the
/// log.
final class RequestId {

  static final String HEADER = "X-Request-Id";
  static final String LOG_KEY = "request_id";

  private static final String ATTRIBUTE = RequestId.class.getName();

  static String of(HttpServletRequest request) {
    if (request.getAttribute(ATTRIBUTE) instanceof String id) {
      return id;
    }
    String id = UUID.randomUUID().toString();
    request.setAttribute(ATTRIBUTE, id);
    return id;
  }

  private RequestId() {}
}
