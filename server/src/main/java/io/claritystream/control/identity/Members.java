package io.claritystream.control.identity;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.UserId;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.Role;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditEntry.Actor;
import io.claritystream.control.audit.AuditLog;
import io.claritystream.control.tenancy.Plan;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/// Who belongs to an organization, and as what. Each act is one transaction of the role `auth` with
/// its entry in the audit log; those of one organization come one after the other, so that what an
/// act has seen (who acts, who is an owner, how many there are) is so when it is committed.
///
/// - Nobody gives a role above their own, and nobody below an owner touches an owner.
/// - There is always an owner.
/// - Open invitations count as people: the plan says how many there may be.
/// - Nobody belongs who has not said so: whoever is asked accepts, with an account or a new one.
/// - Who is removed or leaves is signed out of the organization at once, and what they had asked
///   others to be goes with the role that let them.
final class Members {

  private final JdbcClient auth;
  private final TransactionTemplate transactions;
  private final Accounts accounts;
  private final Invitations invitations;
  private final Sessions sessions;
  private final AuditLog audit;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  Members(
      JdbcClient auth,
      TransactionTemplate transactions,
      Sessions sessions,
      AuditLog audit,
      Clock clock) {
    this.auth = auth;
    this.transactions = transactions;
    this.accounts = new Accounts(auth);
    this.invitations = new Invitations(auth);
    this.sessions = sessions;
    this.audit = audit;
    this.clock = clock;
  }

  /// @param token is known to nobody but the caller
  record Invited(Invitations.Open invitation, String token) {
    @Override
    public String toString() {
      return "Invited[" + invitation.id() + "]";
    }
  }

  /// Asks a person to belong. Whether the address has an account makes no difference: nobody has
  /// shown that an account's address is its holder's, and that there is one is not the caller's to
  /// know. Who gets the token from the caller shows by it whom the caller meant.
  Invited invite(
      Caller caller, Email email, @Nullable String name, Role role, @Nullable String address) {
    TenantId tenant = caller.tenantId();
    return locked(
        tenant,
        () -> {
          Actor actor = actor(caller, role);
          Instant now = now();
          if (accounts.belongs(tenant, email)) {
            throw Problem.of(ProblemCode.CONFLICT, email + " is a member already.");
          }
          requireRoom(tenant, email.value(), now);
          Invitations.Open open =
              new Invitations.Open(
                  UUID.randomUUID(),
                  tenant,
                  email.value(),
                  name,
                  role,
                  now.plus(Invitations.LIFETIME));
          String token = OpaqueToken.make(random);
          invitations.add(open, OpaqueToken.hash(token), caller.userId(), now);
          audit.append(
              auth,
              AuditEntry.of(tenant, now, actor, "member.invited")
                  .on("invitation", open.id())
                  .with("email", email.value())
                  .with("role", role.key())
                  .from(address));
          return new Invited(open, token);
        });
  }

  /// Takes an invitation back.
  void withdraw(Caller caller, UUID id, @Nullable String address) {
    TenantId tenant = caller.tenantId();
    locked(
        tenant,
        () -> {
          Invitations.Open open =
              invitations.remove(tenant, id).orElseThrow(() -> Problem.notFound("invitation", id));
          Actor actor = actor(caller, open.role());
          audit.append(
              auth,
              AuditEntry.of(tenant, now(), actor, "invitation.withdrawn")
                  .on("invitation", id)
                  .with("email", open.email())
                  .from(address));
          return id;
        });
  }

  /// Gives a member another role.
  void changeRole(Caller caller, UserId user, Role role, @Nullable String address) {
    TenantId tenant = caller.tenantId();
    List<UUID> told =
        locked(
            tenant,
            () -> {
              Role before = role(tenant, user);
              Actor actor = actor(caller, Role.higher(before, role));
              if (before == role) {
                return List.of();
              }
              if (before == Role.OWNER) {
                requireAnotherOwner(tenant);
              }
              accounts.changeRole(tenant, user, role);
              AuditEntry entry = about(tenant, now(), actor, "member.role_changed", account(user));
              audit.append(
                  auth, entry.with("role", role.key()).with("before", before.key()).from(address));
              withdrawBeyond(tenant, account(user), role, actor, address);
              return sessions.of(user, tenant);
            });
    told.forEach(sessions::forget);
  }

  /// Takes a member out; their sessions in the organization end.
  void remove(Caller caller, UserId user, @Nullable String address) {
    TenantId tenant = caller.tenantId();
    List<UUID> ended =
        locked(
            tenant,
            () -> {
              Role before = role(tenant, user);
              Actor actor = actor(caller, before);
              if (before == Role.OWNER) {
                requireAnotherOwner(tenant);
              }
              append(tenant, now(), actor, "member.removed", account(user), before, address);
              return end(tenant, account(user), actor, "removed", address);
            });
    ended.forEach(sessions::forget);
  }

  /// Whoever belongs may go, whatever their role; their sessions in the organization end.
  void leave(Caller caller, @Nullable String address) {
    TenantId tenant = caller.tenantId();
    List<UUID> ended =
        locked(
            tenant,
            () -> {
              Role before = role(tenant, caller.userId());
              if (before == Role.OWNER) {
                requireAnotherOwner(tenant);
              }
              Account account = account(caller.userId());
              Actor actor = Actor.person(account.id().value(), account.email());
              append(tenant, now(), actor, "member.left", account, before, address);
              return end(tenant, account, actor, "left", address);
            });
    ended.forEach(sessions::forget);
  }

  /// The sessions that end with it.
  private List<UUID> end(
      TenantId tenant, Account account, Actor actor, String reason, @Nullable String address) {
    accounts.leave(tenant, account.id());
    withdrawBeyond(tenant, account, null, actor, address);
    return sessions.revokeAll(account.id(), tenant, reason);
  }

  /// What the person has asked others to be and could not ask now.
  ///
  /// @param role theirs from now on; null if they have none
  private void withdrawBeyond(
      TenantId tenant,
      Account inviter,
      @Nullable Role role,
      Actor actor,
      @Nullable String address) {
    List<String> reached =
        Stream.of(Role.values())
            .filter(given -> role != null && reaches(role, given))
            .map(Role::key)
            .toList();
    int withdrawn = invitations.removeBeyond(tenant, inviter.id(), reached);
    if (withdrawn > 0) {
      AuditEntry entry = about(tenant, now(), actor, "invitations.withdrawn", inviter);
      audit.append(auth, entry.with("count", Integer.toString(withdrawn)).from(address));
    }
  }

  /// Within a transaction: makes the person a member as the invitation says, if it is for that
  /// person's address and still stands; throws the problem on the field `invitation` otherwise.
  TenantId join(Account account, String token, Instant now, @Nullable String address) {
    Invitations.Open found = invitations.find(token, now).orElseThrow(Members::noInvitation);
    accounts.lockMembers(found.tenant());
    if (!found.email().equals(account.email())
        || invitations.remove(found.tenant(), found.id()).isEmpty()) {
      throw noInvitation();
    }
    if (accounts.role(found.tenant(), account.id()).isPresent()) {
      throw Problem.of(ProblemCode.CONFLICT, account.email() + " is a member already.");
    }
    accounts.lockMemberships(account.id());
    accounts.requireRoom(account.id());
    accounts.join(found.tenant(), account.id(), found.role(), now);
    Actor actor = Actor.person(account.id().value(), account.email());
    append(found.tenant(), now, actor, "member.joined", account, found.role(), address);
    return found.tenant();
  }

  /// Where the invitation leads, if it stands and is for this address.
  Optional<TenantId> invited(String token, Email email) {
    return invitations
        .find(token, now())
        .filter(open -> open.email().equals(email.value()))
        .map(Invitations.Open::tenant);
  }

  static Problem noInvitation() {
    return Problem.invalid(
        "/invitation",
        "is not one that stands for this address: it was used, replaced or withdrawn, or is older"
            + " than seven days");
  }

  /// Who acts, if they may act upon `role`: as it is now, and not when the request came.
  private Actor actor(Caller caller, Role role) {
    Role own =
        accounts
            .role(caller.tenantId(), caller.userId())
            .filter(now -> now.permits(Permission.MEMBERS_WRITE))
            .orElseThrow(() -> Problem.of(ProblemCode.FORBIDDEN, null));
    if (!reaches(own, role)) {
      throw Problem.of(
          ProblemCode.FORBIDDEN,
          "The role " + own.key() + " does not reach up to " + role.key() + ".");
    }
    return Actor.person(caller.userId().value(), account(caller.userId()).email());
  }

  /// Whether who is `own` may make somebody `role`.
  private static boolean reaches(Role own, Role role) {
    return own.permits(Permission.MEMBERS_WRITE) && own.compareTo(role) <= 0;
  }

  private Account account(UserId user) {
    return accounts.find(user).orElseThrow(() -> Problem.notFound("member", user));
  }

  private Role role(TenantId tenant, UserId user) {
    return accounts.role(tenant, user).orElseThrow(() -> Problem.notFound("member", user));
  }

  private void requireAnotherOwner(TenantId tenant) {
    if (accounts.owners(tenant) < 2) {
      throw Problem.of(
          ProblemCode.CONFLICT, "This is the last owner. Make somebody else an owner first.");
    }
  }

  private void requireRoom(TenantId tenant, String email, Instant now) {
    Plan plan = Plan.of(tenant, auth);
    if (accounts.members(tenant) + invitations.open(tenant, email, now) >= plan.membersMax()) {
      throw Problem.of(
          ProblemCode.PLAN_LIMIT,
          "The plan "
              + plan.id()
              + " is for "
              + plan.membersMax()
              + " people, open invitations among them.");
    }
  }

  private <T> T locked(TenantId tenant, Supplier<T> work) {
    return Objects.requireNonNull(
        transactions.execute(
            status -> {
              accounts.lockMembers(tenant);
              return work.get();
            }));
  }

  private void append(
      TenantId tenant,
      Instant at,
      Actor actor,
      String action,
      Account member,
      Role role,
      @Nullable String address) {
    audit.append(
        auth, about(tenant, at, actor, action, member).with("role", role.key()).from(address));
  }

  private static AuditEntry about(
      TenantId tenant, Instant at, Actor actor, String action, Account member) {
    return AuditEntry.of(tenant, at, actor, action)
        .on("person", member.id())
        .with("email", member.email());
  }

  /// What the database keeps of an instant.
  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }
}
