package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.stream.materializer.Mapping.Session;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/// Finds the columns that make a session: when it began and ended, the state it was, its reason.
/// A column is known by one word of its name; of several, the one with the fewest words beside
/// that is taken, so `started_at` comes before `shift_start`.
final class SessionColumns {
  private static final int NOT = Integer.MAX_VALUE;

  private record Pair(Set<String> begins, Set<String> ends) {}

  private static final Set<String> BEGINS =
      Set.of(
          "start", "starts", "started", "begin", "begins", "began", "from", "since", "beginn",
          "von", "debut", "inicio");

  /// What begins a span, and what ends it. A stop begins where a run ends, so words count only
  /// in their pair.
  private static final List<Pair> PAIRS =
      List.of(
          new Pair(
              BEGINS,
              Set.of(
                  "end",
                  "ends",
                  "ended",
                  "stop",
                  "stops",
                  "stopped",
                  "finish",
                  "finished",
                  "to",
                  "until",
                  "till",
                  "complete",
                  "completed",
                  "ende",
                  "bis",
                  "fin")),
          new Pair(
              Set.of("stop", "stopped", "down", "halted", "failed", "lost"),
              Set.of(
                  "up",
                  "resume",
                  "resumed",
                  "restart",
                  "restarted",
                  "recovered",
                  "restored",
                  "cleared")),
          new Pair(
              Set.of("entered", "opened", "departed", "departure"),
              Set.of("left", "exited", "closed", "arrived", "arrival")));

  /// Words that say when a device changed.
  private static final Set<String> CHANGES =
      Set.of(
          "changed",
          "change",
          "switched",
          "entered",
          "transition",
          "transitioned",
          "state",
          "status",
          "mode");

  /// Spans that somebody agreed on or planned: no device did anything then.
  private static final Set<String> INTENDED =
      Set.of(
          "planned",
          "plan",
          "scheduled",
          "schedule",
          "expected",
          "estimated",
          "target",
          "due",
          "valid",
          "effective",
          "warranty",
          "contract",
          "forecast",
          "promised",
          "requested",
          "installed");

  /// Words that say of a time only that it is one.
  private static final Set<String> OF_TIMES =
      Set.of(
          "at",
          "on",
          "time",
          "ts",
          "timestamp",
          "date",
          "datetime",
          "dt",
          "dttm",
          "utc",
          "epoch",
          "ms",
          "actual");

  /// Words that make a number one that counts from 1970; `start_ms` does, `state_ms` lasts.
  private static final Set<String> OF_EPOCHS = Set.of("ts", "timestamp", "epoch", "unix");

  private static final Set<String> STATES =
      Set.of("state", "mode", "status", "condition", "zustand", "etat", "estado");

  private static final Set<String> FORMER =
      Set.of("old", "previous", "prev", "from", "last", "prior");
  private static final Set<String> ADDRESSES =
      Set.of("country", "city", "zip", "zipcode", "postcode", "postalcode", "street", "county");

  /// What says why, the plainest first.
  private static final List<Set<String>> REASONS =
      List.of(
          Set.of("reason", "cause", "grund", "motif", "motivo"),
          Set.of("category", "type", "class", "kategorie"),
          Set.of("comment", "remark", "note", "description", "bemerkung"));

  /// Endings by which a column names what another spells out.
  private static final Set<String> CODES = Set.of("code", "id", "no", "key", "nr", "number");

  private static final Set<String> TEXTS = Set.of("name", "text", "label", "desc", "description");

  private final TableFacts table;
  private final Collection<String> taken;

  /// @param taken columns that say of whom the session is
  SessionColumns(TableFacts table, Collection<String> taken) {
    this.table = table;
    this.taken = taken;
  }

  /// The columns of a table each of whose rows begins and ends.
  ///
  /// @param withState whether a state is the device's, and not how far the row's own work came
  @Nullable Session span(boolean withState) {
    for (var pair : PAIRS) {
      var start = best(column -> rankOfEdge(column, pair.begins(), pair.ends()));
      if (start == null) {
        continue;
      }
      var end =
          best(
              column ->
                  column.kind().numeric() == start.kind().numeric()
                      ? rankOfEdge(column, pair.ends(), pair.begins())
                      : NOT);
      if (end != null) {
        var state = withState ? state() : null;
        return new Session(start.name(), end.name(), state, reason(state));
      }
    }
    return null;
  }

  /// The columns of a table each of whose rows begins a state.
  @Nullable Session log() {
    var start = best(SessionColumns::rankOfChange);
    var state = state();
    return start == null || state == null
        ? null
        : new Session(start.name(), null, state, reason(state));
  }

  private @Nullable Column best(ToIntFunction<Column> rank) {
    Column best = null;
    var bestRank = NOT;
    for (var column : table.columns()) {
      var its = rank.applyAsInt(column);
      if (its < bestRank && !taken.contains(column.name())) {
        best = column;
        bestRank = its;
      }
    }
    return best;
  }

  // Times

  private int rankOfEdge(Column column, Set<String> wanted, Set<String> opposite) {
    var words = wordsOfTime(column);
    if (words.stream().noneMatch(wanted::contains)
        || words.stream().anyMatch(opposite::contains) && !isOwnWord(words, opposite)
        || words.stream().anyMatch(INTENDED::contains)) {
      return NOT;
    }
    var others =
        words.stream()
            .filter(word -> !wanted.contains(word) && !OF_TIMES.contains(word))
            .filter(word -> !table.words().contains(word))
            .count();
    return (int) others + (column.kind() == ValueKind.DATE ? 1 : 0);
  }

  /// `stop_end` of a table of stops: the word is the table's and says nothing about the column.
  private boolean isOwnWord(List<String> words, Set<String> opposite) {
    return words.stream().filter(opposite::contains).allMatch(table.words()::contains);
  }

  private static int rankOfChange(Column column) {
    var words = wordsOfTime(column);
    if (words.isEmpty() || words.stream().anyMatch(INTENDED::contains)) {
      return NOT;
    }
    if (words.stream().anyMatch(word -> BEGINS.contains(word) || CHANGES.contains(word))) {
      return 0;
    }
    if (TimeColumns.saysWhenRead(column)) {
      return 1;
    }
    return TimeColumns.saysWhenReceived(column) ? 3 : 2;
  }

  /// The words of a column that is a time; `starttime` has two. Empty for any other column.
  private static List<String> wordsOfTime(Column column) {
    var words = new ArrayList<String>();
    for (var word : Words.of(column.name())) {
      words.addAll(apart(word));
    }
    var epoch =
        column.kind() == ValueKind.INT
            && (TimeColumns.isTimeNumber(column)
                || words.stream().anyMatch(OF_EPOCHS::contains)
                || words.contains("ms") && words.stream().anyMatch(SessionColumns::isEdge));
    return TimeColumns.isTime(column) || epoch ? words : List.of();
  }

  private static List<String> apart(String word) {
    for (var ending : OF_TIMES) {
      if (word.length() > ending.length() && word.endsWith(ending)) {
        var front = word.substring(0, word.length() - ending.length());
        if (CHANGES.contains(front) || isEdge(front)) {
          return List.of(front, ending);
        }
      }
    }
    return List.of(word);
  }

  private static boolean isEdge(String word) {
    return PAIRS.stream()
        .anyMatch(pair -> pair.begins().contains(word) || pair.ends().contains(word));
  }

  // State and reason

  private @Nullable String state() {
    if (table.columnNames().stream().map(TableFacts::compact).anyMatch(ADDRESSES::contains)) {
      // New York is no state of a machine.
      return null;
    }
    var state =
        best(
            column ->
                Words.of(column.name()).stream().anyMatch(FORMER::contains)
                    ? NOT
                    : rankOfNoun(column, STATES));
    return state == null ? null : state.name();
  }

  private @Nullable String reason(@Nullable String state) {
    for (var nouns : REASONS) {
      var reason =
          best(
              column ->
                  column.name().equals(state) || isOfDevice(column)
                      ? NOT
                      : rankOfNoun(column, nouns));
      if (reason != null) {
        return reason.name();
      }
    }
    return null;
  }

  /// `machine_type` classifies the machine and not what it did.
  private static boolean isOfDevice(Column column) {
    return Words.of(column.name()).stream()
        .anyMatch(word -> Words.DEVICES.contains(word) || Words.DEVICES_WEAK.contains(word));
  }

  /// Of columns called by a noun, those come first that spell it out for people.
  private static int rankOfNoun(Column column, Set<String> nouns) {
    if (column.kind() != ValueKind.TEXT
        && column.kind() != ValueKind.OTHER
        && column.kind() != ValueKind.INT) {
      return NOT;
    }
    var words = Words.of(column.name());
    var last = words.size() - 1;
    var coded = last > 0 && CODES.contains(words.get(last));
    if (coded || last > 0 && TEXTS.contains(words.get(last)) && !nouns.contains(words.get(last))) {
      last--;
    }
    if (last < 0 || !nouns.contains(Words.singular(words.get(last)))) {
      return NOT;
    }
    return last + (coded ? 10 : 0) + (column.kind() == ValueKind.INT ? 20 : 0);
  }
}
