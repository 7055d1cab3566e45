package io.claritystream.stream.gateway;

import io.claritystream.protocol.link.GapStored;
import io.claritystream.protocol.link.PlatformFrame;
import io.claritystream.protocol.link.SnapshotState;
import io.claritystream.protocol.link.SourceGap;
import io.claritystream.stream.source.SourceGaps;
import io.claritystream.stream.source.SourceRef;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What an agent tells beside its events and says again until it is stored: kept aside, so that
/// events need not wait for it.
record Tellings(StreamServices services, SourceStream stream) {
  private static final Logger LOG = LoggerFactory.getLogger(Tellings.class);

  void gap(SourceGap told) {
    SourceRef of = stream.live();
    services
        .background()
        .execute(
            () -> {
              try {
                Optional<SourceGaps.Gap> gap = Reports.read(told);
                gap.ifPresent(read -> services.gaps().store(of, read));
                if (gap.isEmpty()) {
                  LOG.warn(
                      "a gap that cannot be read source={} id={}", of.sourceId(), told.getGapId());
                }
                stream.say(
                    PlatformFrame.newBuilder()
                        .setGapStored(
                            GapStored.newBuilder()
                                .setGapId(told.getGapId())
                                .setRevision(told.getRevision())));
              } catch (RuntimeException e) {
                LOG.warn("a gap is not stored yet source={}", of.sourceId(), e);
              }
            });
  }

  void snapshot(SnapshotState told) {
    SourceRef of = stream.live();
    services
        .background()
        .execute(
            () -> {
              try {
                Reports.read(told).ifPresent(read -> services.snapshots().store(of, read));
              } catch (RuntimeException e) {
                LOG.warn("a snapshot's state is not stored yet source={}", of.sourceId(), e);
              }
            });
  }
}
