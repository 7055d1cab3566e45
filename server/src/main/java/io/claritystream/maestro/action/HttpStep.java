package io.claritystream.maestro.action;

import io.claritystream.base.expression.OutOfRange;
import io.claritystream.base.outbound.Header;
import io.claritystream.base.outbound.OutboundClient;
import io.claritystream.base.outbound.OutboundFault;
import io.claritystream.base.outbound.OutboundRequest;
import io.claritystream.base.outbound.OutboundResponse;
import io.claritystream.maestro.definition.Step;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/// Calls an address. It answers `{"status", "headers", "body"}`: the body as JSON if it says that
/// it is, as a text otherwise.
///
/// What acts carries an `Idempotency-Key`, the same over all tries. Whether a call whose answer is
/// lost has acted nobody can know, unless its receiver honours that key.
final class HttpStep implements CompiledStep {
  private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS");
  private static final String KEY_HEADER = "Idempotency-Key";

  /// It was not the receiver that took too long, nor the step's own time that was over.
  private static final StepError EXECUTION_TIMEOUT =
      StepError.of(
          "execution_timeout",
          "The time of the whole execution (timeout_s in the workflow's settings) ended during the"
              + " call, before its own timeout_ms; give the workflow more time.");

  /// Of an answer, for those that come after.
  private static final Set<String> HEADERS_KEPT =
      Set.of(
          "content-type",
          "content-language",
          "location",
          "etag",
          "last-modified",
          "date",
          "link",
          "retry-after",
          "x-request-id",
          "x-correlation-id");

  private final Step step;
  private final Step.HttpRequest request;
  private final OutboundClient client;
  private final Credentials credentials;
  private final @Nullable Mapped input;
  private final Mapped url;
  private final Mapped headers;
  private final Mapped query;
  private final @Nullable Mapped body;
  private final @Nullable Mapped key;

  HttpStep(
      Step step,
      Step.HttpRequest request,
      OutboundClient client,
      Credentials credentials,
      @Nullable Mapped input,
      Mapped url,
      Mapped headers,
      Mapped query,
      @Nullable Mapped body,
      @Nullable Mapped key) {
    this.step = step;
    this.request = request;
    this.client = client;
    this.credentials = credentials;
    this.input = input;
    this.url = url;
    this.headers = headers;
    this.query = query;
    this.body = body;
    this.key = key;
  }

  @Override
  public Step step() {
    return step;
  }

  @Override
  public boolean waits() {
    return true;
  }

  @Override
  public boolean acts() {
    return !SAFE.contains(request.method());
  }

  @Override
  public Prepared prepare(StepScope outer) throws StepFailure {
    var scope = input == null ? outer : outer.with(PureStep.mapped(input, outer));
    var connection =
        request.connection() == null
            ? Credentials.Open.NONE
            : credentials.open(scope.tenant(), request.connection());
    var secrets = new Secrets(connection.secrets());
    var address = text(PureStep.mapped(url, scope), "url");
    var asked = parameters(PureStep.mapped(query, scope));
    var shown = new LinkedHashMap<String, @Nullable Object>();
    shown.put("method", request.method());
    shown.put("url", secrets.without(address));
    if (!asked.isEmpty()) {
      shown.put("query", secrets.without(new LinkedHashMap<String, Object>(asked)));
    }
    var sent = new ArrayList<Header>();
    members(PureStep.mapped(headers, scope))
        .forEach((name, value) -> sent.add(new Header(name, value)));
    byte[] content = null;
    if (body != null) {
      var mapped = PureStep.mapped(body, scope);
      shown.put("body", secrets.without(mapped));
      content = content(mapped, sent);
    }
    if (acts() && sent.stream().noneMatch(header -> header.name().equalsIgnoreCase(KEY_HEADER))) {
      var own =
          key == null ? scope.effectKey() : text(PureStep.mapped(key, scope), "idempotency_key");
      sent.add(new Header(KEY_HEADER, own));
    }
    connection.headers().forEach((name, value) -> sent.add(new Header(name, value)));
    var whole = new LinkedHashMap<>(asked);
    connection.query().forEach((name, value) -> whole.put(name, List.of(value)));
    var call =
        new OutboundRequest(
            scope.tenant(),
            request.method(),
            StepAddress.of(connection.baseUrl(), address, whole),
            sent,
            content,
            scope.timeout(),
            request.responseMaxBytes(),
            request.followRedirects());
    return new Prepared() {
      @Override
      public Object input() {
        return shown;
      }

      @Override
      public StepOutcome perform() throws InterruptedException {
        return call(call, secrets, scope.timeout().compareTo(step.timeout()) < 0);
      }
    };
  }

  /// @param cut whether the execution ends before the step's own timeout would
  private StepOutcome call(OutboundRequest call, Secrets secrets, boolean cut)
      throws InterruptedException {
    var began = System.nanoTime();
    Read response;
    try {
      response = client.send(call, answer -> read(answer, secrets));
    } catch (OutboundFault fault) {
      var outOfTime = cut && System.nanoTime() - began >= call.timeout().toNanos();
      return failed(fault, outOfTime ? EXECUTION_TIMEOUT : error(fault, secrets));
    }
    if (!request.ok(response.status())) {
      return new StepOutcome.Failed(
          new StepError(
              "http_" + response.status(),
              "The receiver answered " + response.status() + ".",
              response.status(),
              response.body()));
    }
    if (response.outOfRange() != null) {
      return new StepOutcome.Failed(outOfRange(response.outOfRange()));
    }
    var kept = new LinkedHashMap<String, @Nullable Object>();
    for (var header : response.headers()) {
      var name = header.name().toLowerCase(Locale.ROOT);
      if (HEADERS_KEPT.contains(name)) {
        kept.putIfAbsent(name, secrets.without(header.value()));
      }
    }
    var output = new LinkedHashMap<String, @Nullable Object>();
    output.put("status", (long) response.status());
    output.put("headers", kept);
    output.put("body", response.body());
    return new StepOutcome.Done(output);
  }

  /// A call that was sent and not answered may have acted; a safe one has not, whatever became of
  /// it.
  private StepOutcome failed(OutboundFault fault, StepError error) {
    return fault.sent() && acts() ? new StepOutcome.Unknown(error) : new StepOutcome.Failed(error);
  }

  private static StepError error(OutboundFault fault, Secrets secrets) {
    var code =
        switch (fault.kind()) {
          case BLOCKED -> "blocked";
          case DNS, CONNECT -> "connect";
          case BUSY -> "busy";
          case TLS -> "tls";
          case TIMEOUT, ABORTED -> "timeout";
          case TOO_LARGE -> "answer_too_large";
          case PROTOCOL -> "protocol";
          case REDIRECT -> "redirect";
        };
    return StepError.of(code, secrets.without(String.valueOf(fault.getMessage())));
  }

  /// An answer whose bytes are no longer needed.
  ///
  /// @param outOfRange where in it a number stands that cannot be kept, as a JSON pointer; the body
  ///     is the text as it came then
  private record Read(
      int status, List<Header> headers, @Nullable Object body, @Nullable String outOfRange) {}

  private static Read read(OutboundResponse answer, Secrets secrets) {
    var body = secrets.without(bodyOf(answer));
    var outOfRange = OutOfRange.in(body);
    return new Read(
        answer.status(),
        answer.headers(),
        outOfRange == null ? body : secrets.without(textOf(answer)),
        outOfRange);
  }

  private static String textOf(OutboundResponse response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  private static @Nullable Object bodyOf(OutboundResponse response) {
    if (response.body().length == 0) {
      return null;
    }
    var text = textOf(response);
    var type = response.header("content-type").orElse("").toLowerCase(Locale.ROOT);
    if (type.startsWith("application/json") || type.contains("+json")) {
      try {
        return Json.read(text);
      } catch (JacksonException noJson) {
        return text;
      }
    }
    return text;
  }

  /// What the receiver has answered cannot be kept, and it would answer the same again.
  private static StepError outOfRange(String pointer) {
    return StepError.of(
        "answer_out_of_range",
        "The answer holds a number at "
            + (pointer.isEmpty() ? "its root" : pointer)
            + ", which is larger than a number can be; have the receiver send it as a text.");
  }

  private static byte[] content(@Nullable Object mapped, List<Header> sent) throws StepFailure {
    var typed = sent.stream().anyMatch(header -> header.name().equalsIgnoreCase("content-type"));
    if (mapped instanceof String text) {
      if (!typed) {
        sent.add(new Header("Content-Type", "text/plain; charset=utf-8"));
      }
      return Sendable.of(text, "body").getBytes(StandardCharsets.UTF_8);
    }
    if (!typed) {
      sent.add(new Header("Content-Type", "application/json"));
    }
    return Json.write(mapped).getBytes(StandardCharsets.UTF_8);
  }

  /// A list is a parameter that comes several times.
  private static Map<String, List<String>> parameters(@Nullable Object value) throws StepFailure {
    var parameters = new LinkedHashMap<String, List<String>>();
    if (value instanceof Map<?, ?> map) {
      for (var member : map.entrySet()) {
        var values = new ArrayList<String>();
        for (var one : member.getValue() instanceof List<?> list ? list : single(member)) {
          if (one != null) {
            var what = "value of " + member.getKey();
            values.add(Sendable.of(text(one, what), what));
          }
        }
        if (!values.isEmpty()) {
          parameters.put(String.valueOf(member.getKey()), values);
        }
      }
    }
    return parameters;
  }

  private static List<?> single(Map.Entry<?, ?> member) {
    return Collections.singletonList(member.getValue());
  }

  private static String text(@Nullable Object value, String what) throws StepFailure {
    return switch (value) {
      case String text -> text;
      case Number number -> number.toString();
      case Boolean bool -> bool.toString();
      case null -> throw mistyped(what, "nothing");
      default -> throw mistyped(what, "a list or an object");
    };
  }

  private static StepFailure mistyped(String what, String got) {
    return new StepFailure(
        StepError.of(
            "mapping", "The " + what + " has to be a text, and its mapping gives " + got + "."));
  }

  private static Map<String, String> members(@Nullable Object value) throws StepFailure {
    var members = new LinkedHashMap<String, String>();
    if (value instanceof Map<?, ?> map) {
      for (var member : map.entrySet()) {
        if (member.getValue() != null) {
          members.put(
              String.valueOf(member.getKey()),
              text(member.getValue(), "value of " + member.getKey()));
        }
      }
    }
    return members;
  }
}
