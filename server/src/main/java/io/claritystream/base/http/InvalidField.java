package io.claritystream.base.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What the client sees of one thing that is wrong: either `pointer` or `parameter` says where.
///
/// @param pointer within the body, as RFC 6901 has it; empty for all of it
/// @param parameter of the query or the path, or the header, by its name
/// @param position where within the value, counted in UTF-16 units from 0, where that can be told
@Schema(name = "InvalidField")
record InvalidField(
    String message,
    @Schema(
            description = "Where it stands in the body, as a JSON pointer; empty for all of it.",
            example = "/organization/name",
            requiredMode = Schema.RequiredMode.NOT_REQUIRED)
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Nullable String pointer,
    @Schema(
            description =
                "The name of the query's or path's parameter, or of the header, where it is none of"
                    + " the body.",
            example = "limit",
            requiredMode = Schema.RequiredMode.NOT_REQUIRED)
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Nullable String parameter,
    @Schema(
            description = "Where within the value, counted in UTF-16 units from 0.",
            requiredMode = Schema.RequiredMode.NOT_REQUIRED)
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Nullable Integer position) {

  static InvalidField of(Problem.Invalid invalid) {
    return new InvalidField(
        invalid.message(),
        invalid.inBody() ? invalid.place() : null,
        invalid.inBody() ? null : invalid.place(),
        invalid.position());
  }
}
