package io.claritystream.agent.postgres;

import io.claritystream.agent.postgres.CapturedTable.Stand;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What became of the partitions of tables, which are published as their roots: the stream does not
/// tell it ([Reconciliation]).
final class Partitions {
  private static final Logger LOG = LoggerFactory.getLogger(Partitions.class);

  private final Emptyings emptyings;

  /// Where the log ended when a table's partitions were first seen to be others.
  private final Map<Long, Changed> changed = new HashMap<>();

  private record Changed(String leaves, long position) {}

  /// What is known of why a table's partitions are not as they were.
  private enum Why {
    THE_STREAM_TELLS,
    NOBODY_TELLS,
    NOT_KNOWN_YET
  }

  Partitions(Emptyings emptyings) {
    this.emptyings = emptyings;
  }

  /// To be asked before the partitions are read.
  Map<Long, List<Long>> emptied(List<Long> roots) {
    return roots.stream().collect(Collectors.toMap(root -> root, emptyings::unseen));
  }

  /// Which tables hold other rows than the stream has told, because of what became of partitions.
  ///
  /// @param leaves of all tables; those are taken out of which it is not known yet
  /// @param emptied which emptyings were known before that was read
  Map<Long, String> again(
      Connection connection,
      Catalog catalog,
      Map<Long, CapturedTable> held,
      Map<Long, String> leaves,
      Map<Long, List<Long>> emptied)
      throws SQLException, IOException, InterruptedException {
    var result = new HashMap<Long, String>();
    var unknown = new ArrayList<Long>();
    for (var root : leaves.entrySet()) {
      var before = held.get(root.getKey());
      if (before == null
          || before.stand() != Stand.HELD
          || before.leaves().equals(root.getValue())) {
        changed.remove(root.getKey());
        emptyings.seen(root.getKey(), emptied.getOrDefault(root.getKey(), List.of()));
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
    var all = others.size() == before.size();
    if (wereTold(root.oid(), by, all)) {
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
    return wereTold(root.oid(), by, all) ? Why.THE_STREAM_TELLS : Why.NOBODY_TELLS;
  }

  /// @param all whether they changed all partitions that were there before
  private boolean wereTold(long root, Set<Long> by, boolean all) {
    return emptyings.wereTold(root, by)
        || all && by.size() == 1 && emptyings.wereToldOfPart(root, by.iterator().next());
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

  /// Whether rows of partitions that were there before lie in other files now.
  static boolean rewritten(String before, String now) {
    var after = leaves(now);
    return leaves(before).entrySet().stream()
        .anyMatch(
            leaf -> {
              var same = after.get(leaf.getKey());
              return same != null && !file(same).equals(file(leaf.getValue()));
            });
  }

  private static String file(String leaf) {
    var end = leaf.indexOf('.');
    return end < 0 ? leaf : leaf.substring(0, end);
  }
}
