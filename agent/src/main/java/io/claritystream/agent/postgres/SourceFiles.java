package io.claritystream.agent.postgres;

import java.io.IOException;
import java.nio.file.Path;

/// What the agent keeps of a source on disk, beside its spool.
///
/// @param emptyings where is written down which tables were emptied
public record SourceFiles(
    StateFile state, Gaps gaps, CapturedTables tables, SnapshotOrders orders, Path emptyings) {
  public static final String STATE = "capture.properties";

  /// @param directory the source's own
  /// @param slotIfNew the name of slot and publications, if nothing is there yet
  /// @throws IOException if one of the files is there and not what we wrote
  public static SourceFiles load(Path directory, String slotIfNew, int generationIfNew)
      throws IOException {
    return of(directory, CaptureState.load(directory.resolve(STATE), slotIfNew, generationIfNew));
  }

  /// Those of a capture that is so far.
  static SourceFiles of(Path directory, CaptureState state) throws IOException {
    return new SourceFiles(
        new StateFile(directory.resolve(STATE), state),
        Gaps.load(directory.resolve("gaps.properties")),
        CapturedTables.load(directory.resolve("tables.journal")),
        SnapshotOrders.load(directory.resolve("snapshots.properties")),
        directory.resolve("emptyings.properties"));
  }
}
