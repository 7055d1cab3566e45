package io.claritystream.maestro.definition;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.maestro.definition.WorkflowViews.Workflow;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.Size;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Workflows")
class VersionController {
  private static final String DRAFT = "draft";

  private final TenantTransactions transactions;
  private final WorkflowStore store;
  private final VersionStore versions;
  private final WorkflowActs acts;
  private final Publication publication;

  VersionController(
      TenantTransactions transactions,
      WorkflowStore store,
      VersionStore versions,
      WorkflowActs acts,
      Publication publication) {
    this.transactions = transactions;
    this.store = store;
    this.versions = versions;
    this.acts = acts;
    this.publication = publication;
  }

  /// @param version the one to bring back
  /// @param note why, for those who read the versions
  @Schema(name = "RollBackWorkflow")
  record RollBack(
      @NotNull @Positive Integer version,
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) @Nullable @Size(min = 1, max = 1_000)
          String note) {}

  /// @param from a version, or `draft`
  /// @param to a version, or `draft`
  @Schema(name = "WorkflowComparison")
  record Compared(String from, String to, List<Comparison.Difference> differences) {}

  @GetMapping("/v1/workflows/{id}/versions")
  @RequiresPermission(Permission.WORKFLOWS_READ)
  @Operation(operationId = "listWorkflowVersions", summary = "What was published, newest first")
  Page<VersionStore.Summary> list(Caller caller, @PathVariable("id") UUID id, PageRequest page) {
    return transactions.read(
        caller.tenantId(),
        sql -> {
          store.get(sql, caller.tenantId(), id);
          return versions.list(sql, caller.tenantId(), id, page);
        });
  }

  @GetMapping("/v1/workflows/{id}/versions/{version}")
  @RequiresPermission(Permission.WORKFLOWS_READ)
  @Operation(operationId = "getWorkflowVersion", summary = "A version and its document")
  VersionStore.Version get(
      Caller caller, @PathVariable("id") UUID id, @PathVariable("version") int version) {
    return transactions.read(
        caller.tenantId(), sql -> versions.get(sql, caller.tenantId(), id, version));
  }

  @GetMapping("/v1/workflows/{id}/compare")
  @RequiresPermission(Permission.WORKFLOWS_READ)
  @Operation(
      operationId = "compareWorkflowVersions",
      summary = "What one version says otherwise than another")
  Compared compare(
      Caller caller,
      @PathVariable("id") UUID id,
      @Parameter(description = "A version, or draft. The published version if it is left out.")
          @RequestParam(name = "from", required = false)
          @Nullable String from,
      @Parameter(description = "A version, or draft.")
          @RequestParam(name = "to", defaultValue = DRAFT)
          String to) {
    return transactions.read(
        caller.tenantId(),
        sql -> {
          WorkflowRow row = store.get(sql, caller.tenantId(), id);
          String begin = from == null ? publishedOrDraft(row) : from;
          return new Compared(
              begin,
              to,
              Comparison.of(
                  document(sql, caller, row, "from", begin), document(sql, caller, row, "to", to)));
        });
  }

  @PostMapping("/v1/workflows/{id}/rollback")
  @RequiresPermission(value = Permission.WORKFLOWS_READ, beyond = WorkflowAccess.EDIT_IT)
  @Operation(
      operationId = "rollBackWorkflow",
      summary = "Publishes what an earlier version said as the next version",
      description =
          "The draft stays as it is. Needs workflows.write, or the workflow granted for editing.")
  ResponseEntity<Workflow> rollBack(
      Caller caller,
      @PathVariable("id") UUID id,
      @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch,
      @Valid @RequestBody RollBack body,
      HttpServletRequest request) {
    int target = body.version();
    return acts.change(
        caller,
        request,
        id,
        "workflow.rolled_back",
        ifMatch,
        HttpStatus.OK,
        (sql, row, now) -> {
          WorkflowDocument document = versions.document(sql, caller.tenantId(), id, target);
          Integer published = row.publishedVersion();
          if (published == null
              || document.equals(versions.document(sql, caller.tenantId(), id, published))) {
            throw Problem.of(
                ProblemCode.CONFLICT, "What runs says what version " + target + " says.");
          }
          int version = publication.publish(sql, caller, row, document, body.note(), target, now);
          return entry ->
              entry
                  .with("version", Integer.toString(version))
                  .with("rolled_back_to", Integer.toString(target));
        });
  }

  @GetMapping(path = "/v1/workflows/{id}/export", produces = MediaType.APPLICATION_JSON_VALUE)
  @RequiresPermission(Permission.WORKFLOWS_READ)
  @Operation(
      operationId = "exportWorkflow",
      summary = "A document as a file, which POST /v1/workflows/import takes",
      responses =
          @ApiResponse(
              responseCode = "200",
              description = "The document",
              content =
                  @Content(
                      mediaType = MediaType.APPLICATION_JSON_VALUE,
                      schema = @Schema(type = "object"))))
  ResponseEntity<byte[]> export(
      Caller caller,
      @PathVariable("id") UUID id,
      @Parameter(
              description =
                  "A version, or draft. The published version if it is left out, or the draft if"
                      + " there is none.")
          @RequestParam(name = "version", required = false)
          @Nullable String version) {
    return transactions.read(
        caller.tenantId(),
        sql -> {
          WorkflowRow row = store.get(sql, caller.tenantId(), id);
          String which = version == null ? publishedOrDraft(row) : version;
          WorkflowDocument document = document(sql, caller, row, "version", which);
          String file =
              document.name().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-")
                  + (which.equals(DRAFT) ? "-draft" : "-v" + which)
                  + ".workflow.json";
          return ResponseEntity.ok()
              .contentType(MediaType.APPLICATION_JSON)
              .header(
                  HttpHeaders.CONTENT_DISPOSITION,
                  ContentDisposition.attachment()
                      .filename(file.replaceFirst("^-", ""))
                      .build()
                      .toString())
              .body(
                  PlainJson.pretty(DocumentWriter.write(document))
                      .getBytes(StandardCharsets.UTF_8));
        });
  }

  private static String publishedOrDraft(WorkflowRow row) {
    Integer published = row.publishedVersion();
    return published == null ? DRAFT : published.toString();
  }

  private WorkflowDocument document(
      JdbcClient sql, Caller caller, WorkflowRow row, String parameter, String which) {
    if (which.equals(DRAFT)) {
      return row.document();
    }
    if (!which.matches("[1-9][0-9]{0,8}")) {
      throw Problem.invalid(parameter, "must be the number of a version, or draft");
    }
    return versions.document(sql, caller.tenantId(), row.id(), Integer.parseInt(which));
  }
}
