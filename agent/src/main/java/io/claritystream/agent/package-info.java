/// The connector agent: the program a customer installs at the site. It captures every change of
/// the customer's databases into a spool and streams it out; it opens connections outward only.
///
/// ```
/// PostgreSQL ─ postgres.Capture ─▶ spool.Appender ─▶ spool.Spool ─▶ uplink.Uplink ─▶ edge
///                    ▲                                                  │
///                    └──── the slot moves ◀── whole transactions ◀── durable(seq)
/// ```
///
/// For each source there are four threads: one captures, one compresses and forces to disk, one
/// sends, one looks at the source from aside. [SourceWorker] is the first of them and decides what
/// happens when anything ends. All that has to survive lies in the data directory ([Home]).
@NullMarked
package io.claritystream.agent;

import org.jspecify.annotations.NullMarked;
