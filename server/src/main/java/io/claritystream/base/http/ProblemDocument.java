package io.claritystream.base.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the client sees of a [Problem].
///
/// @param instance names this occurrence; the same id is in `X-Request-Id` and in the log
@Schema(name = "Problem", description = "RFC 9457 problem details with a stable code.")
record ProblemDocument(
    URI type,
    String title,
    int status,
    @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED)
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Nullable String detail,
    String code,
    URI instance,
    String remedy,
    @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED)
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        List<InvalidField> errors) {

  static ProblemDocument of(Problem problem, HttpServletRequest request) {
    ProblemCode code = problem.code();
    return new ProblemDocument(
        code.type(),
        code.title(),
        code.status().value(),
        problem.getMessage(),
        code.code(),
        URI.create("urn:uuid:" + RequestId.of(request)),
        code.remedy(),
        problem.errors().stream().map(InvalidField::of).toList());
  }
}
