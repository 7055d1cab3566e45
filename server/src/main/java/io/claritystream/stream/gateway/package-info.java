/// The gateway: the platform's end of the agents' link.
///
/// It listens to edges only, over mutual TLS, and believes who an agent is because an edge says so
/// ([CallingAgent]). It never looks into a payload: a batch's checksum, size, numbering and header
/// are checked, and its bytes go to the bus as they came.
///
/// # A stream
/// One stream carries one source ([SourceStream]).
///
/// ```
/// AWAITING_HELLO → OPENING → LIVE → ENDED        (ENDED from anywhere)
/// ```
///
/// *Opening* takes a new session (`control.source.session` + 1, which ends every older stream of
/// the source wherever it is), puts a barrier with it into the source's partition and waits until
/// ingest has committed that barrier. Then nothing of an older session can become durable any more,
/// so what is durable and its digest are final, and can be compared with what the agent's spool
/// holds. If the spool does not continue what is durable (it was lost, rolled back or copied), a
/// new epoch is opened by another barrier, committed before the agent is welcomed: it numbers anew
/// from the durable position, or with a snapshot where what is durable ends inside a transaction.
///
/// *Live*: batches in unbroken numbering go to the bus; a failed send ends the stream, and the
/// agent comes back to what is durable. There is no record of duplicates here: ingest knows what it
/// has. `durable(seq)` is passed on as ingest commits, at once from this process ([DurableMarks])
/// and from the database otherwise. Without progress the agent is asked to send again from what is
/// durable; if that does not help twice, the stream ends. A batch whose digest is not made of the
/// one before it ([DigestChain]) ends the epoch.
///
/// # Limits
/// The next frame is requested only while the bytes that are sent and not durable are below the
/// window, the bytes that Kafka has not accepted yet below a bound, and the tenant's quota is not
/// overdrawn. The windows of a partition's sources together stay below half of what the bus keeps
/// of it.
///
/// Owns no tables; all SQL on agents and sources is in `stream.source`.
@ApplicationModule(
    id = "stream.gateway",
    allowedDependencies = {"base.db", "base.process", "stream.bus", "stream.source"})
@NullMarked
package io.claritystream.stream.gateway;

import io.claritystream.stream.source.DurableMarks;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
