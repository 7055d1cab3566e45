package io.claritystream.base.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.web.servlet.HandlerMapping;

/// What the client sees of one field that is wrong.
///
/// @param position where within the field, counted in UTF-16 units from 0, where that can be told
/// @param pointer where it stands in the body, as RFC 6901 has it; absent for a parameter or a
///     header
@Schema(name = "InvalidField")
record InvalidField(
    String field,
    String message,
    @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED)
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Nullable Integer position,
    @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED)
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Nullable String pointer) {

  private static final Set<String> WITH_BODY = Set.of("POST", "PUT", "PATCH");

  /// `organization.name`, `tables[2].key`, as fields are named throughout.
  private static final Pattern PATH = Pattern.compile("[a-z0-9_]+(?:\\[\\d+])*(?:\\..+)?");

  static InvalidField of(Problem.Invalid invalid, HttpServletRequest request) {
    String field = invalid.field();
    return new InvalidField(
        field,
        invalid.message(),
        invalid.position(),
        inBody(field, request) ? pointer(field) : null);
  }

  private static boolean inBody(String field, HttpServletRequest request) {
    if (!WITH_BODY.contains(request.getMethod()) || request.getContentType() == null) {
      return false;
    }
    Object path = request.getAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE);
    boolean parameter =
        (request.getQueryString() != null && request.getParameterMap().containsKey(field))
            || (path instanceof Map<?, ?> variables && variables.containsKey(field));
    return !parameter && (field.startsWith("/") || PATH.matcher(field).matches());
  }

  static String pointer(String field) {
    if (field.startsWith("/")) {
      return field;
    }
    StringBuilder pointer = new StringBuilder();
    for (String step : field.replaceAll("\\[(\\d+)]", ".$1").split("\\.")) {
      pointer.append('/').append(step.replace("~", "~0").replace("/", "~1"));
    }
    return pointer.toString();
  }
}
