package io.claritystream.stream.gateway;

import io.claritystream.protocol.link.BatchHeader;

/// What a batch costs its tenant: what it makes the platform do, not what it weighs on the way. A
/// header that claims less than the batch holds makes it a corrupt one at ingest.
///
/// @param bytes uncompressed
/// @param events at least as many as there are; wide ones count as several
record Charge(int bytes, int events) {
  /// Rows of most tables have fewer.
  static final int CELLS_PER_EVENT = 32;

  static Charge of(BatchHeader header, int payloadBytes) {
    return new Charge(
        Math.max(payloadBytes, header.getUncompressedBytes()),
        Math.max(header.getCount(), Math.ceilDiv(header.getCells(), CELLS_PER_EVENT)));
  }
}
