package io.claritystream.maestro.trigger;

import io.claritystream.base.expression.OutOfRange;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.UnreadJson;
import io.claritystream.maestro.action.Json;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/// What a call of a webhook brings to its workflow, as `trigger`: `method`, `headers`, `query` and
/// `body`.
final class WebhookPayload {
  private static final int HEADERS_MAX = 64;
  private static final int QUERY_MAX = 200;

  /// What proves who a caller is to others has no business in a log.
  private static final Set<String> LEFT_OUT =
      Set.of(
          "authorization", "proxy-authorization", "cookie", "connection", "host", "content-length");

  private WebhookPayload() {}

  /// Throws the problems `payload_too_large`, `malformed_json`, `unsupported_media_type` and
  /// `validation_failed`.
  static Map<String, @Nullable Object> read(HttpServletRequest request, int bodyBytesMax)
      throws IOException {
    var bytes = request.getInputStream().readNBytes(bodyBytesMax + 1);
    if (bytes.length > bodyBytesMax) {
      throw Problem.of(
          ProblemCode.PAYLOAD_TOO_LARGE,
          "The limit of this webhook is " + bodyBytesMax + " bytes.");
    }
    var payload = new LinkedHashMap<String, @Nullable Object>();
    payload.put("method", request.getMethod());
    payload.put("headers", headers(request));
    payload.put("query", fields(request.getQueryString()));
    payload.put("body", body(request.getContentType(), bytes));
    return payload;
  }

  private static Map<String, @Nullable Object> headers(HttpServletRequest request) {
    var headers = new LinkedHashMap<String, @Nullable Object>();
    var names = request.getHeaderNames();
    while (names.hasMoreElements() && headers.size() < HEADERS_MAX) {
      var name = names.nextElement().toLowerCase(Locale.ROOT);
      if (!LEFT_OUT.contains(name)) {
        headers.put(name, request.getHeader(name));
      }
    }
    return headers;
  }

  private static @Nullable Object body(@Nullable String contentType, byte[] bytes) {
    if (bytes.length == 0) {
      return null;
    }
    var type =
        contentType == null
            ? "application/json"
            : contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    if (type.equals("application/json") || type.endsWith("+json")) {
      try {
        var body = Json.read(text(bytes));
        if (Json.deeper(body, Json.DEPTH_MAX)) {
          throw Problem.of(
              ProblemCode.MALFORMED_JSON,
              "The body is nested deeper than " + Json.DEPTH_MAX + " levels.");
        }
        var outOfRange = OutOfRange.in(body);
        if (outOfRange != null) {
          throw Problem.invalid(outOfRange, OutOfRange.REFUSED);
        }
        return body;
      } catch (JacksonException e) {
        var why = UnreadJson.why(e);
        throw Problem.of(
            ProblemCode.MALFORMED_JSON, "The body " + (why == null ? "is not JSON" : why) + ".");
      }
    }
    if (type.equals("application/x-www-form-urlencoded")) {
      return fields(text(bytes));
    }
    if (type.startsWith("text/") || type.equals("application/xml") || type.endsWith("+xml")) {
      return text(bytes);
    }
    throw Problem.of(
        ProblemCode.UNSUPPORTED_MEDIA_TYPE, "A webhook takes JSON, forms, text and XML.");
  }

  private static String text(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw Problem.of(ProblemCode.MALFORMED_JSON, "The body is not UTF-8.");
    }
  }

  /// Names and values; a name that comes more than once has a list.
  private static Map<String, @Nullable Object> fields(@Nullable String encoded) {
    var fields = new LinkedHashMap<String, @Nullable Object>();
    if (encoded == null || encoded.isEmpty()) {
      return fields;
    }
    var count = 0;
    for (var pair : encoded.split("&")) {
      if (pair.isEmpty()) {
        continue;
      }
      if (++count > QUERY_MAX) {
        throw Problem.of(ProblemCode.VALIDATION_FAILED, "More than " + QUERY_MAX + " fields.");
      }
      var parts = pair.split("=", 2);
      var value = parts.length == 1 ? "" : decoded(parts[1]);
      fields.merge(decoded(parts[0]), value, WebhookPayload::both);
    }
    return fields;
  }

  private static Object both(Object before, Object more) {
    var all =
        before instanceof List<?> list
            ? new ArrayList<Object>(list)
            : new ArrayList<>(List.of(before));
    all.add(more);
    return all;
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw Problem.of(ProblemCode.VALIDATION_FAILED, "A field is not URL-encoded.");
    }
  }
}
