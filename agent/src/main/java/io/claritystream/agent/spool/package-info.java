/// The agent's spool: captured batches of one source on disk, between the source's log and the
/// platform. It is the authority on numbers: an event has its (epoch, seq) once its record was
/// forced to disk, and never another one.
///
/// A spool is a directory of segment files, named by the first number they hold:
/// ```
/// segment := "CSSPOOL1" epoch:int32 0:int32 record*
/// record  := length:int32 crc32c:int32 body        the checksum covers the length and the body
/// body    := header length:int32 BatchHeader mark payload
/// ```
/// The payload is sent as it lies here. The mark says where the source's log stands behind the
/// record's last event, so that a restart drops what was spooled already and nothing else.
///
/// Failure: a record that is cut short or does not match its checksum at the very end was never
/// forced and is taken back; anywhere else the spool is damaged: it is given up, and the platform
/// opens a new epoch. Nothing that fails its checksum is ever sent.
@NullMarked
package io.claritystream.agent.spool;

import org.jspecify.annotations.NullMarked;
