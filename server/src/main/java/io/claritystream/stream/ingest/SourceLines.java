package io.claritystream.stream.ingest;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.materializer.SourceTables;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The sources of a partition in one session, each read when its first record comes.
final class SourceLines {
  private final Ingest ingest;
  private final int partition;
  private final Map<UUID, SourceLine> lines = new HashMap<>();

  SourceLines(Ingest ingest, int partition) {
    this.ingest = ingest;
    this.partition = partition;
  }

  /// Null if there is no such source.
  @Nullable SourceLine find(UUID sourceId) throws SQLException {
    var known = lines.get(sourceId);
    if (known != null) {
      return known;
    }
    var read = read(sourceId);
    // One of another partition is looked up again: it may be given this one.
    if (read != null && read.source().partition() == partition) {
      lines.put(sourceId, read);
    }
    return read;
  }

  private @Nullable SourceLine read(UUID sourceId) throws SQLException {
    var source = ingest.sources().find(sourceId).orElse(null);
    if (source == null) {
      return null;
    }
    try (var connection = ingest.service().getConnection()) {
      var stored = ingest.checkpoints().mark(connection, sourceId);
      var mark =
          stored.isPresent()
              ? stored.get()
              : Mark.NONE.folding(ingest.models().live(source, ingest.clock().instant()));
      var quarantine = Quarantine.read(connection, ingest.deadLetters(), mark.model());
      var letters =
          new LetterCounts(
              ingest.deadLetters().counts(connection, sourceId, null), ingest.clock().instant());
      // What was remembered of it may be older than what another process has folded since.
      ingest.materializer().forget(mark.model());
      ingest.tables().forget(sourceId);
      return new SourceLine(source, stored.isPresent(), mark, quarantine, letters);
    }
  }

  /// The version of each event's table. Those that the line does not know are made known, in a
  /// short transaction of their own, and which ones come into force again.
  List<Integer> versions(SourceLine line, List<ChangeEvent> events) throws SQLException {
    var known = line.versions();
    learn(line, events, known);
    var versions = new ArrayList<Integer>(events.size());
    TableSchema last = null;
    Integer version = null;
    for (var event : events) {
      if (event.schema() != last) {
        last = event.schema();
        version = known.get(last);
      }
      versions.add(version);
    }
    return versions;
  }

  private void learn(SourceLine line, List<ChangeEvent> events, Map<TableSchema, Integer> known)
      throws SQLException {
    var inForce = new HashMap<String, TableSchema>();
    var firsts = new ArrayList<SourceTables.First>();
    TableSchema last = null;
    for (var event : events) {
      var schema = event.schema();
      if (schema == last) {
        continue;
      }
      last = schema;
      if (inForce.isEmpty() && line.isInForce(schema)) {
        continue;
      }
      var table = schema.qualifiedName();
      var before = inForce.get(table);
      if (before == null ? !line.isInForce(schema) : schema != before) {
        inForce.put(table, schema);
        firsts.add(new SourceTables.First(schema, event.schemaFingerprint(), event.seq()));
      }
    }
    if (firsts.isEmpty()) {
      return;
    }
    var made = ingest.tables().versions(line.source(), line.mark().epoch(), firsts);
    for (var i = 0; i < made.size(); i++) {
      known.put(firsts.get(i).schema(), made.get(i));
    }
    inForce.forEach(line::comesIntoForce);
  }
}
