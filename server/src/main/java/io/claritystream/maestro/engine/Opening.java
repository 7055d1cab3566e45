package io.claritystream.maestro.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// An execution that begins before it is taken in: it becomes durable together with the first thing
/// that it does, which spares a commit. Until then nobody was told of it, and if nothing comes of
/// it, it was never there.
///
/// Its run writes it; whoever brought it waits.
final class Opening {
  private final Intake intake;
  private final boolean known;
  private final List<LogLine> lines;
  private final CompletableFuture<JournalEntry.Outcome> outcome = new CompletableFuture<>();

  /// @param known whether its id is of the caller's making, so that another may have taken it in
  /// @param lines the trigger's, and those that a retry takes over
  Opening(Intake intake, boolean known, List<LogLine> lines) {
    this.intake = intake;
    this.known = known;
    this.lines = lines;
  }

  /// The entry that takes it in.
  ///
  /// @param first what it did meanwhile, if that leaves it with its run
  JournalEntry.Accept entry(@Nullable LogLine first) {
    var all = lines;
    if (first != null) {
      all = new ArrayList<>(lines);
      all.add(first);
    }
    return new JournalEntry.Accept(intake, true, known, all, first);
  }

  /// The first to say what became of it is right.
  void became(JournalEntry.Outcome told) {
    outcome.complete(told);
  }

  /// Whether it is durable by now.
  boolean committed() {
    return outcome.getNow(JournalEntry.nothingCame()) instanceof JournalEntry.Outcome.Committed;
  }

  JournalEntry.Outcome await() {
    return outcome.join();
  }
}
