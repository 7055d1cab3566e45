package io.claritystream.stream.gateway;

import io.claritystream.stream.source.SourceRef;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The end of a source's numbering, and the epoch that begins the next one.
sealed interface Renumbering {
  /// @param source with its new epoch
  record Opened(SourceRef source) implements Renumbering {}

  /// A newer stream of the source was opened, to which this is left.
  record Superseded() implements Renumbering {}

  /// The source had as many as it may in an hour.
  record TooMany(String why) implements Renumbering {}

  static Renumbering of(StreamServices services, SourceRef opened, String why) {
    Logger log = LoggerFactory.getLogger(Renumbering.class);
    if (!services.epochs().admits(opened.sourceId())) {
      int most = services.epochs().perHour();
      log.warn("no more epochs source={} per_hour={} because {}", opened.sourceId(), most, why);
      return new TooMany(
          "This source begins its numbers anew more often than the "
              + most
              + " times an hour that it may, and would again: "
              + why
              + ". See that the agent's data directory is kept, whole and used by one agent alone;"
              + " it is tried again by itself.");
    }
    var renumbered = services.sources().openEpoch(opened);
    if (renumbered.isEmpty()) {
      return new Superseded();
    }
    SourceRef now = renumbered.get();
    log.warn("epoch opened source={} epoch={} because {}", now.sourceId(), now.epoch(), why);
    services.meters().epochOpened();
    return new Opened(now);
  }
}
