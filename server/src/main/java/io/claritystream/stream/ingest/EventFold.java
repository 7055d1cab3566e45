package io.claritystream.stream.ingest;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import io.claritystream.stream.deadletter.Cause;
import io.claritystream.stream.deadletter.DeadLetters;
import io.claritystream.stream.materializer.Applied;
import io.claritystream.stream.materializer.Materializer;
import io.claritystream.stream.source.SourceRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Folds events of one source and epoch into one model, in order, within a transaction; and finds
/// out with which of them it fails.
final class EventFold {
  private static final String IN_QUARANTINE = "an earlier event of this row could not be folded";

  /// Where its findings go.
  interface Findings {
    /// The rows whose events are not folded any more.
    Quarantine.Attempt quarantine();

    /// The event could not be folded. From now on its row is in quarantine, if the cause says so.
    void refuse(ChangeEvent event, Cause cause, @Nullable String sqlstate, String detail);

    /// Whether others wait for what is folded, so that nothing may take long
    /// ([Materializer#apply]).
    boolean othersWait();

    /// One more event was found by halving.
    void found();

    /// Whether another one may be looked for.
    boolean maySearch();

    /// These were not folded, as guilty ones among them may not be looked for. Those before them
    /// are dealt with, and what the call folds after them is not to be folded either.
    void leave(List<ChangeEvent> rest) throws SQLException;

    /// Something was folded.
    void applied(Applied applied);
  }

  private final Connection connection;
  private final Materializer materializer;
  private final DeadLetters letters;
  private final SourceRef source;
  private final int model;
  private final Findings findings;

  EventFold(
      Connection connection,
      Materializer materializer,
      DeadLetters letters,
      SourceRef source,
      int model,
      Findings findings) {
    this.connection = connection;
    this.materializer = materializer;
    this.letters = letters;
    this.source = source;
    this.model = model;
    this.findings = findings;
  }

  /// @param parting whether to look for the guilty ones, under savepoints; otherwise the first
  ///     failure is thrown
  void fold(List<ChangeEvent> events, boolean parting) throws SQLException {
    findings.quarantine().look(connection, letters, events);
    var free = outsideQuarantine(events);
    if (free.isEmpty()) {
      return;
    }
    if (parting) {
      halve(free);
    } else {
      apply(free);
    }
  }

  private void apply(List<ChangeEvent> events) throws SQLException {
    var applied = materializer.apply(connection, source, model, events, findings.othersWait());
    findings.applied(applied);
    for (var failure : applied.failures()) {
      findings.refuse(failure.event(), Cause.MAPPING_FAILED, null, failure.detail());
    }
    var quarantine = findings.quarantine();
    for (var event : events) {
      if (applied.leaves(event)) {
        continue;
      }
      if (event.op() == Op.TRUNCATE) {
        quarantine.empty(event.schema().qualifiedName(), source.epoch(), event.seq());
      } else if (!quarantine.isEmpty() && RowKey.isToldWhole(event)) {
        quarantine.heal(event, source.epoch());
      }
    }
    for (var row : applied.mended()) {
      quarantine.mended(RowKey.of(row.schema(), row.row()), source.epoch(), row.endSeq());
    }
  }

  /// Folds what can be folded. Halving is in order, so what follows a refused event of the same row
  /// is known to do so.
  private void halve(List<ChangeEvent> events) throws SQLException {
    var before = connection.setSavepoint();
    try {
      apply(events);
      connection.releaseSavepoint(before);
      return;
    } catch (SQLException | RuntimeException e) {
      if (Fault.of(e) != Fault.DATA) {
        throw e;
      }
      connection.rollback(before);
      connection.releaseSavepoint(before);
      if (events.size() == 1) {
        refuse(events.getFirst(), e);
        return;
      }
    }
    var middle = events.size() >>> 1;
    halve(events.subList(0, middle));
    var rest = outsideQuarantine(events.subList(middle, events.size()));
    if (rest.isEmpty()) {
      return;
    }
    if (findings.maySearch()) {
      halve(rest);
    } else {
      findings.leave(rest);
    }
  }

  private void refuse(ChangeEvent event, Exception failure) {
    var sqlstate = Fault.sqlstate(failure);
    var cause = sqlstate == null ? Cause.FOLD_FAILED : Cause.REFUSED_BY_DATABASE;
    findings.found();
    findings.refuse(event, cause, sqlstate, String.valueOf(failure.getMessage()));
    if (RowKey.all(event).isEmpty()) {
      findings.quarantine().leave(event);
    }
  }

  /// The events whose rows may be folded; each of the others is refused. What tells a row whole may
  /// be, and what follows it: should it fail after all, they are looked at again. So is what stands
  /// behind an event that takes a row away, or all of a table's; but where the rows stay, it is
  /// folded and changes nothing for those that follow, unless it tells what the row was in the end.
  private List<ChangeEvent> outsideQuarantine(List<ChangeEvent> events) throws SQLException {
    var quarantine = findings.quarantine();
    if (quarantine.isEmpty()) {
      return events;
    }
    var free = new ArrayList<ChangeEvent>(events.size());
    var emptied = new HashSet<String>();
    var healed = new HashSet<DeadLetters.Row>();
    for (var event : events) {
      var table = event.schema().qualifiedName();
      if (event.op() == Op.TRUNCATE) {
        if (!stays(event)) {
          emptied.add(table);
        }
        free.add(event);
        continue;
      }
      if (emptied.contains(table)) {
        free.add(event);
        continue;
      }
      var rows = RowKey.all(event);
      if (rows.stream().noneMatch(row -> quarantine.has(row) && !healed.contains(row))) {
        free.add(event);
      } else if (event.op() == Op.DELETE || RowKey.isToldWhole(event)) {
        if (event.op() != Op.DELETE || !stays(event)) {
          healed.addAll(rows);
        }
        free.add(event);
      } else {
        findings.refuse(event, Cause.ROW_IN_QUARANTINE, null, IN_QUARANTINE);
      }
    }
    return free;
  }

  /// Whether what the event takes away stays, as it was folded last.
  private boolean stays(ChangeEvent event) throws SQLException {
    return !RowKey.tellsItsEnd(event)
        && materializer.keepsDeletedRows(connection, source, model, event);
  }
}
