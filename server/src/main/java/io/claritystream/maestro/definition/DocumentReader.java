package io.claritystream.maestro.definition;

import io.claritystream.base.http.LineOfText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads a document and finds every flaw of its shape: what is not known, of another type, missing
/// or beyond a limit.
final class DocumentReader {
  static final Pattern ID = Pattern.compile("[a-z][a-z0-9_]{0,62}");
  private static final String AN_ID =
      "an id: a small letter, then up to 62 small letters, digits or _";

  private static final Pattern REDACTED =
      Pattern.compile("(trigger|steps\\.[a-z][a-z0-9_]{0,62})(\\.[^.\\s]{1,200}){0,32}");
  private static final Pattern OK = Pattern.compile(Step.HttpRequest.OK_PATTERN);
  private static final Pattern RETRIED = Pattern.compile(Retry.ON_PATTERN);
  private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  private static final List<String> TRIGGER_TYPES = List.of("webhook", "api");
  private static final List<String> STEP_TYPES =
      List.of("http_request", "transform", "branch", "fail", "set", "respond");
  static final int MESSAGE_MAX = 10_000;
  private static final int VALUES_MAX = 1_000;

  private final List<Flaw> flaws = new ArrayList<>();

  /// @param plain as [PlainJson] gives it
  static WorkflowDocument read(@Nullable Object plain) throws DocumentFault {
    DocumentReader reader = new DocumentReader();
    WorkflowDocument document = reader.document(plain);
    if (PlainJson.write(plain).getBytes(StandardCharsets.UTF_8).length
        > WorkflowDocument.BYTES_MAX) {
      reader.flaws.addFirst(
          new Flaw(
              "",
              "too_large",
              "is larger than " + WorkflowDocument.BYTES_MAX / 1_024 + " KB",
              "Divide the workflow, or fetch large values instead of writing them down."));
    }
    if (!reader.flaws.isEmpty()) {
      throw new DocumentFault(reader.flaws);
    }
    return document;
  }

  private WorkflowDocument document(@Nullable Object plain) {
    Fields fields = Fields.of(plain, "", flaws);
    String name = fields.text("name", WorkflowDocument.NAME_MAX);
    if (plain instanceof Map<?, ?> map && map.get("name") instanceof String) {
      LineOfText.wrong(name, WorkflowDocument.NAME_MAX)
          .filter(why -> !why.startsWith("must have"))
          .ifPresent(why -> fields.flaw("name", "bad_value", why, "Give it another name."));
    }
    WorkflowDocument document =
        new WorkflowDocument(
            name,
            fields.optionalText("description", WorkflowDocument.DESCRIPTION_MAX),
            settings(fields.object("settings")),
            fields.list("triggers", WorkflowDocument.TRIGGERS_MAX, this::trigger),
            fields.list("steps", WorkflowDocument.STEPS_MAX, this::step),
            fields.list("edges", WorkflowDocument.EDGES_MAX, this::edge));
    fields.done();
    return document;
  }

  private static Settings settings(Fields fields) {
    Settings settings =
        new Settings(
            fields.seconds("timeout_s", Settings.TIMEOUT_MAX, Settings.DEFAULT.timeout()),
            fields.texts(
                "redact",
                REDACTED,
                "a path such as trigger.body.password or steps.call.body.token",
                Settings.REDACT_MAX,
                List.of()),
            fields.value("correlation_key"),
            fields.value("execution_name"));
    fields.done();
    return settings;
  }

  private Trigger trigger(@Nullable Object plain, String pointer) {
    Fields fields = Fields.of(plain, pointer, flaws);
    String id = fields.matching("id", ID, AN_ID);
    String type = fields.oneOf("type", TRIGGER_TYPES);
    Fields config = fields.object("config");
    Trigger.Config read =
        switch (type) {
          case "webhook" ->
              new Trigger.Webhook(
                  config.word(
                      "respond", Trigger.Webhook.Answer.class, Trigger.Webhook.DEFAULT.answer()),
                  config.integer(
                      "body_max_bytes",
                      1,
                      Trigger.Webhook.BODY_BYTES_MAX,
                      Trigger.Webhook.DEFAULT.bodyMaxBytes()),
                  config.seconds(
                      "timeout_s", Trigger.Webhook.TIMEOUT_MAX, Trigger.Webhook.DEFAULT.timeout()));
          default -> new Trigger.Api();
        };
    config.done();
    fields.done();
    return new Trigger(id, read);
  }

  private Step step(@Nullable Object plain, String pointer) {
    Fields fields = Fields.of(plain, pointer, flaws);
    String id = fields.matching("id", ID, AN_ID);
    boolean typed = fields.value("type") instanceof String type && STEP_TYPES.contains(type);
    String type = fields.oneOf("type", STEP_TYPES);
    Fields config = fields.object("config");
    Step.Config read = typed ? config(type, config) : new Step.SetValues(Map.of());
    if (typed) {
      config.done();
    }
    Step step =
        new Step(
            id,
            read,
            fields.value("input"),
            fields.millis("timeout_ms", Step.TIMEOUT_MAX, Step.TIMEOUT_DEFAULT),
            fields.has("retry") ? retry(fields.object("retry")) : Retry.NONE,
            fields.word("on_error", OnError.class, OnError.STOP),
            fields.value("idempotency_key"));
    fields.done();
    return step;
  }

  private Step.Config config(String type, Fields config) {
    return switch (type) {
      case "http_request" -> http(config);
      case "transform" ->
          new Step.Transform(config.text("expression", WorkflowDocument.EXPRESSION_MAX));
      case "branch" ->
          new Step.Branch(
              config.list("cases", Step.Branch.CASES_MAX, this::branchCase),
              config.has("otherwise") ? config.matching("otherwise", ID, AN_ID) : null);
      case "fail" -> new Step.Fail(config.required("message"));
      case "set" -> new Step.SetValues(config.mapped("values", VALUES_MAX));
      case "respond" ->
          new Step.Respond(
              Objects.requireNonNullElse(config.value("status"), 200L),
              config.mapped("headers", Step.HttpRequest.FIELDS_MAX),
              config.value("body"));
      default -> throw new IllegalStateException("no step type " + type);
    };
  }

  private static Step.HttpRequest http(Fields config) {
    return new Step.HttpRequest(
        config.has("method") ? config.oneOf("method", Step.HttpRequest.METHODS) : "GET",
        config.required("url"),
        config.mapped("headers", Step.HttpRequest.FIELDS_MAX),
        config.mapped("query", Step.HttpRequest.FIELDS_MAX),
        config.value("body"),
        config.has("connection")
            ? config.matching("connection", UUID, "the id of a connection, a UUID")
            : null,
        config.texts(
            "ok_statuses",
            OK,
            "a status such as \"204\" or \"2xx\"",
            Step.HttpRequest.OK_MAX,
            Step.HttpRequest.OK_DEFAULT),
        config.word("on_unknown", OnUnknown.class, OnUnknown.RETRY),
        config.flag("follow_redirects", false),
        config.integer(
            "response_max_bytes",
            1,
            Step.HttpRequest.RESPONSE_BYTES_MAX,
            Step.HttpRequest.RESPONSE_BYTES_DEFAULT));
  }

  private Step.Case branchCase(@Nullable Object plain, String pointer) {
    Fields fields = Fields.of(plain, pointer, flaws);
    Step.Case read = new Step.Case(fields.matching("name", ID, AN_ID), fields.required("when"));
    fields.done();
    return read;
  }

  private static Retry retry(Fields fields) {
    Retry retry =
        new Retry(
            fields.integer("count", 0, Retry.COUNT_MAX, Retry.NONE.count()),
            fields.millis("backoff_ms", Retry.BACKOFF_MAX, Retry.NONE.backoff()),
            fields.number("factor", 1, Retry.FACTOR_MAX, Retry.NONE.factor()),
            fields.millis("backoff_max_ms", Retry.BACKOFF_MAX, Retry.NONE.backoffMax()),
            fields.number("jitter", 0, 1, Retry.NONE.jitter()),
            fields.texts(
                "on",
                RETRIED,
                "connect, timeout, or an HTTP error such as http_503 or http_5xx",
                Retry.ON_MAX,
                Retry.NONE.on()));
    fields.done();
    return retry;
  }

  private Edge edge(@Nullable Object plain, String pointer) {
    Fields fields = Fields.of(plain, pointer, flaws);
    Edge edge =
        new Edge(
            fields.matching("from", ID, AN_ID),
            fields.matching("to", ID, AN_ID),
            fields.has("case") ? fields.matching("case", ID, AN_ID) : null,
            fields.has("on") && fields.oneOf("on", List.of("error")).equals("error"));
    fields.done();
    return edge;
  }
}
