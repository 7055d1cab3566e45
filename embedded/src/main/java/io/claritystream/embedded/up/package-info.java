/// The supervisor behind `./clarity up`: it starts PostgreSQL, Kafka, the server, the edge and the
/// demo, says when they are ready, keeps them running and ends them.
///
/// ### Order
/// PostgreSQL, Kafka, the edge and the customer's PostgreSQL of the demo start at once; the server
/// when PostgreSQL takes connections; the demo's owner, agent and plant when the server is ready.
///
/// ### Authority
/// One supervisor holds the lock of a data directory ({@link DataDirectory}). Every child it starts
/// is noted there, so that the next one can end what a killed one left.
///
/// ### Failure
/// Before everything is ready, a program that does not start ends the whole, with one sentence.
/// Afterwards a program that dies is started again, after a pause that doubles from half a second
// to
/// half a minute ({@link Supervised}); one that dies five times in a row is named. A signal ends
// all
/// within ten seconds. Should the supervisor itself be killed, the kernel tells its children to
// end.
@NullMarked
package io.claritystream.embedded.up;

import org.jspecify.annotations.NullMarked;
