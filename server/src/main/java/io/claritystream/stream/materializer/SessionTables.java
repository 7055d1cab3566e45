package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Column;
import io.claritystream.stream.materializer.Mapping.Reference;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Recognizes tables of sessions: spans of time that say what a device was doing.
final class SessionTables {
  private static final Set<String> BEGINS =
      Set.of("start", "starts", "started", "begin", "begins", "began", "from");
  private static final Set<String> ENDS =
      Set.of("end", "ends", "ended", "stop", "stopped", "finish", "finished", "to", "until");

  private final TableFacts table;
  private final @Nullable Reference device;

  SessionTables(TableFacts table, @Nullable Reference device) {
    this.table = table;
    this.device = device;
  }

  /// @return null if the rows are no sessions
  @Nullable Mapping sessions() {
    if (!Words.SESSIONS.contains(table.head())) {
      return null;
    }
    var begins = timeNamed(BEGINS);
    var ends = timeNamed(ENDS);
    if (begins == null || ends == null) {
      return null;
    }
    var why =
        "Each row is a span of time, from \"%s\" to \"%s\"; it is kept as a row."
            .formatted(begins.name(), ends.name());
    return MappingDraft.ofRows(table, Entity.SESSION, why).parent(device).time(begins).done();
  }

  private @Nullable Column timeNamed(Set<String> words) {
    for (var column : table.columns()) {
      if (TimeColumns.isTime(column)
          && Words.of(column.name()).stream().anyMatch(words::contains)) {
        return column;
      }
    }
    return null;
  }
}
