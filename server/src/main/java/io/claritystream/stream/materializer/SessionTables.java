package io.claritystream.stream.materializer;

import static io.claritystream.stream.materializer.TableFacts.quoted;

import io.claritystream.protocol.block.ValueKind;
import io.claritystream.stream.materializer.Mapping.Reference;
import io.claritystream.stream.materializer.Mapping.Session;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Recognizes tables of sessions: spans of time that say what a device was doing. In a table of
/// *spans* each row has a begin and an end. In a *log of states* each row begins a state, which
/// lasts until the next row of the same device.
///
/// Orders, tickets, contracts and the like have devices, times and a status, too: where the name
/// speaks of business, a table holds no sessions.
final class SessionTables {
  /// Work that has a state of its own (`done`), which is none of the device.
  private static final Set<String> WORK =
      Set.of("session", "run", "shift", "trip", "batch", "cycle", "job", "production");

  private static final Set<String> STATES =
      Set.of("state", "status", "mode", "condition", "zustand", "etat", "estado");

  /// Words that say of a table only that rows are added to it.
  private static final Set<String> HOLDERS =
      Set.of(
          "event",
          "log",
          "history",
          "journal",
          "timeline",
          "record",
          "entry",
          "change",
          "transition",
          "period",
          "span",
          "window",
          "interval");

  /// Words of what is agreed for a device, rather than done by it.
  private static final Set<String> ARRANGEMENTS =
      Set.of(
          "lease",
          "loan",
          "subscription",
          "deployment",
          "placement",
          "allocation",
          "campaign",
          "license",
          "licence",
          "insurance",
          "policy",
          "membership",
          "project",
          "plan",
          "forecast",
          "appointment",
          "visit",
          "trial",
          "group",
          "member");

  /// Columns that tell several signals of one device apart: then a state is that of a signal.
  private static final Set<String> SIGNALS =
      Set.of(
          "metric",
          "parameter",
          "signal",
          "variable",
          "attribute",
          "property",
          "channel",
          "tag",
          "tagname",
          "point");

  private static final Set<String> DURATIONS = Set.of("duration", "elapsed", "lasted", "dauer");
  private static final Set<String> SPANS = Set.of("seconds", "secs", "minutes", "mins");

  private final TableFacts table;
  private final @Nullable Reference device;
  private final @Nullable Reference site;
  private final SessionColumns columns;

  /// @param device what the table's rows name as their device
  /// @param site the site they name beside it
  SessionTables(TableFacts table, @Nullable Reference device, @Nullable Reference site) {
    this.table = table;
    this.device = device;
    this.site = site;
    columns = new SessionColumns(table, ownColumns());
  }

  /// Spans that the table's name calls sessions, and logs of states beside which nothing is
  /// measured.
  ///
  /// @return null if the rows are no such sessions
  @Nullable Mapping evident() {
    var span = columns.span(hasDevicesState());
    if (span != null) {
      return namesSpans() ? spans(span) : null;
    }
    return measuresOnlyDurations() ? states() : null;
  }

  /// Spans and logs of states that have a device, whatever else is in their rows: for tables in
  /// which no readings were seen.
  ///
  /// @return null if the rows are no sessions
  @Nullable Mapping likely() {
    if (device == null || isOtherwise() || joinsOthers()) {
      return null;
    }
    var span = columns.span(hasDevicesState());
    if (span == null) {
      return states();
    }
    // From a day to a day something is valid; what a machine does has a time of day.
    return table.column(span.start()).kind() == ValueKind.DATE ? null : spans(span);
  }

  private @Nullable Mapping states() {
    var log = isLogOfStates() ? columns.log() : null;
    if (log == null) {
      return null;
    }
    var why =
        "Each row begins a state (\"%s\") at \"%s\", which lasts until the device's next row."
            .formatted(log.state(), log.start());
    return sessions(log, why);
  }

  private Mapping spans(Session span) {
    var why =
        "Each row is a span of time, from \"%s\" to \"%s\".".formatted(span.start(), span.end());
    return sessions(span, why);
  }

  private Mapping sessions(Session session, String why) {
    var draft =
        MappingDraft.ofRows(table, Entity.SESSION, why)
            .parent(device)
            .site(site)
            .session(session, TimeColumns.unit(table.column(session.start())));
    if (device != null) {
      draft.because(
          "%s says of which device (%s).".formatted(quoted(device.columns()), device.kind()));
    }
    if (session.end() != null && session.state() != null) {
      draft.because("\"%s\" says what the device was doing.".formatted(session.state()));
    }
    if (session.reason() != null) {
      draft.because("\"%s\" says why.".formatted(session.reason()));
    }
    return draft.done();
  }

  // What the table's name says

  /// Whether it is about business, about readings, or about things themselves.
  private boolean isOtherwise() {
    return table.words().stream()
            .anyMatch(word -> Words.BUSINESS.contains(word) && !word.equals("event"))
        || table.hasWordOf(ARRANGEMENTS)
        || table.hasWordOf(Words.READINGS)
        || Words.DEVICES.contains(table.head())
        || Words.SITES.contains(table.head());
  }

  private boolean namesSpans() {
    if (Words.SESSIONS.contains(table.head())) {
      return true;
    }
    return device != null
        && !isOtherwise()
        && (table.hasWordOf(Words.SESSIONS) && HOLDERS.contains(table.head())
            || table.hasWordOf(STATES) && measuresOnlyDurations());
  }

  private boolean hasDevicesState() {
    return !table.hasWordOf(WORK);
  }

  /// Its name speaks of states; or it says nothing but whose log it is, and one of its columns
  /// is a state.
  private boolean isLogOfStates() {
    if (device == null || isOtherwise() || isOneRowADevice() || namesSignals()) {
      return false;
    }
    if (table.hasWordOf(STATES)) {
      return !table.hasWordOf(WORK);
    }
    var log = columns.log();
    return log != null
        && HOLDERS.contains(table.head())
        && table.words().stream().allMatch(SessionTables::isDeviceOrHolder)
        // An event's status says whether somebody has seen to it.
        && !(table.head().equals("event") && Words.of(log.state()).contains("status"));
  }

  private static boolean isDeviceOrHolder(String word) {
    return HOLDERS.contains(word)
        || Words.DEVICES.contains(word)
        || Words.DEVICES_WEAK.contains(word);
  }

  // What its columns say

  /// A table of what is now: its rows are overwritten, and no next one ends a state.
  private boolean isOneRowADevice() {
    return device != null
        && !table.key().isEmpty()
        && new HashSet<>(device.columns()).containsAll(table.key());
  }

  /// Whether its key names several things and no time: then its rows connect them.
  private boolean joinsOthers() {
    return table.key().size() > 1
        && table.key().stream()
            .allMatch(name -> table.refers(name) || TableFacts.compact(name).endsWith("id"));
  }

  private boolean namesSignals() {
    return table.columnNames().stream().map(TableFacts::compact).anyMatch(SIGNALS::contains);
  }

  private boolean measuresOnlyDurations() {
    return Measures.of(table, ownColumns()).stream()
        .allMatch(
            value ->
                SPANS.contains(TableFacts.compact(value.column()))
                    || Words.of(value.column()).stream().anyMatch(DURATIONS::contains));
  }

  private Collection<String> ownColumns() {
    var own = new HashSet<String>();
    if (device != null) {
      own.addAll(device.columns());
    }
    if (site != null) {
      own.addAll(site.columns());
    }
    return own;
  }
}
