package io.claritystream.control.identity;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.claritystream.base.db.UserId;
import io.claritystream.base.http.Role;
import io.claritystream.control.tenancy.Tenant;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What a sign-in, a registration and a refresh answer.
///
/// @param accessToken absent where the tokens travel in cookies
/// @param expiresIn seconds until the access token ends
@Schema(name = "Session")
record SessionAnswer(
    Person user,
    Tenant organization,
    Role role,
    @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED)
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Nullable String accessToken,
    @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED)
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Nullable String refreshToken,
    String tokenType,
    long expiresIn) {

  /// A person as everybody in the workspace may see them.
  @Schema(name = "Person")
  record Person(UserId id, String email, String name) {
    static Person of(Account account) {
      return new Person(account.id(), account.email(), account.name());
    }
  }

  /// How the tokens travel.
  enum Kind {
    /// In the body, for programs.
    @JsonProperty("token")
    TOKEN,
    /// In cookies that scripts cannot read, for the web.
    @JsonProperty("cookie")
    COOKIE
  }
}
