package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;
import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One row of a source from its creation to its deletion, as far as a batch touches it: what was
/// stored of it before, and what is to be stored after. What it was in between matters to nobody.
final class RowLife {
  /// Null if it was created in this batch.
  final @Nullable StoredRow stored;

  final long born;

  /// Null if no event can mean it any more, or ever could.
  byte @Nullable [] key;

  boolean changed;

  /// Whether the source has deleted it and it stays as history.
  boolean released;

  /// When that was, if it is a session; [Moment#NONE] of others.
  long releasedUs = Moment.NONE;

  /// What it is now; null if it is gone, or if nothing has changed yet.
  @Nullable TablePlan plan;

  @Nullable Row row;

  /// Of readings that can be folded.
  @Nullable Reading reading;

  /// The device that it refers to, and what it describes, or where its text is kept.
  @Nullable Device refers;

  @Nullable UUID describes;

  /// Of rows that describe an entity.
  @Nullable Subject subject;

  /// What is counted of it as it is now; null while it is as it was stored.
  @Nullable RowFlaws flaws;

  /// As what nothing could be made of it, before the batch or within it, if that is over.
  @Nullable Failed mended;

  /// A row of which nothing could be made.
  ///
  /// @param endSeq the event that made another one of it, or took it away
  record Failed(TablePlan plan, Row row, long endSeq) {}

  RowLife(StoredRow stored) {
    this.stored = stored;
    born = stored.born();
    key = stored.key();
  }

  RowLife(long born, byte @Nullable [] key) {
    stored = null;
    this.born = born;
    this.key = key;
  }

  /// Its image as the last event left it.
  @Nullable Row image() {
    return changed || stored == null ? row : stored.row();
  }

  @Nullable TablePlan imagePlan() {
    return changed || stored == null ? plan : stored.plan();
  }

  /// Whether the events have made of it what it was.
  boolean isUnchanged() {
    return stored != null
        && row != null
        && plan == stored.plan()
        && Arrays.equals(key, stored.key())
        && row.sameImage(stored.row())
        && atUs() == stored.atUs();
  }

  /// The moment that is stored of it: of a reading its own, of a session that stays as history when
  /// the source deleted it.
  long atUs() {
    return reading == null ? releasedUs : reading.atUs;
  }

  /// It contributes nothing any more.
  void end() {
    changed = true;
    plan = null;
    row = null;
    reading = null;
    refers = null;
    describes = null;
    subject = null;
  }
}
