package io.claritystream.stream.ingest;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.stream.deadletter.Cause;
import io.claritystream.stream.deadletter.DeadLetter;
import io.claritystream.stream.deadletter.DeadLetters;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What one attempt of ingest's transaction found wrong with events. Each has a letter of its own
/// as long as there is room for it; the others share one, and those that are missing in bronze for
/// good another, which says so.
final class FoundNow {
  private static final Logger log = LoggerFactory.getLogger(FoundNow.class);

  /// One source's dead letters in one transaction. Halving to each of them costs some thirty
  /// round trips, and nobody reads more of a kind.
  static final int LETTERS_OF_SLICE_MAX = 100;

  /// A table's open dead letters, and a source's open ranges. What is wrong with a thousand of them
  /// is wrong with the table.
  static final int LETTERS_OF_TABLE_MAX = 1_000;

  private final Instant now;
  private final List<DeadLetter> letters = new ArrayList<>();

  /// How many letters each source has.
  private final Map<SourceLine, Integer> named = new HashMap<>();

  /// Letters by table. A range is of none, but for one of what is missing.
  private final Map<SourceLine, Map<String, Integer>> byTable = new HashMap<>();

  /// What bronze refused or wrapped, of all that has a letter of its own: an event has one.
  private final Map<ChangeEvent, DeadLetter> ofBronze = new IdentityHashMap<>();

  private final Map<Draft.Slice, Unnamed> unnamed = new IdentityHashMap<>();

  /// Of those that have no letter of their own, what bronze does not have, by table: no other table
  /// lacks it.
  private final Map<Draft.Slice, Map<String, Unnamed>> missing = new IdentityHashMap<>();

  private final Map<SourceLine, List<DeadLetter>> ranges = new HashMap<>();

  FoundNow(Instant now) {
    this.now = now;
  }

  /// What was found before the transaction began.
  void addAll(List<DeadLetter> found) {
    letters.addAll(found);
  }

  /// A letter for the event, or a place in a range if there are enough of its table.
  void refuse(
      Draft.Slice slice, ChangeEvent event, Cause cause, @Nullable String sqlstate, String detail) {
    var line = slice.line();
    var told = ofBronze.get(event);
    if (told != null) {
      if (told.cause() == Cause.PAYLOAD_WRAPPED) {
        // Takes that one's place, and so needs no room.
        letters.add(Letters.of(slice.source(), event, cause, sqlstate, detail, now));
      }
      return;
    }
    if (!mayName(line, event.schema().qualifiedName())) {
      if (cause == Cause.NOT_IN_BRONZE) {
        missing
            .computeIfAbsent(slice, made -> new HashMap<>())
            .computeIfAbsent(event.schema().qualifiedName(), made -> new Unnamed())
            .add(event);
      } else {
        unnamed(slice, List.of(event));
      }
      return;
    }
    var letter = Letters.of(slice.source(), event, cause, sqlstate, detail, now);
    add(line, letter);
    named.merge(line, 1, Integer::sum);
    if (cause == Cause.PAYLOAD_WRAPPED || cause == Cause.NOT_IN_BRONZE) {
      ofBronze.put(event, letter);
    }
  }

  private boolean mayName(SourceLine line, String table) {
    return named.getOrDefault(line, 0) < LETTERS_OF_SLICE_MAX && hasRoom(line, table);
  }

  private boolean hasRoom(SourceLine line, String table) {
    return line.letters().hasRoom(table, byTable.getOrDefault(line, Map.of()));
  }

  /// Those that were not folded, for whatever of them was refused. What is missing for good stays
  /// out of such a range, which would not say so.
  void unnamed(Draft.Slice slice, List<ChangeEvent> events) {
    for (var event : events) {
      var told = ofBronze.get(event);
      if (told != null && told.cause() == Cause.NOT_IN_BRONZE || isMissing(slice, event)) {
        continue;
      }
      if (told != null) {
        letters.remove(told);
      }
      unnamed.computeIfAbsent(slice, made -> new Unnamed()).add(event);
    }
  }

  private boolean isMissing(Draft.Slice slice, ChangeEvent event) {
    var ofTable = missing.getOrDefault(slice, Map.of()).get(event.schema().qualifiedName());
    return ofTable != null && ofTable.has(event);
  }

  private void add(SourceLine line, DeadLetter letter) {
    letters.add(letter);
    byTable
        .computeIfAbsent(line, made -> new HashMap<>())
        .merge(SourceLine.table(letter), 1, Integer::sum);
  }

  /// In the connection's transaction.
  void write(Connection connection, DeadLetters deadLetters) throws SQLException {
    missing.forEach(
        (slice, byTable) ->
            byTable.values().forEach(range -> addRange(slice, range, Cause.NOT_IN_BRONZE)));
    unnamed.forEach((slice, range) -> addRange(slice, range, Cause.TOO_MANY_IN_BATCH));
    deadLetters.write(connection, letters);
  }

  /// Where there are enough of those too, the last one reaches further.
  private void addRange(Draft.Slice slice, Unnamed range, Cause cause) {
    var line = slice.line();
    var letter = Letters.ofRange(slice.source(), range, cause, now);
    var table = SourceLine.table(letter);
    var last = line.lastRange(table);
    if (!hasRoom(line, table) && last != null && last.epoch() == letter.epoch()) {
      letter = last.upTo(letter.seqEnd(), letter.tableName(), now);
      letters.add(letter);
    } else {
      add(line, letter);
    }
    ranges.computeIfAbsent(line, made -> new ArrayList<>()).add(letter);
  }

  /// What the commit has made true.
  void committed(IngestMetrics metrics) {
    byTable.forEach(
        (line, counts) ->
            counts.forEach(
                (table, count) -> {
                  if (line.letters().added(table, count) && !table.equals(SourceLine.NO_TABLE)) {
                    log.warn(
                        "table has {} open dead letters and gets no more of its own: source={} table={}",
                        LETTERS_OF_TABLE_MAX,
                        line.sourceId(),
                        table);
                  }
                }));
    ranges.forEach((line, made) -> made.forEach(line::lastRange));
    letters.forEach(letter -> metrics.deadLetter(letter.cause()));
    if (!letters.isEmpty()) {
      var first = letters.getFirst();
      log.warn(
          "dead letters: count={} first: cause={} tenant={} source={} epoch={} seq={} table={} sqlstate={}",
          letters.size(),
          first.cause().key(),
          first.tenant(),
          first.sourceId(),
          first.epoch(),
          first.seq(),
          first.tableName(),
          first.sqlstate());
    }
  }
}
