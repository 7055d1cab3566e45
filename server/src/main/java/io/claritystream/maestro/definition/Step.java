package io.claritystream.maestro.definition;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One thing that a workflow does.
///
/// @param input mapped to what the step's own configuration sees as `input`; null if none
/// @param timeout of one try
/// @param idempotencyKey mapped to a text; null to have one made from execution and step
public record Step(
    String id,
    Config config,
    @Nullable Object input,
    Duration timeout,
    Retry retry,
    OnError onError,
    @Nullable Object idempotencyKey) {

  public static final Duration TIMEOUT_DEFAULT = Duration.ofSeconds(30);
  public static final Duration TIMEOUT_MAX = Duration.ofMinutes(15);

  /// By type.
  public sealed interface Config {
    /// The word of the document.
    String type();

    /// Whether it acts on the world outside; such steps are rows of `maestro.action` too.
    default boolean acts() {
      return false;
    }
  }

  /// @param url mapped to a text, as `headers`' and `query`'s values are
  /// @param body mapped; null for none
  /// @param connection whose credentials are used; a literal
  /// @param okStatuses `200`, `2xx`: every other answer is an error
  public record HttpRequest(
      String method,
      Object url,
      Map<String, Object> headers,
      Map<String, Object> query,
      @Nullable Object body,
      @Nullable String connection,
      List<String> okStatuses,
      OnUnknown onUnknown,
      boolean followRedirects,
      int responseMaxBytes)
      implements Config {

    public static final List<String> METHODS =
        List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");
    public static final int RESPONSE_BYTES_DEFAULT = 1_024 * 1_024;
    public static final int RESPONSE_BYTES_MAX = 10 * 1_024 * 1_024;
    public static final List<String> OK_DEFAULT = List.of("2xx");
    static final int FIELDS_MAX = 100;
    static final int OK_MAX = 32;
    static final String OK_PATTERN = "[1-5]([0-9]{2}|xx)";

    public HttpRequest {
      okStatuses = List.copyOf(okStatuses);
    }

    @Override
    public String type() {
      return "http_request";
    }

    @Override
    public boolean acts() {
      return true;
    }

    /// Whether an answer of this status is a success.
    public boolean ok(int status) {
      return okStatuses.contains(Integer.toString(status))
          || okStatuses.contains(status / 100 + "xx");
    }
  }

  /// @param expression without the `=` in front; its root is the step's input if it has one, and
  ///     what every expression sees otherwise
  public record Transform(String expression) implements Config {
    @Override
    public String type() {
      return "transform";
    }
  }

  /// The first case that is true is taken.
  ///
  /// @param otherwise the case if none is; null to go nowhere then
  public record Branch(List<Case> cases, @Nullable String otherwise) implements Config {
    public static final int CASES_MAX = 50;

    public Branch {
      cases = List.copyOf(cases);
    }

    @Override
    public String type() {
      return "branch";
    }
  }

  /// @param when mapped to true or false
  public record Case(String name, Object when) {}

  /// @param message mapped to a text
  public record Fail(Object message) implements Config {
    @Override
    public String type() {
      return "fail";
    }
  }

  /// @param values mapped; they are the step's output
  public record SetValues(Map<String, Object> values) implements Config {
    @Override
    public String type() {
      return "set";
    }
  }

  /// Answers the caller of a webhook.
  ///
  /// @param status mapped to a number
  /// @param headers mapped to texts
  /// @param body mapped; null for none
  public record Respond(Object status, Map<String, Object> headers, @Nullable Object body)
      implements Config {
    @Override
    public String type() {
      return "respond";
    }
  }
}
