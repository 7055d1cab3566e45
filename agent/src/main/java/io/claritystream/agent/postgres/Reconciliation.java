package io.claritystream.agent.postgres;

import io.claritystream.agent.postgres.CapturedTable.Stand;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Holds the tables of a capture under way against the catalogue: publishes what is new among the
/// chosen ones, and says which tables are to be read, read again, or cleared.
///
/// What changed a table's rows aside from the stream shows in its shape ([Shape]), and of a
/// partitioned one also in its partitions.
///
/// A table is published before it is said to be wanted, and is read only when all that ran until
/// then has ended ([TableCopies]). One whose rights were taken away stays as it is: the stream
/// brings it still.
final class Reconciliation {
  private static final Logger LOG = LoggerFactory.getLogger(Reconciliation.class);

  private final TableChoice choice;
  private final Publications publications;
  private final CapturedTables tables;
  private final Emptyings emptyings;
  private final Shapes shapes = new Shapes();

  /// Where the log ended when a table's partitions were first seen to be others.
  private final Map<Long, Changed> changed = new HashMap<>();

  private record Changed(String leaves, long position) {}

  /// What is known of why a table's partitions are not as they were.
  private enum Why {
    THE_STREAM_TELLS,
    NOBODY_TELLS,
    NOT_KNOWN_YET
  }

  Reconciliation(
      TableChoice choice, Publications publications, CapturedTables tables, Emptyings emptyings) {
    this.choice = choice;
    this.publications = publications;
    this.tables = tables;
    this.emptyings = emptyings;
  }

  /// @return what was found
  Preflight run(Connection connection) throws SQLException, IOException, InterruptedException {
    return run(connection, Preflight.check(connection, choice, publications));
  }

  Preflight run(Connection connection, Preflight found)
      throws SQLException, IOException, InterruptedException {
    apply(connection, look(connection, found));
    return found;
  }

  /// What the catalogue says.
  ///
  /// @param before the tables as they were held when it was looked at
  /// @param leaves the partitions of the partitioned ones, but for those of which it is not known
  ///     yet why they changed
  /// @param shapes of those that have another one
  /// @param again those that hold other rows than the stream has told, and why
  record Found(
      List<Catalog.Candidate> chosen,
      Map<Long, CapturedTable> before,
      Map<Long, String> leaves,
      Map<Long, String> shapes,
      Map<Long, String> again) {}

  Found look(Connection connection, Preflight found) throws SQLException, InterruptedException {
    var chosen =
        new ArrayList<>(
            found.published().stream().filter(table -> choice.includes(table.table())).toList());
    found.tables().stream().filter(table -> !table.published()).forEach(chosen::add);
    if (publications.make(connection, found.version(), chosen)) {
      LOG.info("the publications {} were set right", publications.full());
    }
    var before =
        tables.all().stream().collect(Collectors.toMap(CapturedTable::oid, table -> table));
    var catalog = new Catalog(connection);
    var roots =
        chosen.stream().filter(Catalog.Candidate::partitioned).map(Catalog.Candidate::oid).toList();
    var leaves = new HashMap<>(roots.isEmpty() ? Map.of() : catalog.leaves(roots));
    var again = new HashMap<>(again(connection, catalog, before, leaves));
    var held = new HashMap<Long, String>();
    for (var candidate : chosen) {
      var table = before.get(candidate.oid());
      if (table != null && table.stand() == Stand.HELD) {
        held.put(table.oid(), table.shape());
      }
    }
    var others = shapes.changed(connection, held);
    again.putAll(reshaped(held, others));
    return new Found(chosen, before, leaves, others, again);
  }

  /// Which tables' shapes changed so that their rows are others, and why.
  private static Map<Long, String> reshaped(Map<Long, String> held, Map<Long, String> others) {
    var result = new HashMap<Long, String>();
    others.forEach(
        (oid, shape) -> {
          var before = held.getOrDefault(oid, "");
          var why = before.isEmpty() ? "" : Shape.parse(before).changeTo(Shape.parse(shape));
          if (!why.isEmpty()) {
            result.put(oid, why);
          }
        });
    return result;
  }

  void apply(Connection connection, Found found) throws SQLException, IOException {
    var fresh = tables.fresh();
    tables.change(now -> next(now, found, fresh));
    for (var again : found.again().entrySet()) {
      var table = tables.get(again.getKey());
      if (table != null && table.stand() == Stand.WANTED) {
        LOG.info("{} is read again, because {}", table.name(), again.getValue());
      }
    }
    var gone = tables.standing(Stand.GONE).stream().map(CapturedTable::oid).toList();
    if (!gone.isEmpty()) {
      tables.absent(new Catalog(connection).absent(gone), Slot.inserted(connection));
    }
  }

  /// Which tables hold other rows than the stream has told, because of what became of partitions.
  ///
  /// @param leaves of all tables; those are taken out of which it is not known yet
  private Map<Long, String> again(
      Connection connection,
      Catalog catalog,
      Map<Long, CapturedTable> held,
      Map<Long, String> leaves)
      throws SQLException, InterruptedException {
    var result = new HashMap<Long, String>();
    var unknown = new ArrayList<Long>();
    for (var root : leaves.entrySet()) {
      var before = held.get(root.getKey());
      if (before == null
          || before.stand() != Stand.HELD
          || before.leaves().equals(root.getValue())) {
        changed.remove(root.getKey());
        continue;
      }
      switch (why(connection, catalog, before, root.getValue())) {
        case NOBODY_TELLS ->
            result.put(root.getKey(), "partitions of it changed, which the stream does not tell");
        case NOT_KNOWN_YET -> unknown.add(root.getKey());
        case THE_STREAM_TELLS -> {}
      }
    }
    leaves.keySet().removeAll(unknown);
    return result;
  }

  /// A partition that is gone was detached or dropped; one that was attached since had been away,
  /// and may hold other rows than when it went. One whose file is another was emptied or
  /// written anew, be it alone or with its table. A new one matters if it held rows before it
  /// became one; one that does not let itself be asked is taken to have, for whatever befalls it
  /// must not keep the other tables from being captured.
  private Why why(Connection connection, Catalog catalog, CapturedTable root, String now)
      throws SQLException, InterruptedException {
    var before = leaves(root.leaves());
    var after = leaves(now);
    for (var leaf : before.entrySet()) {
      var same = after.get(leaf.getKey());
      if (same == null || !attached(same).equals(attached(leaf.getValue()))) {
        return Why.NOBODY_TELLS;
      }
    }
    for (var leaf : after.keySet()) {
      if (!before.containsKey(leaf) && broughtRows(catalog, root, leaf)) {
        return Why.NOBODY_TELLS;
      }
    }
    var others =
        before.keySet().stream().filter(leaf -> !before.get(leaf).equals(after.get(leaf))).toList();
    if (others.isEmpty()) {
      return Why.THE_STREAM_TELLS;
    }
    var by = catalog.changedBy(others);
    if (emptyings.wereTold(root.oid(), by)) {
      return Why.THE_STREAM_TELLS;
    }
    var seen = changed.get(root.oid());
    if (seen == null || !seen.leaves().equals(now)) {
      seen = new Changed(now, Slot.inserted(connection));
      changed.put(root.oid(), seen);
    }
    if (!emptyings.reaches(seen.position())) {
      return Why.NOT_KNOWN_YET;
    }
    return emptyings.wereTold(root.oid(), by) ? Why.THE_STREAM_TELLS : Why.NOBODY_TELLS;
  }

  /// Which entries of the catalogue make it a partition.
  private static String attached(String leaf) {
    return leaf.substring(leaf.indexOf('.') + 1);
  }

  private static boolean broughtRows(Catalog catalog, CapturedTable root, long leaf)
      throws SQLException {
    try {
      return catalog.broughtRows(root.oid(), leaf);
    } catch (SQLException e) {
      if (!ofTheStatement(e)) {
        throw e;
      }
      LOG.warn("a partition of {} cannot be asked for its rows: {}", root.name(), e.getMessage());
      return true;
    }
  }

  /// Whether the server refuses what was asked, rather than being unable to answer now.
  private static boolean ofTheStatement(SQLException e) {
    var code = e.getSQLState() == null ? "" : e.getSQLState();
    return code.startsWith("22") || code.startsWith("42") || code.startsWith("P0");
  }

  private static Map<Long, String> leaves(String text) {
    var result = new HashMap<Long, String>();
    for (var leaf : text.isEmpty() ? new String[0] : text.split(",")) {
      var parts = leaf.split(":", 2);
      result.put(Long.valueOf(parts[0]), parts[1]);
    }
    return result;
  }

  private static Map<Long, CapturedTable> next(
      Map<Long, CapturedTable> now, Found found, boolean fresh) {
    var result = new TreeMap<>(now);
    for (var candidate : found.chosen()) {
      result.compute(candidate.oid(), (oid, table) -> one(candidate, table, found, fresh));
    }
    var there = found.chosen().stream().map(Catalog.Candidate::oid).collect(Collectors.toSet());
    result.replaceAll(
        (oid, table) ->
            table.stays() && !there.contains(oid) ? table.stands(Stand.LEAVING) : table);
    return result;
  }

  private static CapturedTable one(
      Catalog.Candidate candidate, @Nullable CapturedTable table, Found found, boolean fresh) {
    var leaves = found.leaves().get(candidate.oid());
    if (table == null) {
      var wanted = CapturedTable.wanted(candidate.oid(), candidate.table());
      // Captured since before tables were written down.
      return fresh && candidate.published()
          ? wanted.stands(Stand.HELD).leaves(leaves == null ? "" : leaves)
          : wanted;
    }
    return switch (table.stand()) {
      case LEAVING -> table;
      case GONE -> CapturedTable.wanted(candidate.oid(), candidate.table()).cut(table.cut());
      case WANTED, HELD -> {
        if (!table.name().equals(candidate.table())) {
          // First its rows under the old name are cleared.
          yield table.stands(Stand.LEAVING);
        }
        if (table.stand() == Stand.WANTED || !table.equals(found.before().get(table.oid()))) {
          // Read since it was looked at, it knows itself better than what was seen then.
          yield table;
        }
        var why = found.again().get(table.oid());
        yield why != null
            ? table.again(why)
            : table
                .leaves(leaves == null ? table.leaves() : leaves)
                .shape(found.shapes().getOrDefault(table.oid(), table.shape()));
      }
    };
  }
}
