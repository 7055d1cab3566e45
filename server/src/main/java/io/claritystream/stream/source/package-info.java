/// Agents and sources: who may send, under which certificate, and what is known of each source.
///
/// # Who may send
/// A person makes a pairing code; an agent redeems it once, within ten minutes, for a
/// certificate of the platform's own authority ([PlatformAuthority]). Certificates last 24
/// hours; an agent renews its own. A revoked agent is turned away by the gateway at its next
/// call and by the edge in the middle of one ([RevokedAgents]).
///
/// ```
/// pairing code   waiting → used | expired
/// agent          offline ⇄ online, → revoked; expired when its certificate ran out unrenewed
/// ```
///
/// # What is known of a source
/// A source is an agent's database under a name. It gets a partition of the bus once, the least
/// used one, and keeps it. An agent that was paired anew inherits the sources of one that was
/// revoked or whose certificate has expired, by name, kind and fingerprint. `epoch` and `session`
/// only grow, under the row's lock: an epoch is one numbering of events, a session one stream of
/// the agent. [DurableMarks] carries what ingest has committed to the gateway of the same process;
/// between processes the gateway reads `control.checkpoint_source`.
///
/// People read and write here under their tenant's row-level security; the gateway works as
/// `clarity_service`, with the tenant from the agent's certificate in every statement.
///
/// # Rebuilds
/// Building what is shown of a source anew is asked for here ([RebuildController], or
/// [RebuildCommand] on the command line) and done by ingest, which says how far it is ([Rebuilds]).
///
/// # Exactness
/// What was folded says of itself whether it is exact; what is missing here for good is known of by
/// dead letters alone, so who asks of a source's tables is told both together ([MissingEvents]).
///
/// Owns `control.agent`, `control.pairing_code`, `control.source`, `control.source_status`,
/// `control.rebuild`, `control.source_table_option`, `control.source_gap`,
/// `control.source_snapshot`.
@ApplicationModule(
    id = "stream.source",
    allowedDependencies = {
      "base.crypto",
      "base.db",
      "base.http",
      "base.live",
      "base.process",
      "control.audit"
    })
@NullMarked
package io.claritystream.stream.source;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
