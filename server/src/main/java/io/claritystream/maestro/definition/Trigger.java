package io.claritystream.maestro.definition;

import java.time.Duration;

/// What starts an execution.
///
/// @param id the name by which edges begin at it
public record Trigger(String id, Config config) {

  /// By type.
  public sealed interface Config {
    /// The word of the document.
    String type();
  }

  /// Started by the API.
  public record Api() implements Config {
    @Override
    public String type() {
      return "api";
    }
  }

  /// Started by a request to the workflow's own address.
  ///
  /// @param bodyMaxBytes the largest body that is taken
  /// @param timeout how long a caller waits for a `respond` step
  public record Webhook(Answer answer, int bodyMaxBytes, Duration timeout) implements Config {
    public static final int BODY_BYTES_MAX = 1_024 * 1_024;
    public static final Duration TIMEOUT_MAX = Duration.ofMinutes(5);
    public static final Webhook DEFAULT =
        new Webhook(Answer.AT_ONCE, 256 * 1_024, Duration.ofSeconds(30));

    /// When the caller is answered.
    public enum Answer {
      /// As soon as the execution is durable.
      AT_ONCE,
      /// By a `respond` step of the execution.
      RESPOND_STEP
    }

    @Override
    public String type() {
      return "webhook";
    }
  }
}
