package io.claritystream.stream.ingest;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.stream.bronze.BronzeBatch;
import io.claritystream.stream.deadletter.DeadLetter;
import io.claritystream.stream.source.SourceRef;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// All that one transaction will write. Built by one thread, then committed by another, then built
/// anew: two of them take turns.
final class Draft {
  static final int EVENTS_MAX = 20_000;
  static final long BYTES_MAX = 8L * 1024 * 1024;

  /// A cell may become a row of its own; beyond so many, other sources of the partition would wait
  /// too long for their turn. The record that fills it has as many more as a block may have.
  static final long CELLS_MAX = 100_000;

  /// Events of one source and epoch, in order, for one of its models.
  ///
  /// @param step what becomes of the source's models before the first of them
  /// @param seq the event that the step is about: the first of a snapshot, or its last; 0 if there
  ///     is none
  record Slice(
      SourceLine line,
      SourceRef source,
      int model,
      List<ChangeEvent> events,
      Step step,
      long seq) {}

  enum Step {
    NONE,
    /// A repeated snapshot begins here. The model was made for it; if there is none, one is to be
    /// built from bronze.
    SNAPSHOT_BEGINS,
    /// The model holds a whole snapshot.
    SNAPSHOT_ENDS
  }

  /// A source's mark, from where to where; `isNew` if it has no checkpoint yet.
  record Move(SourceLine line, boolean isNew, Mark before, Mark after) {}

  private final BronzeBatch bronze = new BronzeBatch();
  private final List<Slice> slices = new ArrayList<>();
  private final Map<SourceLine, Slice> open = new LinkedHashMap<>();
  private final Map<SourceLine, Move> moves = new LinkedHashMap<>();
  private final List<DeadLetter> letters = new ArrayList<>();

  /// For each row of bronze, in the order of adding: the slice that its event is in, and where.
  private final List<Slice> owners = new ArrayList<>();

  private int[] places = new int[1_024];
  private long fence;
  private long nextOffset;
  private int records;
  private long cells;
  private boolean urgent;

  /// Of batches that are kept as they came.
  private long keptBytes;

  /// Forgets everything and begins at `position`, which is where the fence must be found.
  void begin(long fenceAt) {
    bronze.clear();
    slices.clear();
    open.clear();
    moves.clear();
    letters.clear();
    owners.clear();
    fence = fenceAt;
    nextOffset = fenceAt;
    records = 0;
    cells = 0;
    urgent = false;
    keptBytes = 0;
  }

  /// A record was dealt with, whatever became of it.
  void dealtWith(long offset) {
    records++;
    nextOffset = offset + 1;
  }

  /// The source's mark moves on. A move to another epoch ends its slice.
  void move(SourceLine line, Mark to) {
    var from = line.mark();
    if (from.epoch() != to.epoch()) {
      open.remove(line);
    }
    var isNew = !line.stored();
    line.storing();
    line.move(to);
    moves.merge(
        line,
        new Move(line, isNew, from, to),
        (earlier, later) -> new Move(line, earlier.isNew(), earlier.before(), later.after()));
  }

  /// The source's next events begin a repeated snapshot, and are folded into a model of their own;
  /// or into none as they come.
  void beginSnapshot(SourceLine line, int model) {
    move(line, line.mark().folding(model));
    open(line, Step.SNAPSHOT_BEGINS, line.mark().seq() + 1);
  }

  /// The source's snapshot ends with the events so far.
  void endSnapshot(SourceLine line, long lastSeq) {
    open(line, Step.SNAPSHOT_ENDS, lastSeq);
  }

  private Slice open(SourceLine line, Step step, long seq) {
    var slice = new Slice(line, line.source(), line.mark().model(), new ArrayList<>(), step, seq);
    open.put(line, slice);
    slices.add(slice);
    return slice;
  }

  void add(
      SourceLine line, ChangeEvent event, int schemaVersion, long capturedMs, Instant ingestedAt) {
    var slice = open.get(line);
    if (slice == null) {
      slice = open(line, Step.NONE, 0);
    }
    bronze.add(line.ids(), event, schemaVersion, capturedMs, ingestedAt);
    if (owners.size() == places.length) {
      places = java.util.Arrays.copyOf(places, places.length * 2);
    }
    places[owners.size()] = slice.events().size();
    owners.add(slice);
    slice.events().add(event);
    cells += cells(event);
  }

  private static long cells(ChangeEvent event) {
    var columns = event.schema().columns().size();
    return (event.before() == null ? 0 : columns) + (event.after() == null ? 0 : columns);
  }

  void add(DeadLetter letter) {
    letters.add(letter);
    if (letter.batch() != null) {
      keptBytes += letter.batch().length;
    }
  }

  /// It is waited for, so it should not wait for company.
  void hurry() {
    urgent = true;
  }

  boolean urgent() {
    return urgent;
  }

  boolean full() {
    return bronze.size() >= EVENTS_MAX
        || bronze.bytes() + keptBytes >= BYTES_MAX
        || cells >= CELLS_MAX
        || records >= EVENTS_MAX;
  }

  BronzeBatch bronze() {
    return bronze;
  }

  List<Slice> slices() {
    return slices;
  }

  Collection<Move> moves() {
    return moves.values();
  }

  List<DeadLetter> letters() {
    return letters;
  }

  /// The slice and the event of a row of bronze.
  Slice owner(int row) {
    return owners.get(row);
  }

  ChangeEvent event(int row) {
    return owners.get(row).events().get(places[row]);
  }

  int events() {
    return bronze.size();
  }

  int records() {
    return records;
  }

  long fence() {
    return fence;
  }

  long nextOffset() {
    return nextOffset;
  }

  @Override
  public String toString() {
    return "Draft[offsets="
        + fence
        + ".."
        + nextOffset
        + ", records="
        + records
        + ", events="
        + bronze.size()
        + "]";
  }
}
