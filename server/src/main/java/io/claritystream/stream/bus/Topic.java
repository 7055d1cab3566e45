package io.claritystream.stream.bus;

import java.util.UUID;

/// A topic as it stands. A topic that is deleted and made again has another id: positions of the
/// one mean nothing in the other.
record Topic(String name, UUID id, int partitions) {}
