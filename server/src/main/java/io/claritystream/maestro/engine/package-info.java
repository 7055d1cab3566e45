/// The engine: durable executions.
///
/// **Authority.** An open execution is a row of `maestro.execution_open`; its journal are its rows
/// of `maestro.execution_log`. Who holds it is the node that the row names, under the lease's epoch
/// that it names. Nothing that a process remembers counts against these rows, and a process that
/// goes on with an execution knows what they say and nothing else.
///
/// **States** are those of [ExecutionStatus], with what leads from one to another.
///
/// **The way of an execution.** It is taken in by one commit that also leases it to the process
/// that took it in, if that has room; otherwise it waits in the database until a process claims it
/// ([Claims]). In the process it stands in the [ReadySet] until it is its tenant's turn, and then
/// is a [Run] on a thread of its own. Each step's answer is written to the [Journal] before the
/// next step begins, and entries of many executions are committed together.
///
/// **Failure.** A process keeps a lease ([NodeLease]). Who does not is declared ended by another,
/// which sets its executions free in the same transaction, under a lock that every commit of that
/// process shares. So what it writes afterwards finds nothing to write to. A step that acts on the
/// world writes an intent before; one whose intent has no result is done again under the same
/// Idempotency-Key, parked, or failed, as its workflow says.
///
/// **Once.** A request by API makes its executions' ids from its Idempotency-Key's claim. When it
/// is tried again after a crash, those that are there already, open or ended, are left as they are,
/// and the others are taken in without a lease, so that no process begins one twice.
///
/// **Limits.** A tenant runs as many executions at once as its plan allows, over all processes
/// ([Slots]), and has as many waiting as its plan allows; beyond it is refused. Turns between
/// tenants go by worker time.
///
/// Owns `maestro.node`, `maestro.tenant_slots`, `maestro.execution` with its leaves
/// `execution_open` and `execution_ended`, `maestro.execution_log`, `maestro.execution_body`,
/// `maestro.execution_outbox`, `maestro.redrive`.
@ApplicationModule(
    id = "maestro.engine",
    allowedDependencies = {
      "base.crypto",
      "base.db",
      "base.expression",
      "base.http",
      "base.idempotency",
      "base.outbound",
      "base.process",
      "control.audit",
      "maestro.action",
      "maestro.connector",
      "maestro.definition",
      "stream.bus"
    })
@NullMarked
package io.claritystream.maestro.engine;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
