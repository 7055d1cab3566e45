/// A request that comes again has its effect once: `Idempotency-Key` on every POST under `/v1`.
///
/// Sign-in is left out, since nobody is known there yet, and so is what changes nothing
/// ([io.claritystream.base.http.ChangesNothing]). A key is a person's own within a
/// workspace, and stands for one request: method, address and body. The same request again has the
/// first answer again, for a day; another one under the key is refused, and one that comes while
/// the first is at work is told to wait.
///
/// A key is claimed before the controller is asked, and what it came to is noted before the client
/// hears it. The claim is a lease that the process extends. When a process dies, another takes the
/// claim over under the same id; a controller that makes its ids from the [IdempotencyClaim] then
/// finds what was done. Answers that say that nothing could be done now (5xx, 429) are not kept:
/// the same request again is tried again, under the same claim.
///
/// Of a request an HMAC is kept, and its answer encrypted, since both may hold secrets; a tenant
/// has so many keys at a time ([KeyQuota]).
///
/// Owns `control.idempotency_key`.
@ApplicationModule(
    id = "base.idempotency",
    allowedDependencies = {"base.crypto", "base.db", "base.http"})
@NullMarked
package io.claritystream.base.idempotency;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
