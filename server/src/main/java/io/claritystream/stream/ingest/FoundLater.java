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
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  /// Letters that were written, by table; ranges are of none.
  private final Map<String, Integer> added = new HashMap<>();

  void add(
      SourceRef source, ChangeEvent event, Cause cause, @Nullable String sqlstate, String detail) {
    byEpoch
        .computeIfAbsent(source.epoch(), epoch -> new InEpoch(source, new ArrayList<>()))
        .refused()
        .add(new Refused(event, cause, sqlstate, detail));
  }

  /// In the connection's transaction.
  ///
  /// @param there how many letters of each table there are
  /// @param aside whether the model is not shown yet
  void write(
      Connection connection,
      DeadLetters deadLetters,
      Map<String, Integer> there,
      boolean aside,
      Instant now)
      throws SQLException {
    for (var epoch : byEpoch.values()) {
      var source = epoch.source();
      var untold = deadLetters.untold(connection, source.sourceId(), source.epoch(), epoch.seqs());
      var letters = new ArrayList<DeadLetter>();
      var unnamed = new Unnamed();
      for (var each : epoch.refused()) {
        var event = each.event();
        if (!untold.contains(event.seq())) {
          continue;
        }
        if (hasRoom(event.schema().qualifiedName(), there)) {
          letters.add(
              Letters.ofLater(source, event, each.cause(), each.sqlstate(), each.detail(), now));
        } else {
          unnamed.add(event);
        }
      }
      if (unnamed.count() > 0 && hasRoom(SourceLine.NO_TABLE, there)) {
        letters.add(Letters.ofRangeLater(source, unnamed, now));
      }
      deadLetters.write(connection, letters);
      if (aside) {
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
  private boolean hasRoom(String table, Map<String, Integer> there) {
    var room =
        there.getOrDefault(table, 0) + added.getOrDefault(table, 0)
            < IngestTransaction.LETTERS_OF_TABLE_MAX;
    if (room) {
      added.merge(table, 1, Integer::sum);
    }
    return room;
  }

  Map<String, Integer> added() {
    return added;
  }

  /// The events of each epoch, with a letter of their own or without.
  Map<Integer, List<Long>> seqs() {
    var seqs = new LinkedHashMap<Integer, List<Long>>();
    byEpoch.forEach((epoch, refused) -> seqs.put(epoch, refused.seqs()));
    return seqs;
  }
}
