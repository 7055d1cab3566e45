/// Who a person is, and where they belong: accounts, passwords, sessions, tokens, members.
///
/// **Passwords** are Argon2id hashes. Checking one costs 19 MiB and some tens of milliseconds, so
/// few are checked at once; the others wait, and a flood is turned away. An email that nobody has
/// takes as long as a wrong password.
///
/// **A session** begins at a sign-in and is in one tenant. It hands out refresh tokens, each good
/// for one use and the next token. One that comes a second time was stolen, or answers a thief: the
/// session ends. Only hashes of them are stored.
///
/// **Access tokens** are JWT, ES256, ten minutes. The role is looked up, not taken from the token,
/// and so is whether the session still stands, at most [Sessions#STATE_AGE_MAX] ago. The signing
/// keys are kept by `base.crypto`.
///
/// | session | event | becomes |
/// |---|---|---|
/// | | register, login | open |
/// | open | refresh with the newest token | open, for another 30 days |
/// | open | refresh with a token used within the last day | revoked: `reuse` |
/// | open | its person goes on in another organization | revoked: `changed`; another is open |
/// | open | its person is removed from the organization | revoked: `removed` |
/// | open | its person leaves the organization | revoked: `left` |
/// | open | logout | revoked: `logout` |
/// | open | an operator revokes it, or the password is reset | revoked: `operator` |
/// | open | 30 days without a refresh | expired |
///
/// **Members.** Who belongs where, and as what, is changed by [Members] alone: nobody gives a role
/// above their own, and there is always an owner. Everybody else is invited, with an account or
/// without: a token of 256 bits, stored as its hash, for one use within seven days, and for the
/// invited address only. It goes with its maker's right to make it.
///
/// Owns `control.user_account`, `control.members`, `control.invitation`, `control.session`,
/// `control.refresh_token`.
@ApplicationModule(
    id = "control.identity",
    allowedDependencies = {
      "base.crypto",
      "base.db",
      "base.http",
      "base.process",
      "control.audit",
      "control.tenancy"
    })
@NullMarked
package io.claritystream.control.identity;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
