package io.claritystream.control.identity;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.AnyCaller;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.Role;
import io.claritystream.control.tenancy.OrganizationFields;
import io.claritystream.control.tenancy.Plan;
import io.claritystream.control.tenancy.Tenant;
import io.claritystream.control.tenancy.Tenants;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/// The organizations of a person, whichever one the session is in.
@RestController
@Tag(name = "Organizations")
class MyOrganizationsController {

  private final SignIn signIn;
  private final SignInLimits limits;
  private final JdbcClient auth;
  private final Clock clock;

  MyOrganizationsController(
      SignIn signIn, SignInLimits limits, @Qualifier("auth") JdbcClient auth, Clock clock) {
    this.signIn = signIn;
    this.limits = limits;
    this.auth = auth;
    this.clock = clock;
  }

  @Schema(name = "FurtherOrganization")
  record OrganizationRequest(
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED, example = "Northgate Bottling")
          @Nullable String name,
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED, example = "food-and-beverage")
          @Nullable String industry,
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED, example = "eu-west")
          @Nullable String region,
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED, example = "northgate.example")
          @Nullable String domain,
      @Schema(
              requiredMode = Schema.RequiredMode.NOT_REQUIRED,
              description = "One of /v1/plans that an owner may choose",
              defaultValue = Tenants.PLAN_DEFAULT)
          @Nullable String plan) {}

  /// @param invitation the token of its link
  @Schema(name = "AcceptInvitation")
  record AcceptRequest(
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED) @Nullable String invitation) {}

  @Schema(name = "Joined")
  record Joined(Tenant organization, Role role) {}

  @GetMapping("/v1/organizations")
  @AnyCaller
  @Operation(
      operationId = "listOrganizations",
      summary = "The caller's organizations, the first joined first",
      description = "The session is in one of them; /v1/auth/switch goes on in another.")
  Page<Tenant> list(Caller caller) {
    return Page.whole(signIn.memberships(caller).stream().map(Membership::tenant).toList());
  }

  @PostMapping("/v1/organizations")
  @AnyCaller
  @ResponseStatus(HttpStatus.CREATED)
  @Operation(
      operationId = "createOrganization",
      summary = "Another organization, with the caller as its owner",
      description = "The session stays where it is; /v1/auth/switch goes on in the new one.")
  Tenant create(
      Caller caller,
      @RequestBody OrganizationRequest body,
      HttpServletRequest request,
      HttpServletResponse response) {
    OrganizationFields fields = new OrganizationFields("");
    String plan = body.plan() == null ? Tenants.PLAN_DEFAULT : body.plan();
    Tenant tenant =
        new Tenant(
            new TenantId(UUID.randomUUID()),
            fields.name(body.name()),
            fields.domain(body.domain()),
            fields.industry(body.industry()),
            fields.region(body.region()),
            plan,
            clock.instant().truncatedTo(ChronoUnit.MICROS));
    List<String> choices = Plan.all(auth).stream().filter(Plan::selfService).map(Plan::id).toList();
    if (!choices.contains(plan)) {
      fields.refuse("plan", "is one of " + String.join(", ", choices));
    }
    fields.check();
    limits.found(caller, response);
    return signIn.found(caller, tenant, request.getRemoteAddr()).tenant();
  }

  @GetMapping("/v1/plans")
  @AnyCaller
  @Operation(operationId = "listPlans", summary = "The plans and their limits, the smallest first")
  Page<Plan> plans() {
    return Page.whole(Plan.all(auth));
  }

  @PostMapping("/v1/invitations/accept")
  @AnyCaller
  @Operation(
      operationId = "acceptInvitation",
      summary = "Join where an invitation leads, with the account that is signed in",
      description =
          "Whoever has no account gives the token to /v1/auth/register instead, and whoever has one"
              + " and belongs nowhere to /v1/auth/login.")
  Joined accept(Caller caller, @RequestBody AcceptRequest body, HttpServletRequest request) {
    String token = body.invitation();
    if (token == null || token.isBlank()) {
      throw Problem.invalid("/invitation", "is required");
    }
    Membership joined = signIn.accept(caller, token, request.getRemoteAddr());
    return new Joined(joined.tenant(), joined.role());
  }
}
