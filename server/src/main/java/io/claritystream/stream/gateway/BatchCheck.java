package io.claritystream.stream.gateway;

import io.claritystream.protocol.block.BatchDigest;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.BatchKind;
import io.claritystream.protocol.link.Codec;
import io.claritystream.stream.source.SourceRef;

/// Whether a batch is what its header says and its header what it may be, as far as can be told
/// without opening the payload.
sealed interface BatchCheck {
  /// Nothing is masked yet, so one policy holds everywhere.
  int POLICY_VERSION = 0;

  record Right() implements BatchCheck {}

  record Wrong(Refusal refusal, String why) implements BatchCheck {}

  static BatchCheck of(BatchHeader header, byte[] payload, SourceRef source) {
    if (!header.getSourceId().equals(source.sourceId().toString())
        || header.getEpoch() != source.epoch()
        || header.getKind() != BatchKind.EVENTS) {
      return new Wrong(
          Refusal.BAD_BATCH, "The batch is of another source or epoch than this stream.");
    }
    if (payload.length > BatchLimits.PAYLOAD_BYTES_MAX) {
      return new Wrong(
          Refusal.TOO_LARGE,
          "A batch has at most " + BatchLimits.PAYLOAD_BYTES_MAX + " bytes of payload.");
    }
    if (header.getCells() > BatchLimits.CELLS_MAX) {
      return new Wrong(
          Refusal.TOO_LARGE,
          "A batch has at most "
              + BatchLimits.CELLS_MAX
              + " cells; this one has "
              + header.getCells()
              + " and cannot be split any more. Remove the source from the agent, update the agent"
              + " and add the source again, which begins with a snapshot.");
    }
    if (payload.length == 0 || !isWithinLimits(header)) {
      return new Wrong(Refusal.BAD_BATCH, "The batch's header is not within its limits.");
    }
    if (header.getPolicyVersion() != POLICY_VERSION) {
      return new Wrong(
          Refusal.POLICY_VERSION,
          "The batch was masked under policy "
              + header.getPolicyVersion()
              + "; "
              + POLICY_VERSION
              + " holds.");
    }
    if (BatchDigest.crc32c(payload, 0, payload.length) != header.getCrc32C()) {
      return new Wrong(Refusal.BAD_BATCH, "The batch's checksum is wrong.");
    }
    return new Right();
  }

  private static boolean isWithinLimits(BatchHeader header) {
    return header.getFirstSeq() >= 1
        && header.getFirstSeq() <= BatchLimits.SEQ_MAX
        && header.getCount() >= 1
        && header.getCount() <= BatchLimits.EVENTS_MAX
        && header.getCells() >= 0
        && header.getUncompressedBytes() >= 0
        && header.getUncompressedBytes() <= BatchLimits.UNCOMPRESSED_BYTES_MAX
        && header.getDigest().size() == BatchDigest.BYTES
        && header.getCodec() != Codec.UNRECOGNIZED;
  }
}
