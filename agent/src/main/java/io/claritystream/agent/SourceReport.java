package io.claritystream.agent;

import io.claritystream.protocol.link.SourceState;
import java.util.List;

/// How a source stands, as `status` shows it.
///
/// @param durableSeq [#NOT_KNOWN] until the platform has said it once
/// @param trouble why nothing can be sent, or empty
/// @param lagBytes how much log the source keeps for us
record SourceReport(
    String name,
    SourceState state,
    String detail,
    List<String> notes,
    boolean connected,
    String trouble,
    long capturedSeq,
    long sentSeq,
    long durableSeq,
    long lagBytes,
    long spoolBytes,
    long spoolBytesMax,
    int tablesDone,
    int tablesTotal,
    long snapshotRows,
    long lastCommitAtUs) {
  static final long NOT_KNOWN = -1;

  /// A table's name may have lines of its own; each of these is one.
  SourceReport {
    detail = Plain.line(detail);
    trouble = Plain.line(trouble);
    notes = notes.stream().map(Plain::line).toList();
  }

  /// One that cannot be worked on at all.
  static SourceReport failed(String name, String why) {
    return new SourceReport(
        name, SourceState.FAILED, why, List.of(), false, "", 0, 0, NOT_KNOWN, 0, 0, 0, 0, 0, 0, 0);
  }
}
