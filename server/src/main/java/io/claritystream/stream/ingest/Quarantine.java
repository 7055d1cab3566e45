package io.claritystream.stream.ingest;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.stream.deadletter.DeadLetters;
import io.claritystream.stream.deadletter.Settlements;
import io.claritystream.stream.materializer.Materializer;
import io.claritystream.stream.source.SourceRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The rows of one model whose events are not folded any more. A few are remembered; of more, the
/// database is asked for those that the events at hand are about. Used by one thread.
final class Quarantine {
  /// A row's key has up to 400 characters, and every source of a partition has its own.
  static final int REMEMBERED_MAX = 10_000;

  private final int model;
  private final Set<DeadLetters.Row> remembered = new HashSet<>();

  /// Whether what is remembered is all there is.
  private boolean whole = true;

  private Quarantine(int model) {
    this.model = model;
  }

  /// That of a model that has just begun.
  static Quarantine none(int model) {
    return new Quarantine(model);
  }

  static Quarantine read(Connection connection, DeadLetters letters, int model)
      throws SQLException {
    var quarantine = new Quarantine(model);
    quarantine.remember(letters.quarantined(connection, model, REMEMBERED_MAX + 1));
    return quarantine;
  }

  int model() {
    return model;
  }

  /// What one transaction finds and does.
  Attempt attempt() {
    return new Attempt();
  }

  private void remember(Set<DeadLetters.Row> rows) {
    if (!whole) {
      return;
    }
    remembered.addAll(rows);
    if (remembered.size() > REMEMBERED_MAX) {
      remembered.clear();
      whole = false;
    }
  }

  /// One attempt at folding, within a transaction that may yet roll back.
  final class Attempt {
    /// Rows that came into quarantine.
    private final Set<DeadLetters.Row> fresh = new HashSet<>();

    /// Tables that were emptied: none of their rows of before is in quarantine any more.
    private final Set<String> emptied = new HashSet<>();

    /// Rows that an event told whole.
    private final Set<DeadLetters.Row> healed = new HashSet<>();

    /// Events of each table that were not folded and are of no row that is in quarantine for it.
    private final Map<String, Integer> unfolded = new HashMap<>();

    /// What has been mended, in quarantine or not.
    private final List<Settlements.Mended> mended = new ArrayList<>();

    /// Of the rows that the events at hand are about, where not all are remembered.
    private Set<DeadLetters.Row> asked = Set.of();

    private Attempt() {}

    int model() {
      return model;
    }

    /// Finds out which rows of these events are in quarantine. Asked before any of them is.
    void look(Connection connection, DeadLetters letters, List<ChangeEvent> events)
        throws SQLException {
      if (whole) {
        return;
      }
      var rows = new HashSet<DeadLetters.Row>();
      for (var event : events) {
        rows.addAll(RowKey.all(event));
      }
      asked = letters.quarantinedAmong(connection, model, rows);
    }

    boolean isEmpty() {
      return fresh.isEmpty() && (whole ? remembered : asked).isEmpty();
    }

    boolean has(DeadLetters.Row row) {
      return fresh.contains(row)
          || !emptied.contains(row.tableName())
              && !healed.contains(row)
              && (whole ? remembered : asked).contains(row);
    }

    /// An event could not be folded: what its rows contribute is not what they are.
    void add(ChangeEvent event) {
      fresh.addAll(RowKey.all(event));
    }

    /// An event was not folded, and no row is in quarantine for it: nobody can tell by which event
    /// that is mended.
    void leave(ChangeEvent event) {
      unfolded.merge(event.schema().qualifiedName(), 1, Integer::sum);
    }

    /// An event that tells its rows whole was folded.
    void heal(ChangeEvent event, int epoch) {
      for (var row : RowKey.all(event)) {
        if (has(row)) {
          fresh.remove(row);
          healed.add(row);
          mended(row, epoch, event.seq());
        }
      }
    }

    /// The letters of a row are settled that are older than this event.
    ///
    /// @param row null if no key tells it: then they stay until the table is emptied
    void mended(DeadLetters.@Nullable Row row, int epoch, long seq) {
      if (row != null) {
        mended.add(new Settlements.Mended(row.tableName(), row.rowKey(), epoch, seq));
      }
    }

    /// A table was emptied: nothing of it is left that could be inexact.
    void empty(String table, int epoch, long seq) {
      emptied.add(table);
      mended.add(new Settlements.Mended(table, null, epoch, seq));
      fresh.removeIf(row -> row.tableName().equals(table));
      unfolded.remove(table);
    }

    /// What the letters are settled of, those that the attempt found among them.
    List<Settlements.Mended> mended() {
      return mended;
    }

    /// Behind all that was folded, as a table that is emptied is exact anew.
    void write(
        Connection connection, DeadLetters letters, Materializer materializer, SourceRef source)
        throws SQLException {
      var failed = new TreeMap<>(unfolded);
      letters.release(connection, model, emptied);
      letters
          .heal(connection, model, healed)
          .forEach((table, rows) -> failed.merge(table, -rows, Integer::sum));
      letters
          .quarantine(connection, source.tenantId(), model, fresh)
          .forEach((table, rows) -> failed.merge(table, rows, Integer::sum));
      materializer.failed(connection, source, model, failed);
    }

    /// The transaction has committed.
    void committed() {
      remembered.removeIf(row -> emptied.contains(row.tableName()));
      remembered.removeAll(healed);
      remember(fresh);
    }
  }
}
