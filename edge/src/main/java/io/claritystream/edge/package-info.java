/// The secure edge: the only part of the platform that customers' sites reach.
///
/// It ends the agents' TLS, says who an agent is, and relays every call of `AgentLink` to the
/// gateway without reading it. It has an identity of its own towards the gateway, no database, no
/// Kafka and no configuration that names either: what breaks in here holds nothing but live bytes.
///
/// - **Authority.** Who an agent is comes from the client certificate, verified in the handshake
///   against the platform's authority; without one only `Pair` passes. Which agents are revoked is
///   pushed by the gateway ([Revocations]) and replaced whole at each reconnect.
/// - **Flow.** One message at a time and direction: the next is asked for when the other side is
///   ready for it ([Relay]). A slow gateway therefore slows the agent and fills nothing here.
/// - **Time.** A call ends when its certificate expires, when its agent is revoked, or when either
///   side ends it. Renewed credential files are taken up within seconds, without a restart.
/// - **Failure.** A gateway that is away answers UNAVAILABLE at once; agents try again. A wrong
///   configuration ends the program with one sentence; missing credentials are waited for.
@NullMarked
package io.claritystream.edge;

import org.jspecify.annotations.NullMarked;
