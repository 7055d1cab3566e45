package io.claritystream.base.http;

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

/// Serves the description of the API that is committed as `docs/api/openapi.json`; a test holds
/// that file to what the controllers say.
@RestController
@Tag(name = "Description")
class ApiDescription {

  /// The bytes, for of a resource Spring would serve ranges, and refuse one without a problem.
  private final byte[] document;

  ApiDescription() throws IOException {
    this.document = new ClassPathResource("openapi/openapi.json").getContentAsByteArray();
  }

  @GetMapping(path = "/v1/openapi.json", produces = MediaType.APPLICATION_JSON_VALUE)
  @Operation(
      operationId = "getApiDescription",
      summary = "This description, OpenAPI 3.1",
      responses =
          @ApiResponse(
              responseCode = "200",
              description = "The description",
              content =
                  @Content(
                      mediaType = MediaType.APPLICATION_JSON_VALUE,
                      schema = @Schema(type = "object"))))
  ResponseEntity<byte[]> document() {
    return ResponseEntity.ok()
        .cacheControl(CacheControl.maxAge(Duration.ofMinutes(5)))
        .body(document);
  }
}
