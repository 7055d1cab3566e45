package io.claritystream.control.identity;

import com.nimbusds.jose.util.JSONObjectUtils;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.AnyCaller;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.SessionCookieNames;
import io.claritystream.base.http.TokenRefused;
import io.claritystream.control.identity.SessionAnswer.Kind;
import io.claritystream.control.identity.SessionAnswer.Person;
import io.claritystream.control.tenancy.Choice;
import io.claritystream.control.tenancy.OrganizationFields;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Authentication")
class AuthController {

  private static final int NAME_MAX = 200;
  private static final String BEARER = "Bearer ";

  private final SignIn signIn;
  private final AccessTokens tokens;
  private final SigningKeys keys;
  private final SignInLimits limits;
  private final SessionCookies cookies;
  private final PasswordRules rules = new PasswordRules();

  AuthController(
      SignIn signIn,
      AccessTokens tokens,
      SigningKeys keys,
      SignInLimits limits,
      SessionCookies cookies) {
    this.signIn = signIn;
    this.tokens = tokens;
    this.keys = keys;
    this.limits = limits;
    this.cookies = cookies;
  }

  @Schema(name = "Registration")
  record RegisterRequest(
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED, example = "ada@example.com")
          @Nullable String email,
      @Schema(
              requiredMode = Schema.RequiredMode.REQUIRED,
              minLength = PasswordRules.LENGTH_MIN,
              maxLength = PasswordRules.LENGTH_MAX)
          @Nullable String password,
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED, example = "Ada Lovelace")
          @Nullable String name,
      @Schema(
              requiredMode = Schema.RequiredMode.NOT_REQUIRED,
              description = "A new organization; either this or an invitation is given")
          @Nullable OrganizationRequest organization,
      @Schema(
              requiredMode = Schema.RequiredMode.NOT_REQUIRED,
              description = "The token of an invitation to this address")
          @Nullable String invitation,
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) @Nullable Kind session) {}

  @Schema(name = "NewOrganization")
  record OrganizationRequest(
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED, example = "Northgate Bottling")
          @Nullable String name,
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED, example = "food-and-beverage")
          @Nullable String industry,
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED, example = "eu-west")
          @Nullable String region) {}

  @Schema(name = "Credentials")
  record LoginRequest(
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED, example = "ada@example.com")
          @Nullable String email,
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED) @Nullable String password,
      @Schema(
              requiredMode = Schema.RequiredMode.NOT_REQUIRED,
              description =
                  "The token of an invitation to this address, which is accepted and signed in to")
          @Nullable String invitation,
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) @Nullable Kind session) {}

  @Schema(name = "RefreshRequest")
  record RefreshRequest(
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) @Nullable String refreshToken) {}

  @Schema(name = "SwitchRequest")
  record SwitchRequest(
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED) @Nullable UUID organizationId) {}

  @Schema(name = "AuthOptions")
  record Options(List<Choice> industries, List<Choice> regions, PasswordOptions password) {}

  @Schema(name = "PasswordOptions")
  record PasswordOptions(int minLength, int maxLength) {}

  @PostMapping("/v1/auth/register")
  @ResponseStatus(HttpStatus.CREATED)
  @Operation(
      operationId = "register",
      summary = "A new account, signed in: as the owner of a new organization, or as invited")
  SessionAnswer register(
      @RequestBody RegisterRequest body, HttpServletRequest request, HttpServletResponse response) {
    limits.register(request, response);
    SignUp signUp = checked(body);
    SignedIn signedIn = signIn.register(signUp, request.getRemoteAddr());
    return answer(signedIn, body.session(), response);
  }

  @PostMapping("/v1/auth/login")
  @Operation(operationId = "login", summary = "Sign in with email and password")
  SessionAnswer login(
      @RequestBody LoginRequest body, HttpServletRequest request, HttpServletResponse response) {
    Fields fields = new Fields();
    Optional<Email> email = fields.email("email", body.email());
    String password = body.password();
    if (password == null || password.isEmpty()) {
      fields.refuse("password", "is required");
    } else if (password.length() > 2 * PasswordRules.LENGTH_MAX) {
      fields.refuse("password", "is too long");
    }
    fields.check();
    Email known = email.orElseThrow();
    limits.signIn(known, request, response);
    SignedIn signedIn =
        signIn
            .login(known, String.valueOf(password), body.invitation(), request.getRemoteAddr())
            .orElseThrow(() -> Problem.of(ProblemCode.INVALID_CREDENTIALS, null));
    limits.signedIn(known, request);
    return answer(signedIn, body.session(), response);
  }

  @PostMapping("/v1/auth/refresh")
  @Operation(
      operationId = "refreshSession",
      summary = "Exchange the refresh token, from the body or the cookie, for the next")
  SessionAnswer refresh(
      @RequestBody(required = false) @Nullable RefreshRequest body,
      HttpServletRequest request,
      HttpServletResponse response) {
    limits.refresh(request, response);
    String given = body == null ? null : body.refreshToken();
    Kind kind = given == null ? Kind.COOKIE : Kind.TOKEN;
    String token =
        given == null ? cookies.read(request, SessionCookieNames.REFRESH).orElse(null) : given;
    if (token == null) {
      throw Problem.of(ProblemCode.UNAUTHENTICATED, "No refresh token was sent.");
    }
    try {
      SignedIn signedIn = signIn.refresh(new RefreshToken(token), request.getRemoteAddr());
      return answer(signedIn, kind, response);
    } catch (Problem ended) {
      if (kind == Kind.COOKIE) {
        cookies.clear(response);
      }
      throw ended;
    }
  }

  @PostMapping("/v1/auth/switch")
  @AnyCaller
  @Operation(
      operationId = "switchOrganization",
      summary = "Go on in another of one's organizations; the session before ends",
      description =
          "The new tokens come as the old ones did: in cookies, or in the answer where the request"
              + " carries an Authorization header.")
  SessionAnswer change(
      Caller caller,
      @RequestBody SwitchRequest body,
      HttpServletRequest request,
      HttpServletResponse response) {
    limits.refresh(request, response);
    UUID organization = body.organizationId();
    if (organization == null) {
      throw Problem.invalid("/organization_id", "is required");
    }
    SignedIn signedIn = signIn.change(caller, new TenantId(organization), request.getRemoteAddr());
    Kind kind = request.getHeader(HttpHeaders.AUTHORIZATION) == null ? Kind.COOKIE : Kind.TOKEN;
    return answer(signedIn, kind, response);
  }

  @PostMapping("/v1/auth/logout")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  @Operation(
      operationId = "logout",
      summary = "End the session of the refresh token, or of the access token, that is sent")
  void logout(
      @RequestBody(required = false) @Nullable RefreshRequest body,
      HttpServletRequest request,
      HttpServletResponse response) {
    session(body, request).ifPresent(id -> signIn.logout(id, request.getRemoteAddr()));
    cookies.clear(response);
  }

  @GetMapping("/v1/auth/options")
  @Operation(operationId = "authOptions", summary = "What a registration may choose from")
  ResponseEntity<Options> options() {
    return ResponseEntity.ok()
        .cacheControl(CacheControl.maxAge(Duration.ofHours(1)))
        .body(
            new Options(
                Choice.INDUSTRIES,
                Choice.REGIONS,
                new PasswordOptions(PasswordRules.LENGTH_MIN, PasswordRules.LENGTH_MAX)));
  }

  @GetMapping(path = "/.well-known/jwks.json", produces = MediaType.APPLICATION_JSON_VALUE)
  @Operation(
      operationId = "jwks",
      summary = "The keys that access tokens are signed with",
      responses =
          @ApiResponse(
              responseCode = "200",
              description = "A JWK set (RFC 7517)",
              content = @Content(schema = @Schema(type = "object"))))
  ResponseEntity<String> jwks() {
    return ResponseEntity.ok()
        .cacheControl(CacheControl.maxAge(Duration.ofMinutes(5)).cachePublic())
        .body(JSONObjectUtils.toJSONString(keys.publicKeys().toJSONObject(true)));
  }

  private SignUp checked(RegisterRequest body) {
    Fields fields = new Fields();
    Optional<Email> email = fields.email("email", body.email());
    String password = body.password();
    if (password == null || password.isEmpty()) {
      fields.refuse("password", "is required");
    } else {
      email
          .flatMap(known -> rules.fault(password, known))
          .ifPresent(fault -> fields.refuse("password", fault));
    }
    String name = fields.line("name", body.name(), NAME_MAX);
    OrganizationRequest organization = body.organization();
    String invitation = body.invitation();
    SignUp.Where where = null;
    if (organization != null && invitation != null) {
      fields.refuse("invitation", "leads to an organization; a new one cannot be given beside it");
    } else if (organization != null) {
      where = checked(organization, fields);
    } else if (invitation != null) {
      where = new SignUp.Where.Invited(invitation);
    } else {
      fields.refuse("organization", "is required, unless an invitation is given");
    }
    fields.check();
    return new SignUp(
        email.orElseThrow(), String.valueOf(password), name, Objects.requireNonNull(where));
  }

  private static SignUp.Where checked(OrganizationRequest organization, Fields fields) {
    OrganizationFields given = new OrganizationFields("/organization");
    SignUp.Where where =
        new SignUp.Where.New(
            given.name(organization.name()),
            given.industry(organization.industry()),
            given.region(organization.region()));
    given.errors().forEach(fields::refuse);
    return where;
  }

  private SessionAnswer answer(
      SignedIn signedIn, @Nullable Kind kind, HttpServletResponse response) {
    Account account = signedIn.account();
    Membership membership = signedIn.membership();
    String access =
        tokens.issue(
            account.id(), membership.tenant().id(), membership.role(), signedIn.sessionId());
    boolean inCookies = kind == Kind.COOKIE;
    if (inCookies) {
      cookies.set(response, access, tokens.lifetime(), signedIn.refreshToken());
    }
    response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    return new SessionAnswer(
        Person.of(account),
        membership.tenant(),
        membership.role(),
        inCookies ? null : access,
        inCookies ? null : signedIn.refreshToken().value(),
        "Bearer",
        tokens.lifetime().toSeconds());
  }

  /// The session that the request is of, by whichever token it carries.
  private Optional<UUID> session(@Nullable RefreshRequest body, HttpServletRequest request) {
    String refresh = body == null ? null : body.refreshToken();
    if (refresh == null) {
      refresh = cookies.read(request, SessionCookieNames.REFRESH).orElse(null);
    }
    if (refresh != null) {
      return signIn.sessionOf(new RefreshToken(refresh));
    }
    String header = request.getHeader(HttpHeaders.AUTHORIZATION);
    String access =
        header != null && header.startsWith(BEARER)
            ? header.substring(BEARER.length())
            : cookies.read(request, SessionCookieNames.ACCESS).orElse(null);
    if (access == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(tokens.verify(access).sessionId());
    } catch (TokenRefused alreadyWorthless) {
      return Optional.empty();
    }
  }
}
