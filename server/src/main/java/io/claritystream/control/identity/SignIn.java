package io.claritystream.control.identity;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.UserId;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.Role;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditEntry.Actor;
import io.claritystream.control.audit.AuditLog;
import io.claritystream.control.tenancy.Tenant;
import io.claritystream.control.tenancy.Tenants;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/// Registering, signing in, going on with a session and ending it. Each is one transaction of the
/// role `auth`, with its entry in the audit log.
final class SignIn {

  /// Organizations that one person may be an owner of, beyond which no new one is made.
  static final int OWNED_MAX = 20;

  private final JdbcClient auth;
  private final TransactionTemplate transactions;
  private final Accounts accounts;
  private final Tenants tenants;
  private final Sessions sessions;
  private final Members members;
  private final PasswordHashes passwords;
  private final AuditLog audit;
  private final Clock clock;
  private final Counter strangers;

  SignIn(
      JdbcClient auth,
      TransactionTemplate transactions,
      Tenants tenants,
      Sessions sessions,
      Members members,
      PasswordHashes passwords,
      AuditLog audit,
      Clock clock,
      MeterRegistry meters) {
    this.auth = auth;
    this.transactions = transactions;
    this.accounts = new Accounts(auth);
    this.tenants = tenants;
    this.sessions = sessions;
    this.members = members;
    this.passwords = passwords;
    this.audit = audit;
    this.clock = clock;
    this.strangers = meters.counter("clarity_sign_ins_of_strangers_total");
  }

  /// A new person, in a new tenant as its owner or where an invitation leads.
  SignedIn register(SignUp signUp, @Nullable String address) {
    if (signUp.where() instanceof SignUp.Where.Invited(String token)
        && members.invited(token, signUp.email()).isEmpty()) {
      // Before anything tells whether the email has an account.
      throw Members.noInvitation();
    }
    String hash = passwords.hash(signUp.password());
    Instant now = now();
    Account account =
        new Account(new UserId(UUID.randomUUID()), signUp.email().value(), signUp.name(), hash);
    return Objects.requireNonNull(
        transactions.execute(
            status -> {
              if (!accounts.create(account, now)) {
                throw Problem.of(ProblemCode.EMAIL_TAKEN, null);
              }
              Membership membership =
                  switch (signUp.where()) {
                    case SignUp.Where.New(var organization, var industry, var region) ->
                        found(
                            account,
                            new Tenant(
                                new TenantId(UUID.randomUUID()),
                                organization,
                                null,
                                industry,
                                region,
                                Tenants.PLAN_DEFAULT,
                                now),
                            address);
                    case SignUp.Where.Invited(var token) -> joined(account, token, now, address);
                  };
              Sessions.Opened session = sessions.open(account.id(), membership.tenant().id());
              return new SignedIn(account, membership, session.sessionId(), session.refreshToken());
            }));
  }

  /// Another organization of the caller's, who becomes its owner.
  Membership found(Caller caller, Tenant tenant, @Nullable String address) {
    return Objects.requireNonNull(
        transactions.execute(
            status -> {
              accounts.lockMemberships(caller.userId());
              if (accounts.owned(caller.userId()) >= OWNED_MAX) {
                throw Problem.of(
                    ProblemCode.CONFLICT,
                    "A person may own " + OWNED_MAX + " organizations; this one does.");
              }
              accounts.requireRoom(caller.userId());
              return found(known(caller), tenant, address);
            }));
  }

  private Membership found(Account account, Tenant tenant, @Nullable String address) {
    tenants.create(auth, tenant);
    accounts.join(tenant.id(), account.id(), Role.OWNER, tenant.createdAt());
    append(tenant.id(), account, "organization.created", tenant.createdAt(), address);
    return new Membership(tenant, Role.OWNER);
  }

  /// What the caller belongs to, the first joined first.
  List<Membership> memberships(Caller caller) {
    return accounts.memberships(caller.userId());
  }

  /// Makes the caller a member of where the invitation leads. The session stays where it is.
  Membership accept(Caller caller, String token, @Nullable String address) {
    return Objects.requireNonNull(
        transactions.execute(status -> joined(known(caller), token, now(), address)));
  }

  private Membership joined(Account account, String token, Instant now, @Nullable String address) {
    TenantId tenant = members.join(account, token, now, address);
    return membership(account.id(), tenant)
        .orElseThrow(() -> new IllegalStateException("not joined, tenant " + tenant));
  }

  /// Goes on in another organization of the caller's: in a new session, and the one before ends.
  SignedIn change(Caller caller, TenantId tenant, @Nullable String address) {
    SignedIn signedIn =
        Objects.requireNonNull(
            transactions.execute(
                status -> {
                  Account account = known(caller);
                  Membership membership =
                      accounts
                          .hold(caller.userId(), tenant)
                          .orElseThrow(() -> Problem.notFound("organization", tenant));
                  if (sessions.revoke(caller.sessionId(), "changed").isEmpty()) {
                    throw Problem.of(ProblemCode.UNAUTHENTICATED, null);
                  }
                  append(tenant, account, "session.opened", now(), address);
                  Sessions.Opened session = sessions.open(caller.userId(), tenant);
                  return new SignedIn(
                      account, membership, session.sessionId(), session.refreshToken());
                }));
    sessions.forget(caller.sessionId());
    return signedIn;
  }

  private Account known(Caller caller) {
    return accounts
        .find(caller.userId())
        .orElseThrow(() -> Problem.of(ProblemCode.UNAUTHENTICATED, null));
  }

  /// Empty if email and password are not a person's, or the person belongs nowhere; no telling
  /// which. Who belongs nowhere signs in with an invitation, and belongs where it leads.
  ///
  /// @param invitation the token of one to this address, which is accepted and signed in to
  Optional<SignedIn> login(
      Email email, String password, @Nullable String invitation, @Nullable String address) {
    Optional<Account> found = accounts.find(email);
    boolean right = passwords.matches(password, found.map(Account::passwordHash).orElse(null));
    // Nobody's email goes the same way as somebody's, so that it takes the same time.
    UserId user = found.map(Account::id).orElseGet(() -> new UserId(UUID.randomUUID()));
    List<Membership> memberships = accounts.memberships(user);
    Instant now = now();
    if (found.isEmpty()) {
      // A row for whatever a stranger makes up would have no end.
      strangers.increment();
      return Optional.empty();
    }
    Account account = found.get();
    Optional<SignedIn> signedIn =
        right ? opened(account, password, memberships, invitation, now, address) : Optional.empty();
    if (signedIn.isEmpty()) {
      TenantId tenant = memberships.isEmpty() ? null : memberships.getFirst().tenant().id();
      append(tenant, account, "session.refused", now, address);
    }
    return signedIn;
  }

  /// Empty if the person belongs nowhere, or is being removed from where they do at this moment.
  private Optional<SignedIn> opened(
      Account account,
      String password,
      List<Membership> memberships,
      @Nullable String invitation,
      Instant now,
      @Nullable String address) {
    if (memberships.isEmpty() && invitation == null) {
      return Optional.empty();
    }
    String anew = passwords.outdated(account.passwordHash()) ? passwords.hash(password) : null;
    return Objects.requireNonNull(
        transactions.execute(
            status -> {
              Optional<Membership> where =
                  invitation == null
                      ? accounts.hold(account.id(), memberships.getFirst().tenant().id())
                      : Optional.of(joined(account, invitation, now, address));
              return where.map(
                  membership -> {
                    if (anew != null) {
                      accounts.rehash(account.id(), anew);
                    }
                    accounts.signedIn(account.id(), now);
                    TenantId tenant = membership.tenant().id();
                    append(tenant, account, "session.opened", now, address);
                    Sessions.Opened session = sessions.open(account.id(), tenant);
                    return new SignedIn(
                        account, membership, session.sessionId(), session.refreshToken());
                  });
            }));
  }

  SignedIn refresh(RefreshToken token, @Nullable String address) {
    return switch (sessions.refresh(token)) {
      case Refreshed.Rotated(UUID sessionId, UserId user, TenantId tenant, RefreshToken next) ->
          accounts
              .find(user)
              .flatMap(
                  account ->
                      membership(user, tenant)
                          .map(member -> new SignedIn(account, member, sessionId, next)))
              .orElseThrow(() -> Problem.of(ProblemCode.UNAUTHENTICATED, null));
      case Refreshed.Reused reused -> {
        accounts
            .find(reused.user())
            .ifPresent(
                account -> append(reused.tenant(), account, "session.reused", now(), address));
        throw Problem.of(
            ProblemCode.UNAUTHENTICATED,
            "This refresh token had been used before; its session is ended.");
      }
      case Refreshed.Expired expired -> throw Problem.of(ProblemCode.TOKEN_EXPIRED, null);
      case Refreshed.Refused refused -> throw Problem.of(ProblemCode.UNAUTHENTICATED, null);
    };
  }

  /// Ends the session; nothing happens if it had ended.
  void logout(UUID sessionId, @Nullable String address) {
    transactions.executeWithoutResult(
        status ->
            sessions
                .revoke(sessionId, "logout")
                .ifPresent(
                    ended ->
                        accounts
                            .find(ended.user())
                            .ifPresent(
                                account ->
                                    append(
                                        ended.tenant(),
                                        account,
                                        "session.closed",
                                        now(),
                                        address))));
    sessions.forget(sessionId);
  }

  Optional<UUID> sessionOf(RefreshToken token) {
    return sessions.of(token);
  }

  /// What the caller is and may be; empty if the account has gone.
  Optional<Self> self(Caller caller) {
    return accounts
        .find(caller.userId())
        .flatMap(
            account ->
                membership(caller.userId(), caller.tenantId())
                    .map(
                        current ->
                            new Self(account, current, accounts.memberships(caller.userId()))));
  }

  record Self(Account account, Membership current, List<Membership> all) {}

  private Optional<Membership> membership(UserId user, TenantId tenant) {
    return accounts.membership(user, tenant);
  }

  private void append(
      @Nullable TenantId tenant,
      Account account,
      String action,
      Instant at,
      @Nullable String address) {
    Actor actor = Actor.person(account.id().value(), account.email());
    audit.append(auth, AuditEntry.of(tenant, at, actor, action).from(address));
  }

  /// What the database keeps of an instant.
  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }
}
