package io.claritystream.control.identity;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.db.UserId;
import io.claritystream.base.http.AnyCaller;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.base.http.Role;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.net.URI;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/// The people of the organization that the session is in; another's is not there.
@RestController
@Tag(name = "Organizations")
class MemberController {

  private static final String USERS = "/v1/organizations/{org_id}/users";
  private static final String INVITATIONS = "/v1/organizations/{org_id}/invitations";
  private static final String MEMBER_LIST = "members";
  private static final String INVITATION_LIST = "invitations";
  private static final int NAME_MAX = 200;

  private static final String MEMBERS =
      """
      SELECT u.user_id, u.email, u.name, m.role, m.created_at, u.last_login_at
      FROM control.members m
      JOIN control.user_account u ON u.user_id = m.user_id
      WHERE m.tenant_id = :tenant
        AND (CAST(:user AS uuid) IS NULL OR m.user_id = :user)
        AND (CAST(:after AS text) IS NULL OR u.email > :after)
      ORDER BY u.email
      LIMIT :rows
      """;

  private final TenantTransactions transactions;
  private final Members members;
  private final SignInLimits limits;
  private final URI publicUrl;

  MemberController(
      TenantTransactions transactions,
      Members members,
      SignInLimits limits,
      @Value("${clarity.public-url}") URI publicUrl) {
    this.transactions = transactions;
    this.members = members;
    this.limits = limits;
    this.publicUrl = publicUrl;
  }

  @Schema(name = "Member")
  record Member(
      UserId id,
      String email,
      String name,
      Role role,
      Instant joinedAt,
      @Nullable Instant lastLoginAt) {}

  @Schema(name = "Invitation")
  record Invitation(UUID id, String email, @Nullable String name, Role role, Instant expiresAt) {}

  /// @param token makes whoever has it a member, once, if they register or sign in with this email;
  ///     it is shown here and never again
  /// @param link leads to the registration with it
  @Schema(name = "NewInvitation")
  record NewInvitation(
      UUID id,
      String email,
      @Nullable String name,
      Role role,
      Instant expiresAt,
      String token,
      String link) {}

  @Schema(name = "InvitationRequest")
  record InvitationRequest(
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED, example = "grace@example.com")
          @Nullable String email,
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED) @Nullable Role role,
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED, example = "Grace Hopper")
          @Nullable String name) {}

  @Schema(name = "MemberChange")
  record MemberChange(@Schema(requiredMode = Schema.RequiredMode.REQUIRED) @Nullable Role role) {}

  @GetMapping(USERS)
  @RequiresPermission(Permission.MEMBERS_READ)
  @Operation(operationId = "listMembers", summary = "The people of the organization, by email")
  Page<Member> members(Caller caller, @PathVariable("org_id") UUID id, PageRequest page) {
    requireOwn(caller, id);
    Optional<Cursor> after = page.after(MEMBER_LIST, 1);
    List<Member> rows =
        transactions.read(
            caller.tenantId(),
            sql ->
                rows(
                    sql,
                    caller,
                    null,
                    after.map(cursor -> cursor.text(0)).orElse(null),
                    page.rows()));
    return Page.of(rows, page, member -> Cursor.of(MEMBER_LIST, member.email()));
  }

  @PostMapping(USERS)
  @RequiresPermission(Permission.MEMBERS_WRITE)
  @ResponseStatus(HttpStatus.CREATED)
  @Operation(
      operationId = "inviteMember",
      summary = "Invites a person, whether they have an account or not",
      description =
          "The link is shown in this answer alone, for the inviter to pass on; it stands for seven"
              + " days, works once, and replaces an earlier one to the address. Nobody is told whether"
              + " the address has an account.")
  NewInvitation invite(
      Caller caller,
      @PathVariable("org_id") UUID id,
      @RequestBody InvitationRequest body,
      HttpServletRequest request,
      HttpServletResponse response) {
    requireOwn(caller, id);
    Fields fields = new Fields();
    Optional<Email> email = fields.email("email", body.email());
    String name = body.name() == null ? null : fields.line("name", body.name(), NAME_MAX);
    Role role = body.role();
    if (role == null) {
      fields.refuse("role", "is required");
    }
    fields.check();
    response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    limits.invite(caller, response);
    Members.Invited invited =
        members.invite(
            caller,
            email.orElseThrow(),
            name,
            Objects.requireNonNull(role),
            request.getRemoteAddr());
    Invitations.Open open = invited.invitation();
    return new NewInvitation(
        open.id(),
        open.email(),
        open.name(),
        open.role(),
        open.expiresAt(),
        invited.token(),
        // What follows # is sent to no server, so it stands in no log.
        publicUrl.resolve("/auth#invitation=" + invited.token()).toString());
  }

  @PatchMapping(USERS + "/{user_id}")
  @RequiresPermission(Permission.MEMBERS_WRITE)
  @Operation(operationId = "changeMember", summary = "Gives a member another role")
  Member change(
      Caller caller,
      @PathVariable("org_id") UUID id,
      @PathVariable("user_id") UUID userId,
      @RequestBody MemberChange body,
      HttpServletRequest request) {
    requireOwn(caller, id);
    Role role = body.role();
    if (role == null) {
      throw Problem.invalid("/role", "is required");
    }
    members.changeRole(caller, new UserId(userId), role, request.getRemoteAddr());
    return transactions
        .read(caller.tenantId(), sql -> rows(sql, caller, userId, null, 1).stream().findFirst())
        .orElseThrow(() -> Problem.notFound("member", userId));
  }

  @DeleteMapping(USERS + "/{user_id}")
  @RequiresPermission(Permission.MEMBERS_WRITE)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  @Operation(
      operationId = "removeMember",
      summary = "Takes a person out of the organization and ends their sessions in it")
  void remove(
      Caller caller,
      @PathVariable("org_id") UUID id,
      @PathVariable("user_id") UUID userId,
      HttpServletRequest request) {
    requireOwn(caller, id);
    members.remove(caller, new UserId(userId), request.getRemoteAddr());
  }

  /// Whatever one's role: nobody is held.
  @DeleteMapping(USERS + "/me")
  @AnyCaller
  @ResponseStatus(HttpStatus.NO_CONTENT)
  @Operation(
      operationId = "leaveOrganization",
      summary = "Leaves the organization that the session is in, and ends one's sessions in it",
      description = "The last owner stays.")
  void leave(Caller caller, @PathVariable("org_id") UUID id, HttpServletRequest request) {
    requireOwn(caller, id);
    members.leave(caller, request.getRemoteAddr());
  }

  @GetMapping(INVITATIONS)
  @RequiresPermission(Permission.MEMBERS_WRITE)
  @Operation(operationId = "listInvitations", summary = "The open invitations, by email")
  Page<Invitation> invitations(Caller caller, @PathVariable("org_id") UUID id, PageRequest page) {
    requireOwn(caller, id);
    Optional<Cursor> after = page.after(INVITATION_LIST, 1);
    List<Invitation> rows =
        transactions.read(
            caller.tenantId(),
            sql ->
                sql.sql(
                        """
                        SELECT invitation_id, email, name, role, expires_at
                        FROM control.invitation
                        WHERE tenant_id = :tenant AND expires_at > now()
                          AND (CAST(:after AS text) IS NULL OR email > :after)
                        ORDER BY email
                        LIMIT :rows
                        """)
                    .param("tenant", caller.tenantId().value())
                    .param("after", after.map(cursor -> cursor.text(0)).orElse(null))
                    .param("rows", page.rows())
                    .query(MemberController::invitation)
                    .list());
    return Page.of(rows, page, open -> Cursor.of(INVITATION_LIST, open.email()));
  }

  @DeleteMapping(INVITATIONS + "/{invitation_id}")
  @RequiresPermission(Permission.MEMBERS_WRITE)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  @Operation(operationId = "withdrawInvitation", summary = "Takes an invitation back")
  void withdraw(
      Caller caller,
      @PathVariable("org_id") UUID id,
      @PathVariable("invitation_id") UUID invitationId,
      HttpServletRequest request) {
    requireOwn(caller, id);
    members.withdraw(caller, invitationId, request.getRemoteAddr());
  }

  /// Another tenant's organization is not there, whether it exists or not.
  private static void requireOwn(Caller caller, UUID id) {
    if (!caller.tenantId().value().equals(id)) {
      throw Problem.notFound("organization", id);
    }
  }

  private static List<Member> rows(
      JdbcClient sql, Caller caller, @Nullable UUID user, @Nullable String after, int rows) {
    return sql.sql(MEMBERS)
        .param("tenant", caller.tenantId().value())
        .param("user", user)
        .param("after", after)
        .param("rows", rows)
        .query(MemberController::member)
        .list();
  }

  private static Member member(ResultSet row, int number) throws SQLException {
    return new Member(
        new UserId(row.getObject("user_id", UUID.class)),
        row.getString("email"),
        row.getString("name"),
        Role.of(row.getString("role")),
        SqlTime.read(row, "created_at"),
        SqlTime.readNullable(row, "last_login_at"));
  }

  private static Invitation invitation(ResultSet row, int number) throws SQLException {
    return new Invitation(
        row.getObject("invitation_id", UUID.class),
        row.getString("email"),
        row.getString("name"),
        Role.of(row.getString("role")),
        SqlTime.read(row, "expires_at"));
  }
}
