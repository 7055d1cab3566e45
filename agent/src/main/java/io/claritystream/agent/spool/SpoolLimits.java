package io.claritystream.agent.spool;

/// @param bytesMax how much may lie on disk before capture has to wait
/// @param segmentBytes when a segment is closed and the next one begun
/// @param blockBytes when a block is closed and the next one begun, before it is compressed
public record SpoolLimits(long bytesMax, long segmentBytes, int blockBytes) {
  public static final SpoolLimits DEFAULT =
      new SpoolLimits(2L * 1024 * 1024 * 1024, 32L * 1024 * 1024, 1024 * 1024);

  private static final long SMALL_SEGMENT_BYTES = 1024 * 1024;

  /// The smallest room that makes progress: the segment in use and one that is being sent.
  private static final long SEGMENTS_MIN = 2;

  public SpoolLimits {
    if (blockBytes < 1) {
      throw new IllegalArgumentException("a block of " + blockBytes + " bytes");
    }
    if (segmentBytes < 1 || bytesMax < SEGMENTS_MIN * segmentBytes) {
      throw new IllegalArgumentException(
          "a spool of " + bytesMax + " bytes cannot hold two segments of " + segmentBytes);
    }
  }

  /// The same but for the size on disk. Only whole segments are deleted, so the room comes back in
  /// parts of a sixteenth at most.
  public SpoolLimits withBytesMax(long bytes) {
    return new SpoolLimits(
        bytes, Math.clamp(bytes / 16, SMALL_SEGMENT_BYTES, segmentBytes), blockBytes);
  }
}
