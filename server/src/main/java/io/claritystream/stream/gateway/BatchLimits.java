package io.claritystream.stream.gateway;

import io.claritystream.protocol.block.BlockReader;

/// How large a batch may be, as far as its header says. What the payload really holds is checked
/// where it is decoded.
final class BatchLimits {
  /// With its header it fits into the 12 MiB that the edge relays.
  static final int PAYLOAD_BYTES_MAX = 10 * 1024 * 1024;

  static final int UNCOMPRESSED_BYTES_MAX = BlockReader.BLOCK_BYTES_MAX;
  static final int EVENTS_MAX = BlockReader.EVENTS_MAX;
  static final int CELLS_MAX = BlockReader.CELLS_MAX;
  static final long SEQ_MAX = Long.MAX_VALUE / 2;

  private BatchLimits() {}
}
