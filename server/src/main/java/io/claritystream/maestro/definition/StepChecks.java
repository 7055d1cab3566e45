package io.claritystream.maestro.definition;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// Whether each trigger and step says what it needs to say.
final class StepChecks {
  private static final Pattern HEADER = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}");

  private final WorkflowDocument document;
  private final Graph graph;
  private final Flaws flaws;

  StepChecks(WorkflowDocument document, Graph graph, Flaws flaws) {
    this.document = document;
    this.graph = graph;
    this.flaws = flaws;
  }

  void check() {
    if (document.triggers().isEmpty()) {
      flaws.add(
          "/triggers",
          "no_trigger",
          "nothing starts the workflow",
          "Add a webhook or api trigger.");
    }
    if (document.steps().isEmpty()) {
      flaws.add("/steps", "no_step", "the workflow does nothing", "Add a step.");
    }
    ids();
    for (int i = 0; i < document.triggers().size(); i++) {
      trigger(document.triggers().get(i), i);
    }
    for (int i = 0; i < document.steps().size(); i++) {
      step(document.steps().get(i), i);
    }
    redactions();
  }

  private void ids() {
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < document.triggers().size(); i++) {
      id(ids, document.triggers().get(i).id(), "/triggers/" + i + "/id");
    }
    for (int i = 0; i < document.steps().size(); i++) {
      id(ids, document.steps().get(i).id(), "/steps/" + i + "/id");
    }
  }

  private void id(Set<String> ids, String id, String pointer) {
    if (!ids.add(id)) {
      flaws.add(
          pointer,
          "duplicate_id",
          "another trigger or step is called " + id,
          "Give one of them another id.");
    }
  }

  private void trigger(Trigger trigger, int position) {
    if (!waits(trigger)) {
      return;
    }
    boolean answered = false;
    for (int i = 0; i < document.steps().size(); i++) {
      answered |=
          document.steps().get(i).config() instanceof Step.Respond
              && graph.leads(position, graph.stepNode(i));
    }
    if (!answered) {
      flaws.add(
          "/triggers/" + position + "/config/respond",
          "nobody_answers",
          "the caller of "
              + trigger.id()
              + " waits for a respond step, and none is reached from it",
          "Add a respond step, or answer at_once.");
    }
  }

  private static boolean waits(Trigger trigger) {
    return trigger.config() instanceof Trigger.Webhook webhook
        && webhook.answer() == Trigger.Webhook.Answer.RESPOND_STEP;
  }

  private void step(Step step, int position) {
    String pointer = "/steps/" + position;
    if (step.retry().backoffMax().compareTo(step.retry().backoff()) < 0) {
      flaws.add(
          pointer + "/retry/backoff_max_ms",
          "out_of_range",
          "is shorter than backoff_ms",
          "Make it as long at least.");
    }
    String config = pointer + "/config";
    switch (step.config()) {
      case Step.HttpRequest http -> http(http, config);
      case Step.Respond respond -> respond(step, respond, position, config);
      case Step.Transform transform -> {
        if (transform.expression().isBlank()) {
          flaws.add(
              config + "/expression",
              "required",
              "is empty",
              "Write an expression, such as trigger.body.");
        } else if (WorkflowDocument.isExpression(transform.expression())) {
          flaws.add(
              config + "/expression",
              "bad_expression",
              "begins with =, which only values have that may be texts too",
              "Remove the =.");
        }
      }
      case Step.Branch branch -> conditions(branch, config);
      case Step.Fail fail -> text(fail.message(), config + "/message");
      case Step.SetValues set -> {}
    }
  }

  private void http(Step.HttpRequest http, String config) {
    if (text(http.url(), config + "/url") && !WorkflowDocument.isExpression((String) http.url())) {
      url((String) http.url(), http.connection() != null, config + "/url");
    }
    headers(http.headers(), config + "/headers");
  }

  /// @param based whether a connection may say what a relative address is relative to
  private void url(String url, boolean based, String pointer) {
    String why = null;
    try {
      URI uri = new URI(url);
      boolean web =
          uri.getScheme() != null
              && List.of("http", "https")
                  .contains(uri.getScheme().toLowerCase(java.util.Locale.ROOT))
              && uri.getHost() != null;
      if (url.isBlank()) {
        why = "is empty";
      } else if (uri.isAbsolute() ? !web : !based) {
        why = "is no http or https address";
      } else if (uri.getUserInfo() != null) {
        why = "holds a name or password";
      }
    } catch (URISyntaxException e) {
      why = "is no address: " + e.getReason();
    }
    if (why != null) {
      flaws.add(
          pointer,
          "bad_url",
          why,
          "Write it as https://host/path, or as an expression that begins with =; credentials belong"
              + " into a connection.");
    }
  }

  private void headers(Map<String, Object> headers, String pointer) {
    headers.forEach(
        (name, value) -> {
          if (!HEADER.matcher(name).matches()) {
            flaws.add(
                Flaw.at(pointer, name),
                "bad_header",
                "is no name of a header",
                "Use letters, digits and -.");
          }
          text(value, Flaw.at(pointer, name));
        });
  }

  private void respond(Step step, Step.Respond respond, int position, String config) {
    headers(respond.headers(), config + "/headers");
    boolean expression =
        respond.status() instanceof String text && WorkflowDocument.isExpression(text);
    boolean status = respond.status() instanceof Long number && number >= 200 && number <= 599;
    if (!expression && !status) {
      flaws.add(
          config + "/status",
          "out_of_range",
          "must be a status from 200 to 599, or an expression",
          "Send a number, such as 200.");
    }
    for (int i = 0; i < document.triggers().size(); i++) {
      if (waits(document.triggers().get(i)) && graph.leads(i, graph.stepNode(position))) {
        return;
      }
    }
    flaws.add(
        "/steps/" + position,
        "nobody_waits",
        "no webhook that waits for an answer leads to " + step.id(),
        "Set respond of the webhook to respond_step, or remove the step.");
  }

  private void conditions(Step.Branch branch, String config) {
    for (int i = 0; i < branch.cases().size(); i++) {
      Object when = branch.cases().get(i).when();
      if (!(when instanceof Boolean)
          && !(when instanceof String text && WorkflowDocument.isExpression(text))) {
        flaws.add(
            config + "/cases/" + i + "/when",
            "bad_condition",
            "is neither an expression nor true or false",
            "Write an expression that begins with =, such as =steps.map.total > 1000.");
      }
    }
  }

  /// Whether it is a text, or an expression of one.
  private boolean text(Object value, String pointer) {
    if (value instanceof String) {
      return true;
    }
    flaws.add(pointer, "wrong_type", "must be a text or an expression", "Put it in quotes.");
    return false;
  }

  private void redactions() {
    List<String> redact = document.settings().redact();
    for (int i = 0; i < redact.size(); i++) {
      String[] parts = redact.get(i).split("\\.");
      Integer node = parts[0].equals("steps") ? graph.node(parts[1]) : Integer.valueOf(0);
      if (node == null || (parts[0].equals("steps") && graph.isTrigger(node))) {
        flaws.add(
            "/settings/redact/" + i,
            "unknown_reference",
            "no step is called " + parts[1],
            "Correct the id, or remove the path.");
      }
    }
  }
}
