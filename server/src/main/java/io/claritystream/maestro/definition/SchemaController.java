package io.claritystream.maestro.definition;

import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.io.IOException;
import java.time.Duration;
import org.springframework.core.io.ClassPathResource;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/// Serves the schema that is committed as `docs/api/workflow.schema.json`; a test holds it to what
/// [DocumentReader] takes and refuses.
@RestController
@Tag(name = "Description")
class SchemaController {
  static final String TYPE = "application/schema+json";

  /// The bytes, for of a resource Spring would serve ranges, and refuse one without a problem.
  private final byte[] schema;

  SchemaController() throws IOException {
    this.schema = new ClassPathResource("openapi/workflow.schema.json").getContentAsByteArray();
  }

  @GetMapping(path = "/v1/schemas/workflow", produces = TYPE)
  @Operation(
      operationId = "getWorkflowSchema",
      summary = "The shape of a workflow's document, JSON Schema 2020-12",
      responses =
          @ApiResponse(
              responseCode = "200",
              description = "The schema",
              content = @Content(mediaType = TYPE, schema = @Schema(type = "object"))))
  ResponseEntity<byte[]> schema() {
    return ResponseEntity.ok()
        .contentType(MediaType.parseMediaType(TYPE))
        .cacheControl(CacheControl.maxAge(Duration.ofMinutes(5)))
        .body(schema);
  }
}
