/// The bus: one Kafka topic, `cdc.events`, that carries agents' batches as they came.
///
/// A record is one batch. Its partition is the one its source keeps (`control.source.partition`),
/// its key is `tenant|source`, its value is the payload exactly as the agent made it, and its one
/// header, `h`, is the [io.claritystream.protocol.link.BatchHeader] as the gateway completed it.
/// Payloads are compressed by the agent, so nothing on the way compresses them again.
///
/// # What may be believed
/// The bus is not where anything is safe: a broker alone on its machine does not fsync, so after a
/// crash the end of a partition may be missing, and filled with other records. A consumer therefore
/// keeps its position with its results, together with the topic's id, and hands it to [Lane#seek];
/// Kafka's committed offsets are never read or written. A position that the topic does not have
/// (beyond the end, or of a topic that was made anew) means "from the beginning": what was seen
/// before is recognised by its sequence number.
///
/// # Limits
/// Age never removes a record; size does, per partition ([BusSettings#retention()]). The windows
/// that the gateway grants to the sources of one partition must together stay below that.
///
/// Owns no tables.
@ApplicationModule(
    id = "stream.bus",
    allowedDependencies = {"base.process"})
@NullMarked
package io.claritystream.stream.bus;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
