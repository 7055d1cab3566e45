/// The one way out: every HTTP call that somebody else's address decides goes through
/// [OutboundClient]. An architecture test forbids other clients in the server.
///
/// A call may lead only to public addresses that are not this machine's own, on the ports of
/// `clarity.outbound.ports`, unless `clarity.outbound.allow` opens more. A name is looked up once,
/// every address of the answer is checked, and the connection is made to one of those and to no
/// other; there is no second look-up that could answer differently. Redirects, if they are
/// followed, go through the same.
///
/// Each call has a deadline that counts from its beginning to the last byte of the answer; the
/// answer has a limit that counts what is left after decompression. How many calls are under way,
/// in all, for one tenant and to one host, how many names a tenant has looked up, and how many
/// bytes their answers may have is bounded;
/// beyond it a call is refused as [OutboundFault.Kind#BUSY] before anything is sent. No connection
/// is used for two tenants.
///
/// No proxy is used, no cookie is kept, nothing is sent twice.
///
/// Owns no tables.
@ApplicationModule(
    id = "base.outbound",
    allowedDependencies = {"base.db", "base.process"})
@NullMarked
package io.claritystream.base.outbound;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
