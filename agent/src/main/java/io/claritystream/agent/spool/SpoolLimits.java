package io.claritystream.agent.spool;

/// @param bytesMax how much may lie on disk before capture has to wait
/// @param segmentBytes when a segment is closed and the next one begun
public record SpoolLimits(long bytesMax, long segmentBytes) {
  public static final SpoolLimits DEFAULT =
      new SpoolLimits(2L * 1024 * 1024 * 1024, 32L * 1024 * 1024);

  /// The smallest room that makes progress: the segment in use and one that is being sent.
  private static final long SEGMENTS_MIN = 2;

  public SpoolLimits {
    if (segmentBytes < 1 || bytesMax < SEGMENTS_MIN * segmentBytes) {
      throw new IllegalArgumentException(
          "a spool of " + bytesMax + " bytes cannot hold two segments of " + segmentBytes);
    }
  }
}
