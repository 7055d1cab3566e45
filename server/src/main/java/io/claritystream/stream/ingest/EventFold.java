package io.claritystream.stream.ingest;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.stream.deadletter.Cause;
import io.claritystream.stream.deadletter.DeadLetters;
import io.claritystream.stream.materializer.Applied;
import io.claritystream.stream.materializer.Materializer;
import io.claritystream.stream.source.SourceRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Folds events of one source and epoch into one model, in order, within a transaction; and finds
/// out with which of them it fails.
final class EventFold {
  private static final String IN_QUARANTINE = "an earlier event of this row could not be folded";

  /// Where its findings go.
  interface Findings {
    /// Whether any row is.
    boolean anyInQuarantine();

    /// Whether the row's events are not folded any more.
    boolean isInQuarantine(DeadLetters.Row row);

    /// The event could not be folded. From now on its row is in quarantine, if the cause says so.
    void refuse(ChangeEvent event, Cause cause, @Nullable String sqlstate, String detail);

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
  private final SourceRef source;
  private final int model;
  private final Findings findings;

  EventFold(
      Connection connection,
      Materializer materializer,
      SourceRef source,
      int model,
      Findings findings) {
    this.connection = connection;
    this.materializer = materializer;
    this.source = source;
    this.model = model;
    this.findings = findings;
  }

  /// @param parting whether to look for the guilty ones, under savepoints; otherwise the first
  ///     failure is thrown
  void fold(List<ChangeEvent> events, boolean parting) throws SQLException {
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
    var applied = materializer.apply(connection, source, model, events);
    findings.applied(applied);
    for (var failure : applied.failures()) {
      findings.refuse(failure.event(), Cause.MAPPING_FAILED, null, failure.detail());
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
        findings.found();
        findings.refuse(
            events.getFirst(),
            Fault.sqlstate(e) == null ? Cause.MAPPING_FAILED : Cause.REFUSED_BY_DATABASE,
            Fault.sqlstate(e),
            String.valueOf(e.getMessage()));
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

  /// The events whose rows may be folded; each of the others is refused.
  private List<ChangeEvent> outsideQuarantine(List<ChangeEvent> events) {
    if (!findings.anyInQuarantine()) {
      return events;
    }
    var free = new ArrayList<ChangeEvent>(events.size());
    for (var event : events) {
      if (!RowKey.isAmong(event, findings::isInQuarantine)) {
        free.add(event);
      } else {
        findings.refuse(event, Cause.ROW_IN_QUARANTINE, null, IN_QUARANTINE);
      }
    }
    return free;
  }
}
