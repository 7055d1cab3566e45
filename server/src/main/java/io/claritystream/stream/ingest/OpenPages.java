package io.claritystream.stream.ingest;

import io.claritystream.base.live.LiveHub;
import io.claritystream.base.live.LiveMessage;
import io.claritystream.stream.ingest.IngestTransaction.Folded;
import io.claritystream.stream.ingest.IngestTransaction.Outcome;
import io.claritystream.stream.materializer.LiveUpdate;
import io.claritystream.stream.materializer.Models;
import java.sql.SQLException;
import java.util.Set;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells the open pages, in this process, what a commit has changed of what they show. A model that
/// is being built is told of when it is shown, not while it is folded into.
final class OpenPages {
  private static final Logger log = LoggerFactory.getLogger(OpenPages.class);

  private final DataSource service;
  private final Models models;
  private final LiveHub hub;

  OpenPages(DataSource service, Models models, LiveHub hub) {
    this.service = service;
    this.models = models;
    this.hub = hub;
  }

  /// Whatever goes wrong here, the commit counts.
  void tell(Outcome.Committed committed) {
    var fresh =
        committed.folded().stream()
            .filter(one -> !one.applied().live().isEmpty() && hub.isWatched(one.tenant()))
            .toList();
    if (!fresh.isEmpty()) {
      var shown = shown(fresh.stream().map(Folded::model).collect(Collectors.toSet()));
      for (var one : fresh) {
        if (shown.contains(one.model())) {
          hub.publish(
              one.tenant(),
              new LiveMessage.Readings(
                  one.applied().live().stream().map(OpenPages::reading).toList()));
        }
      }
    }
    for (var tenant : committed.shown()) {
      hub.publish(tenant, new LiveMessage.ReadAgain());
    }
  }

  private Set<Integer> shown(Set<Integer> ids) {
    try (var connection = service.getConnection()) {
      return models.shown(connection, ids);
    } catch (SQLException e) {
      log.warn("open pages miss the readings of a batch: cause={}", e.toString());
      return Set.of();
    }
  }

  private static LiveMessage.Reading reading(LiveUpdate update) {
    return new LiveMessage.Reading(
        update.deviceId(),
        update.siteId(),
        update.key(),
        update.value(),
        update.time(),
        update.seq());
  }
}
