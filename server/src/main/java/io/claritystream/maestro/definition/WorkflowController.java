package io.claritystream.maestro.definition;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.ChangesNothing;
import io.claritystream.base.http.EntityTag;
import io.claritystream.base.http.Line;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.maestro.definition.WorkflowViews.Summary;
import io.claritystream.maestro.definition.WorkflowViews.Workflow;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.PositiveOrZero;
import jakarta.validation.constraints.Size;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;

@RestController
@Tag(name = "Workflows")
class WorkflowController {
  private static final String IF_MATCH = "If-Match";

  private final TenantTransactions transactions;
  private final WorkflowStore store;
  private final WorkflowActs acts;
  private final Publication publication;
  private final WebhookTokens tokens;
  private final Validation validation;

  WorkflowController(
      TenantTransactions transactions,
      WorkflowStore store,
      WorkflowActs acts,
      Publication publication,
      WebhookTokens tokens,
      Validation validation) {
    this.transactions = transactions;
    this.store = store;
    this.acts = acts;
    this.publication = publication;
    this.tokens = tokens;
    this.validation = validation;
  }

  /// Either a document or a name, with which an empty one begins.
  @Schema(name = "NewWorkflow")
  record NewWorkflow(
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED)
          @Nullable
          @Line(max = WorkflowDocument.NAME_MAX)
          String name,
      @Nullable
          @Schema(
              implementation = Object.class,
              types = "object",
              requiredMode = Schema.RequiredMode.NOT_REQUIRED)
          JsonNode document) {}

  /// @param note what is new, for those who read the versions
  @Schema(name = "PublishWorkflow")
  record Publish(
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) @Nullable @Size(min = 1, max = 1_000)
          String note) {}

  /// @param graceS for how long earlier addresses work on; 0 ends them at once
  @Schema(name = "RotateWebhook")
  record Rotate(
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED)
          @Nullable
          @PositiveOrZero
          @Max(604_800)
          Integer graceS) {}

  @Schema(name = "ValidateWorkflow")
  record Validate(
      @Schema(
              implementation = Object.class,
              types = "object",
              requiredMode = Schema.RequiredMode.NOT_REQUIRED)
          @Nullable JsonNode document) {}

  @Schema(name = "ValidatedWorkflow")
  record Validated(boolean valid, List<Flaw> flaws) {
    static Validated of(List<Flaw> flaws) {
      return new Validated(flaws.isEmpty(), flaws);
    }
  }

  /// @param name of the copy; that of the original with "(copy)" if it is left out
  @Schema(name = "DuplicateWorkflow")
  record Duplicate(
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED)
          @Nullable
          @Line(max = WorkflowDocument.NAME_MAX)
          String name) {}

  @PostMapping("/v1/workflows")
  @RequiresPermission(Permission.WORKFLOWS_WRITE)
  @ResponseStatus(HttpStatus.CREATED)
  @Operation(
      operationId = "createWorkflow",
      summary = "A workflow with a draft and no published version")
  ResponseEntity<Workflow> create(
      Caller caller, @Valid @RequestBody NewWorkflow body, HttpServletRequest request) {
    return add(caller, document(body), "workflow.created", request);
  }

  private ResponseEntity<Workflow> add(
      Caller caller, WorkflowDocument document, String action, HttpServletRequest request) {
    return transactions.run(
        caller.tenantId(),
        caller.userId(),
        sql -> {
          UUID workflow = acts.add(sql, caller, request, action, document);
          return acts.answer(sql, caller, workflow, HttpStatus.CREATED);
        });
  }

  private static WorkflowDocument document(NewWorkflow body) {
    JsonNode document = body.document();
    String name = body.name();
    if ((document == null) == (name == null)) {
      throw Problem.invalid("/document", "send either a document or a name");
    }
    return document == null ? WorkflowDocument.empty(name) : read("/document", document);
  }

  private static WorkflowDocument read(String prefix, JsonNode document) {
    try {
      return DocumentReader.read(PlainJson.of(document));
    } catch (DocumentFault fault) {
      throw WorkflowActs.problem(ProblemCode.VALIDATION_FAILED, prefix, fault.flaws());
    }
  }

  @GetMapping("/v1/workflows")
  @RequiresPermission(Permission.WORKFLOWS_READ)
  @Operation(operationId = "listWorkflows", summary = "The workflows, the latest to change first")
  Page<Summary> list(
      Caller caller,
      @Parameter(description = "Part of a name; capitals do not matter.")
          @RequestParam(name = "name", required = false)
          @Nullable String name,
      @RequestParam(name = "enabled", required = false) @Nullable Boolean enabled,
      @Parameter(description = "Changed at this time or later.")
          @RequestParam(name = "updated_from", required = false)
          @Nullable Instant updatedFrom,
      @Parameter(description = "Changed before this time.")
          @RequestParam(name = "updated_to", required = false)
          @Nullable Instant updatedTo,
      PageRequest page) {
    WorkflowStore.Filter filter = new WorkflowStore.Filter(name, enabled, updatedFrom, updatedTo);
    Page<WorkflowRow> rows =
        transactions.read(
            caller.tenantId(), sql -> store.list(sql, caller.tenantId(), filter, page));
    return new Page<>(
        rows.data().stream().map(row -> WorkflowViews.summary(caller, row)).toList(),
        rows.nextCursor());
  }

  @GetMapping("/v1/workflows/{id}")
  @RequiresPermission(Permission.WORKFLOWS_READ)
  @Operation(operationId = "getWorkflow", summary = "A workflow and its draft")
  ResponseEntity<Workflow> get(Caller caller, @PathVariable("id") UUID id) {
    return transactions.read(caller.tenantId(), sql -> acts.answer(sql, caller, id, HttpStatus.OK));
  }

  @PutMapping("/v1/workflows/{id}/draft")
  @RequiresPermission(value = Permission.WORKFLOWS_READ, beyond = WorkflowAccess.EDIT_IT)
  @Operation(
      operationId = "saveWorkflowDraft",
      summary = "Replaces the draft; what runs stays as it was published",
      description =
          "The body is the document. It may be saved while it could not run yet, but its shape must"
              + " be right. Needs workflows.write, or the workflow granted for editing.")
  ResponseEntity<Workflow> saveDraft(
      Caller caller,
      @PathVariable("id") UUID id,
      @RequestHeader(name = IF_MATCH, required = false) @Nullable String ifMatch,
      @RequestBody @Schema(implementation = Object.class, types = "object") JsonNode body,
      HttpServletRequest request) {
    WorkflowDocument document = read("", body);
    return acts.change(
        caller,
        request,
        id,
        "workflow.saved",
        ifMatch,
        HttpStatus.OK,
        (sql, row, now) -> {
          EntityTag.of(row.revision()).require(ifMatch, "workflow");
          store.saveDraft(sql, row, document, now);
          return null;
        });
  }

  @PostMapping("/v1/workflows/{id}/publish")
  @RequiresPermission(value = Permission.WORKFLOWS_READ, beyond = WorkflowAccess.EDIT_IT)
  @Operation(
      operationId = "publishWorkflow",
      summary = "Makes the draft the next version, which is what runs from now on",
      description =
          "The first version enables the workflow. Executions that run keep their version. Needs"
              + " workflows.write, or the workflow granted for editing.")
  ResponseEntity<Workflow> publish(
      Caller caller,
      @PathVariable("id") UUID id,
      @RequestHeader(name = IF_MATCH, required = false) @Nullable String ifMatch,
      @Valid @RequestBody(required = false) @Nullable Publish body,
      HttpServletRequest request) {
    String note = body == null ? null : body.note();
    return acts.change(
        caller,
        request,
        id,
        "workflow.published",
        ifMatch,
        HttpStatus.OK,
        (sql, row, now) -> {
          if (!row.unpublished()) {
            throw Problem.of(
                ProblemCode.CONFLICT,
                "The draft says what version " + row.publishedVersion() + " says.");
          }
          int version = publication.publish(sql, caller, row, row.document(), note, null, now);
          return entry -> entry.with("version", Integer.toString(version));
        });
  }

  @PostMapping("/v1/workflows/{id}/validate")
  @ChangesNothing
  @RequiresPermission(Permission.WORKFLOWS_READ)
  @Operation(
      operationId = "validateWorkflow",
      summary = "Says whether the draft, or the document of the body, could be published",
      description = "Changes nothing. All that is wrong is told at once.")
  Validated validate(
      Caller caller,
      @PathVariable("id") UUID id,
      @RequestBody(required = false) @Nullable Validate body) {
    JsonNode sent = body == null ? null : body.document();
    return transactions.read(
        caller.tenantId(),
        sql -> {
          WorkflowRow row = store.get(sql, caller.tenantId(), id);
          try {
            WorkflowDocument document =
                sent == null ? row.document() : DocumentReader.read(PlainJson.of(sent));
            return Validated.of(validation.flaws(sql, caller.tenantId(), document));
          } catch (DocumentFault fault) {
            return Validated.of(fault.flaws());
          }
        });
  }

  @PostMapping("/v1/workflows/import")
  @RequiresPermission(Permission.WORKFLOWS_WRITE)
  @ResponseStatus(HttpStatus.CREATED)
  @Operation(
      operationId = "importWorkflow",
      summary = "A new workflow of an exported document, as a draft",
      description =
          "Connections that it names are looked for when it is published. A second workflow of a"
              + " name is refused (name_taken, 409), so that nobody imports a file twice unawares,"
              + " unless same_name says that it is meant.")
  ResponseEntity<Workflow> importDocument(
      Caller caller,
      @Parameter(description = "Whether there may be a workflow of its name already.")
          @RequestParam(name = "same_name", defaultValue = "false")
          boolean sameName,
      @RequestBody @Schema(implementation = Object.class, types = "object") JsonNode body,
      HttpServletRequest request) {
    WorkflowDocument document = read("", body);
    return transactions.run(
        caller.tenantId(),
        caller.userId(),
        sql -> {
          UUID workflow = acts.add(sql, caller, request, "workflow.imported", document);
          if (!sameName) {
            store.requireOnlyOne(sql, caller.tenantId(), document.name(), workflow);
          }
          return acts.answer(sql, caller, workflow, HttpStatus.CREATED);
        });
  }

  @PostMapping("/v1/workflows/{id}/duplicate")
  @RequiresPermission(Permission.WORKFLOWS_WRITE)
  @ResponseStatus(HttpStatus.CREATED)
  @Operation(
      operationId = "duplicateWorkflow",
      summary = "A new workflow with the same draft",
      description = "Versions, addresses and grants are not taken along.")
  ResponseEntity<Workflow> duplicate(
      Caller caller,
      @PathVariable("id") UUID id,
      @Valid @RequestBody(required = false) @Nullable Duplicate body,
      HttpServletRequest request) {
    WorkflowDocument original =
        transactions.read(
            caller.tenantId(), sql -> store.get(sql, caller.tenantId(), id).document());
    String name = body == null ? null : body.name();
    return add(
        caller,
        original.named(name == null ? copyOf(original.name()) : name),
        "workflow.duplicated",
        request);
  }

  private static String copyOf(String name) {
    String end = " (copy)";
    int room = WorkflowDocument.NAME_MAX - end.length();
    int length = name.codePointCount(0, name.length());
    return (length <= room ? name : name.substring(0, name.offsetByCodePoints(0, room))) + end;
  }

  @PostMapping("/v1/workflows/{id}/enable")
  @RequiresPermission(value = Permission.WORKFLOWS_READ, beyond = WorkflowAccess.EDIT_IT)
  @Operation(operationId = "enableWorkflow", summary = "Lets its triggers start executions")
  ResponseEntity<Workflow> enable(
      Caller caller, @PathVariable("id") UUID id, HttpServletRequest request) {
    return acts.change(
        caller,
        request,
        id,
        "workflow.enabled",
        null,
        HttpStatus.OK,
        (sql, row, now) -> {
          if (row.publishedVersion() == null) {
            throw Problem.of(
                ProblemCode.CONFLICT, "Nothing of it is published yet; publish first.");
          }
          if (row.enabled()) {
            return null;
          }
          store.setEnabled(sql, id, true, now);
          return UnaryOperator.identity();
        });
  }

  @PostMapping("/v1/workflows/{id}/disable")
  @RequiresPermission(value = Permission.WORKFLOWS_READ, beyond = WorkflowAccess.EDIT_IT)
  @Operation(
      operationId = "disableWorkflow",
      summary = "Lets its triggers start nothing; executions that run go on")
  ResponseEntity<Workflow> disable(
      Caller caller, @PathVariable("id") UUID id, HttpServletRequest request) {
    return acts.change(
        caller,
        request,
        id,
        "workflow.disabled",
        null,
        HttpStatus.OK,
        (sql, row, now) -> {
          if (!row.enabled()) {
            return null;
          }
          store.setEnabled(sql, id, false, now);
          return UnaryOperator.identity();
        });
  }

  @PostMapping("/v1/workflows/{id}/triggers/{key}/rotate")
  @RequiresPermission(value = Permission.WORKFLOWS_READ, beyond = WorkflowAccess.EDIT_IT)
  @Operation(
      operationId = "rotateWebhook",
      summary = "Gives a webhook a new address",
      description =
          "Earlier addresses work on for grace_s seconds, an hour unless it says otherwise; 0 ends"
              + " them at once. Needs workflows.write, or the workflow granted for editing.")
  ResponseEntity<Workflow> rotate(
      Caller caller,
      @PathVariable("id") UUID id,
      @PathVariable("key") String key,
      @Valid @RequestBody(required = false) @Nullable Rotate body,
      HttpServletRequest request) {
    Integer graceS = body == null ? null : body.graceS();
    Duration grace = Duration.ofSeconds(graceS == null ? 3_600 : graceS);
    return acts.change(
        caller,
        request,
        id,
        "workflow.webhook_rotated",
        null,
        HttpStatus.OK,
        (sql, row, now) -> {
          if (!DocumentReader.ID.matcher(key).matches()) {
            throw Problem.of(ProblemCode.NOT_FOUND, null);
          }
          tokens.rotate(sql, caller.tenantId(), id, key, grace, now);
          return entry ->
              entry.with("trigger", key).with("grace_s", Long.toString(grace.toSeconds()));
        });
  }

  @DeleteMapping("/v1/workflows/{id}")
  @RequiresPermission(value = Permission.WORKFLOWS_READ, beyond = WorkflowAccess.EDIT_IT)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  @Operation(
      operationId = "deleteWorkflow",
      summary = "Takes a workflow away: its triggers start nothing, and it is in no list",
      description =
          "What ran of it stays to be looked at. Needs workflows.write, or the workflow granted for"
              + " editing.")
  void delete(
      Caller caller,
      @PathVariable("id") UUID id,
      @RequestHeader(name = IF_MATCH, required = false) @Nullable String ifMatch,
      HttpServletRequest request) {
    transactions.run(
        caller.tenantId(),
        caller.userId(),
        sql -> {
          acts.apply(
              sql,
              caller,
              request,
              id,
              "workflow.deleted",
              ifMatch,
              (within, row, now) -> {
                store.delete(within, id, now);
                return UnaryOperator.identity();
              });
          return true;
        });
  }
}
