package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Row;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.materializer.Materializer.Failure;
import java.util.List;
import java.util.Set;

/// What one call of [Materializer#apply] did. Its caller says how the transaction ended, by
/// [#committed()] or [#rolledBack()]: what is remembered between batches hangs on it.
public final class Applied {
  private final SourceModel model;
  private final long readings;
  private final List<LiveUpdate> live;
  private final List<Failure> failures;
  private final Set<ChangeEvent> leaving;
  private final List<Mended> mended;
  private boolean settled;

  /// A row of which nothing could be made, as it was.
  ///
  /// @param endSeq the event that made another one of it, or took it away
  public record Mended(TableSchema schema, Row row, long endSeq) {}

  /// @param leaving those that take rows away and leave them as they were, as history
  Applied(
      SourceModel model,
      long readings,
      List<LiveUpdate> live,
      List<Failure> failures,
      Set<ChangeEvent> leaving,
      List<Mended> mended) {
    this.model = model;
    this.readings = readings;
    this.live = List.copyOf(live);
    this.failures = List.copyOf(failures);
    this.leaving = leaving;
    this.mended = List.copyOf(mended);
  }

  /// How many values of metrics were folded.
  public long readings() {
    return readings;
  }

  /// One a series, the newest; not to be shown before the commit.
  public List<LiveUpdate> live() {
    return live;
  }

  /// The events that could not be folded and changed nothing, in order.
  public List<Failure> failures() {
    return failures;
  }

  /// Whether the event takes rows away that stay as history, as they were folded last: because it
  /// empties their table, or does not tell what the row was in the end.
  public boolean leaves(ChangeEvent event) {
    return leaving.contains(event);
  }

  /// The rows that were failures of this call or of one before, and are none any more: they were
  /// mended, or are gone. They may have failed again since, by a later event.
  public List<Mended> mended() {
    return mended;
  }

  /// What was remembered while folding holds.
  public void committed() {
    settled = true;
  }

  /// Also for a call whose savepoint was rolled back.
  public void rolledBack() {
    if (settled) {
      throw new IllegalStateException("the batch was said to be committed");
    }
    model.forgotten = true;
  }
}
