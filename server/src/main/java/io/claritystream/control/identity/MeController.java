package io.claritystream.control.identity;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.AnyCaller;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.Role;
import io.claritystream.control.identity.SessionAnswer.Person;
import io.claritystream.control.tenancy.Tenant;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Authentication")
class MeController {

  private final SignIn signIn;

  MeController(SignIn signIn) {
    this.signIn = signIn;
  }

  @Schema(name = "Me")
  record Me(
      Person user,
      Tenant organization,
      Role role,
      List<Permission> permissions,
      List<OrganizationRole> organizations) {}

  @Schema(name = "OrganizationRole")
  record OrganizationRole(TenantId id, String name, Role role) {}

  @GetMapping("/v1/me")
  @AnyCaller
  @Operation(operationId = "me", summary = "Who is signed in, where, and what that permits")
  Me me(Caller caller) {
    SignIn.Self self =
        signIn.self(caller).orElseThrow(() -> Problem.of(ProblemCode.UNAUTHENTICATED, null));
    return new Me(
        Person.of(self.account()),
        self.current().tenant(),
        self.current().role(),
        List.copyOf(self.current().role().permissions()),
        self.all().stream()
            .map(
                member ->
                    new OrganizationRole(
                        member.tenant().id(), member.tenant().name(), member.role()))
            .toList());
  }
}
