package io.claritystream.stream.ingest;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.stream.deadletter.Cause;
import io.claritystream.stream.deadletter.DeadLetter;
import io.claritystream.stream.deadletter.DeadLetters;
import io.claritystream.stream.source.SourceRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Events that a model which is folded from bronze refused in one transaction. Those that a letter
/// tells of already get none, so that building anew adds none. One that was dropped for its age
/// comes back as old as its event, and pushes no newer one out.
final class FoundLater {
  private record Refused(
      ChangeEvent event, Cause cause, @Nullable String sqlstate, String detail) {}

  private record InEpoch(SourceRef source, List<Refused> refused) {
    private List<Long> seqs() {
      return refused.stream().map(each -> each.event().seq()).toList();
    }
  }

  private final Map<Integer, InEpoch> byEpoch = new LinkedHashMap<>();

  void add(
      SourceRef source, ChangeEvent event, Cause cause, @Nullable String sqlstate, String detail) {
    byEpoch
        .computeIfAbsent(source.epoch(), epoch -> new InEpoch(source, new ArrayList<>()))
        .refused()
        .add(new Refused(event, cause, sqlstate, detail));
  }

  /// In the connection's transaction.
  ///
  /// @param buildingModel the model, if it is not shown yet
  void write(
      Connection connection,
      DeadLetters deadLetters,
      UUID sourceId,
      @Nullable Integer buildingModel,
      Instant now)
      throws SQLException {
    if (byEpoch.isEmpty()) {
      return;
    }
    var there = new LetterCounts(deadLetters.counts(connection, sourceId, buildingModel), now);
    for (var epoch : byEpoch.values()) {
      var source = epoch.source();
      var untold = deadLetters.untold(connection, source.sourceId(), source.epoch(), epoch.seqs());
      var letters = new ArrayList<DeadLetter>();
      var unnamed = new Unnamed();
      for (var each : epoch.refused()) {
        var event = each.event();
        if (!untold.contains(event.seq())) {
          if (buildingModel != null) {
            // What this model has found is counted, and that it has found this one is noted later.
            there.added(event.schema().qualifiedName(), 1);
          }
          continue;
        }
        if (takesRoom(event.schema().qualifiedName(), there)) {
          letters.add(
              Letters.ofLater(source, event, each.cause(), each.sqlstate(), each.detail(), now));
        } else {
          unnamed.add(event);
        }
      }
      if (unnamed.count() > 0 && takesRoom(SourceLine.NO_TABLE, there)) {
        letters.add(Letters.ofRangeLater(source, unnamed, now));
      }
      deadLetters.write(connection, letters);
      if (buildingModel != null) {
        deadLetters
            .settlements()
            .setAside(
                connection,
                source.sourceId(),
                source.epoch(),
                letters.stream().map(DeadLetter::seq).toList(),
                now);
      }
    }
  }

  /// Takes a place among the letters of a table if there is one.
  private static boolean takesRoom(String table, LetterCounts there) {
    var room = there.hasRoom(table, Map.of());
    if (room) {
      there.added(table, 1);
    }
    return room;
  }

  /// The events of each epoch, with a letter of their own or without.
  Map<Integer, List<Long>> seqs() {
    var seqs = new LinkedHashMap<Integer, List<Long>>();
    byEpoch.forEach((epoch, refused) -> seqs.put(epoch, refused.seqs()));
    return seqs;
  }
}
