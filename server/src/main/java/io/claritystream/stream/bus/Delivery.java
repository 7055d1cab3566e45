package io.claritystream.stream.bus;

import org.jspecify.annotations.Nullable;

/// A record of the topic, as it came: nothing of it has been looked into.
///
/// @param offset its place in the partition
/// @param header the bytes of its header `h`; absent if whoever sent it was not the gateway
/// @param payload the batch's payload; empty for a barrier
public record Delivery(long offset, byte @Nullable [] header, byte[] payload) {
  long bytes() {
    return payload.length + (header == null ? 0 : header.length) + 64L;
  }
}
