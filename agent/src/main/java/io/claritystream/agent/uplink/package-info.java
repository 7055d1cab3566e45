/// The agent's way to the platform: pairing, certificates, and one stream a source.
///
/// Authority: the platform's own certificate authority, known from the pairing code; no host name
/// and no public authority counts. The agent's key never leaves the site.
///
/// A stream of a source: hello (what the spool holds) → welcome (what is durable) → batches from
/// there on, within the window of bytes that are not durable yet ← durable, rewind, new epoch,
/// refused. What is durable is taken off the spool and released at the source. A stream that ends
/// is opened again, after a time that grows and varies.
@NullMarked
package io.claritystream.agent.uplink;

import org.jspecify.annotations.NullMarked;
