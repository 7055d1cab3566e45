package io.claritystream.stream.gateway;

/// How large a batch may be. What the payload really holds is checked where it is decoded.
final class BatchLimits {
  /// With its header it fits into the 12 MiB that the edge relays.
  static final int PAYLOAD_BYTES_MAX = 10 * 1024 * 1024;

  static final int UNCOMPRESSED_BYTES_MAX = 64 * 1024 * 1024;
  static final int EVENTS_MAX = 1_000_000;
  static final long SEQ_MAX = Long.MAX_VALUE / 2;

  private BatchLimits() {}
}
