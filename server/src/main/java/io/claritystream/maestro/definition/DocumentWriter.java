package io.claritystream.maestro.definition;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Writes a document as plain JSON, in the schema's order and without what equals a default.
final class DocumentWriter {

  static Map<String, Object> write(WorkflowDocument document) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", document.name());
    put(json, "description", document.description(), null);
    put(json, "settings", settings(document.settings()), Map.of());
    json.put("triggers", each(document.triggers(), DocumentWriter::trigger));
    json.put("steps", each(document.steps(), DocumentWriter::step));
    json.put("edges", each(document.edges(), DocumentWriter::edge));
    return json;
  }

  /// The `config` of a trigger, as the document and the table have it.
  static Map<String, Object> config(Trigger.Config config) {
    Map<String, Object> json = new LinkedHashMap<>();
    switch (config) {
      case Trigger.Api api -> {}
      case Trigger.Webhook webhook -> {
        Trigger.Webhook usual = Trigger.Webhook.DEFAULT;
        put(json, "respond", Fields.word(webhook.answer()), Fields.word(usual.answer()));
        put(json, "body_max_bytes", webhook.bodyMaxBytes(), usual.bodyMaxBytes());
        put(json, "timeout_s", webhook.timeout().toSeconds(), usual.timeout().toSeconds());
      }
    }
    return json;
  }

  /// The `config` of a step, as the document and the table have it.
  static Map<String, Object> config(Step.Config config) {
    Map<String, Object> json = new LinkedHashMap<>();
    switch (config) {
      case Step.HttpRequest http -> {
        json.put("method", http.method());
        json.put("url", http.url());
        put(json, "headers", http.headers(), Map.of());
        put(json, "query", http.query(), Map.of());
        put(json, "body", http.body(), null);
        put(json, "connection", http.connection(), null);
        put(json, "ok_statuses", http.okStatuses(), Step.HttpRequest.OK_DEFAULT);
        put(json, "on_unknown", Fields.word(http.onUnknown()), Fields.word(OnUnknown.RETRY));
        put(json, "follow_redirects", http.followRedirects(), false);
        put(
            json,
            "response_max_bytes",
            http.responseMaxBytes(),
            Step.HttpRequest.RESPONSE_BYTES_DEFAULT);
      }
      case Step.Transform transform -> json.put("expression", transform.expression());
      case Step.Branch branch -> {
        json.put("cases", each(branch.cases(), DocumentWriter::branchCase));
        put(json, "otherwise", branch.otherwise(), null);
      }
      case Step.Fail fail -> json.put("message", fail.message());
      case Step.SetValues set -> json.put("values", set.values());
      case Step.Respond respond -> {
        json.put("status", respond.status());
        put(json, "headers", respond.headers(), Map.of());
        put(json, "body", respond.body(), null);
      }
    }
    return json;
  }

  private static Map<String, Object> settings(Settings settings) {
    Map<String, Object> json = new LinkedHashMap<>();
    long usual = Settings.DEFAULT.timeout().toSeconds();
    put(json, "timeout_s", settings.timeout().toSeconds(), usual);
    put(json, "redact", settings.redact(), List.of());
    put(json, "correlation_key", settings.correlationKey(), null);
    put(json, "execution_name", settings.executionName(), null);
    return json;
  }

  private static Map<String, Object> trigger(Trigger trigger) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", trigger.id());
    json.put("type", trigger.config().type());
    put(json, "config", config(trigger.config()), Map.of());
    return json;
  }

  private static Map<String, Object> step(Step step) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", step.id());
    json.put("type", step.config().type());
    put(json, "input", step.input(), null);
    json.put("config", config(step.config()));
    put(json, "timeout_ms", step.timeout().toMillis(), Step.TIMEOUT_DEFAULT.toMillis());
    put(json, "retry", retry(step.retry()), Map.of());
    put(json, "on_error", Fields.word(step.onError()), Fields.word(OnError.STOP));
    put(json, "idempotency_key", step.idempotencyKey(), null);
    return json;
  }

  private static Map<String, Object> retry(Retry retry) {
    Map<String, Object> json = new LinkedHashMap<>();
    Retry usual = Retry.NONE;
    put(json, "count", retry.count(), usual.count());
    put(json, "backoff_ms", retry.backoff().toMillis(), usual.backoff().toMillis());
    put(json, "factor", retry.factor(), usual.factor());
    put(json, "backoff_max_ms", retry.backoffMax().toMillis(), usual.backoffMax().toMillis());
    put(json, "jitter", retry.jitter(), usual.jitter());
    put(json, "on", retry.on(), usual.on());
    return json;
  }

  private static Map<String, Object> branchCase(Step.Case branchCase) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", branchCase.name());
    json.put("when", branchCase.when());
    return json;
  }

  private static Map<String, Object> edge(Edge edge) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("from", edge.from());
    json.put("to", edge.to());
    put(json, "case", edge.caseName(), null);
    put(json, "on", edge.onError() ? "error" : null, null);
    return json;
  }

  private static void put(
      Map<String, Object> json, String name, @Nullable Object value, @Nullable Object usual) {
    if (value != null && !Objects.equals(value, usual)) {
      json.put(name, value);
    }
  }

  private static <T> List<Object> each(List<T> parts, Function<T, Map<String, Object>> write) {
    List<Object> written = new ArrayList<>(parts.size());
    for (T part : parts) {
      written.add(write.apply(part));
    }
    return written;
  }

  private DocumentWriter() {}
}
