package io.claritystream.maestro.connector;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import io.swagger.v3.oas.annotations.media.Schema;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// How a connection shows its secret to the system.
///
/// @param auth `none`; `basic` with a username, the secret is the password; `bearer`; `header` and
///     `query` under the name of `parameter`
@Schema(name = "ConnectionConfig")
record ConnectionConfig(
    @Schema(requiredMode = Schema.RequiredMode.REQUIRED) @Nullable Auth auth,
    @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED)
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Nullable String username,
    @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED, example = "X-Api-Key")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Nullable String parameter) {

  /// The ways that there are.
  enum Auth {
    NONE,
    BASIC,
    BEARER,
    HEADER,
    QUERY;

    @JsonValue
    String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// With its secret, empty where there is none.
  OpenConnection open(@Nullable String baseUrl, String secret) {
    String name = String.valueOf(parameter);
    return switch (auth == null ? Auth.NONE : auth) {
      case NONE -> new OpenConnection(baseUrl, Map.of(), Map.of(), Set.of());
      case BASIC -> {
        String both = username + ":" + secret;
        String encoded = Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8));
        yield new OpenConnection(
            baseUrl,
            Map.of("Authorization", "Basic " + encoded),
            Map.of(),
            Set.of(secret, both, encoded));
      }
      case BEARER ->
          new OpenConnection(
              baseUrl, Map.of("Authorization", "Bearer " + secret), Map.of(), Set.of(secret));
      case HEADER -> new OpenConnection(baseUrl, Map.of(name, secret), Map.of(), Set.of(secret));
      case QUERY -> new OpenConnection(baseUrl, Map.of(), Map.of(name, secret), Set.of(secret));
    };
  }
}
