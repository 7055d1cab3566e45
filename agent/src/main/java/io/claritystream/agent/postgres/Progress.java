package io.claritystream.agent.postgres;

import io.claritystream.protocol.link.SourceState;
import java.util.List;
import java.util.stream.Stream;

/// How a capture stands, for status: written by whoever knows, read by whoever asks.
public final class Progress {
  /// @param detail what a person should know or do, or empty
  /// @param notes lasting remarks: tables that are not captured, and why
  /// @param position where the log was read to
  public record Snapshot(
      SourceState state,
      String detail,
      List<String> notes,
      int tablesDone,
      int tablesTotal,
      long rows,
      long capturedSeq,
      long lastCommitAtUs,
      long lagBytes,
      long position) {}

  private volatile SourceState state = SourceState.WAITING;
  private volatile String detail = "";
  private volatile String trouble = "";
  private volatile List<String> notes = List.of();
  private volatile String beside = "";
  private volatile String waiting = "";
  private volatile String unreadable = "";
  private volatile String unwatched = "";
  private volatile int tablesDone;
  private volatile int tablesTotal;
  private volatile long rows;
  private volatile long capturedSeq;
  private volatile long lastCommitAtUs;
  private volatile long lagBytes;
  private volatile long position;

  public void state(SourceState now, String words) {
    detail = words;
    state = now;
  }

  /// What holds the spool up, or nothing; it comes before any other detail.
  public void trouble(String words) {
    trouble = words;
  }

  void notes(List<String> words) {
    notes = List.copyOf(words);
  }

  /// What is read beside the stream at this moment, or nothing.
  void beside(String words) {
    beside = words;
  }

  /// What a table's reading beside the stream waits for, or nothing.
  void waiting(String words) {
    waiting = words;
  }

  /// Why a table cannot be read beside the stream, or nothing.
  void unreadable(String words) {
    unreadable = words;
  }

  /// Why it cannot be looked at what became of the tables, or nothing.
  void unwatched(String words) {
    unwatched = words;
  }

  void snapshot(int done, int total, long rowsSoFar) {
    tablesDone = done;
    tablesTotal = total;
    rows = rowsSoFar;
  }

  void captured(long seq, long commitAtUs, long lsn) {
    capturedSeq = seq;
    lastCommitAtUs = commitAtUs;
    position = lsn;
  }

  void lag(long bytes) {
    lagBytes = bytes;
  }

  public Snapshot now() {
    var waits = trouble;
    var noted = unwatched;
    var words =
        Stream.of(beside, waiting, unreadable)
            .filter(each -> !each.isEmpty())
            .findFirst()
            .orElse("");
    return new Snapshot(
        waits.isEmpty() ? state : SourceState.WAITING,
        waits.isEmpty() ? detail.isEmpty() ? words : detail : waits,
        noted.isEmpty() ? notes : Stream.concat(Stream.of(noted), notes.stream()).toList(),
        tablesDone,
        tablesTotal,
        rows,
        capturedSeq,
        lastCommitAtUs,
        lagBytes,
        position);
  }
}
