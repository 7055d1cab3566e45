package io.claritystream.agent.postgres;

import io.claritystream.agent.postgres.CapturedTable.Stand;
import io.claritystream.agent.postgres.Published.Entry;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Holds the tables of a capture under way against the catalogue: publishes what is new among the
/// chosen ones, and says which tables are to be read, read again, or cleared.
///
/// What changed a table's rows aside from the stream shows in its shape ([Shape]), and of a
/// partitioned one also in its partitions.
///
/// A table is published wholly before it is said to be wanted, and is read only when all that ran
/// until then has ended ([TableCopies]); one that is published otherwise meanwhile is not read. One
/// whose rights were taken away stays as it is: the stream brings it still.
final class Reconciliation {
  private static final Logger LOG = LoggerFactory.getLogger(Reconciliation.class);

  private final TableChoice choice;
  private final Publications publications;
  private final CapturedTables tables;
  private final Emptyings emptyings;
  private final Partitions partitions;
  private final Shapes shapes;

  /// Where the log ended when it was found that a table is to be read again.
  private final Map<Long, Long> foundAt = new HashMap<>();

  /// What was not published of a table that is to be read again.
  private final Map<Long, String> lacked = new HashMap<>();

  /// What was said last of what the server refuses.
  private List<String> refused = List.of();

  Reconciliation(
      TableChoice choice, Publications publications, CapturedTables tables, Emptyings emptyings) {
    this.choice = choice;
    this.publications = publications;
    this.tables = tables;
    this.emptyings = emptyings;
    partitions = new Partitions(emptyings);
    shapes = tables.shapes();
  }

  /// @return what a person should know
  List<String> run(Connection connection) throws SQLException, IOException, InterruptedException {
    return run(connection, Preflight.check(connection, choice, publications));
  }

  List<String> run(Connection connection, Preflight preflight)
      throws SQLException, IOException, InterruptedException {
    var found = look(connection, preflight);
    apply(connection, found);
    var notes = new ArrayList<>(preflight.problems());
    notes.addAll(found.refused());
    notes.addAll(preflight.notesUnderWay());
    found.later().stream()
        .map(tables::get)
        .filter(Objects::nonNull)
        .map(table -> table.name() + " is read again as soon as the stream has come as far")
        .forEach(notes::add);
    return notes;
  }

  /// What the catalogue says.
  ///
  /// @param before the tables as they were held when it was looked at
  /// @param leaves the partitions of the partitioned ones, but for those of which it is not known
  ///     yet why they changed
  /// @param shapes of those that have another one
  /// @param published how tables are published now
  /// @param again those that hold other rows than the stream has told, and why
  /// @param later those that do as well, but of which the stream has older changes still to bring
  /// @param refused what the server refused, in words
  record Found(
      List<Catalog.Candidate> chosen,
      Map<Long, CapturedTable> before,
      Map<Long, String> leaves,
      Map<Long, String> shapes,
      Map<Long, Entry> published,
      Map<Long, String> again,
      Set<Long> later,
      List<String> refused) {}

  Found look(Connection connection, Preflight found)
      throws SQLException, IOException, InterruptedException {
    var words = new ArrayList<String>();
    var chosen =
        new ArrayList<>(
            found.published().stream().filter(table -> choice.includes(table.table())).toList());
    found.tables().stream().filter(table -> !table.published()).forEach(chosen::add);
    var published = publications.entries(connection);
    step(
        "the publications cannot be set right",
        words,
        () -> {
          var made = publications.make(connection, found.version(), chosen);
          if (made.changed() && made.leftOut().isEmpty()) {
            LOG.info("the publications {} were set right", publications.full());
          }
          words.addAll(made.words());
        });
    var now = publications.entries(connection);
    var before =
        tables.all().stream().collect(Collectors.toMap(CapturedTable::oid, table -> table));
    var held = new HashMap<Long, CapturedTable>();
    for (var candidate : chosen) {
      var table = before.get(candidate.oid());
      if (table != null && table.stand() == Stand.HELD) {
        held.put(table.oid(), table);
      }
    }
    var again = new HashMap<Long, String>();
    var leaves = new HashMap<Long, String>();
    step(
        "the partitions of tables cannot be looked at",
        words,
        () -> {
          var catalog = new Catalog(connection);
          var roots = roots(chosen);
          var emptied = partitions.emptied(roots);
          var all = new HashMap<>(catalog.leaves(roots));
          again.putAll(partitions.again(connection, catalog, before, all, emptied));
          leaves.putAll(all);
        });
    var others = new HashMap<Long, String>();
    step(
        "the definitions of tables cannot be looked at",
        words,
        () -> {
          var changed = shapes.changed(connection, shapes(held));
          again.putAll(reshaped(held, changed, rewritten(connection, chosen, held, changed)));
          others.putAll(changed);
        });
    again.putAll(republished(held, published, now));
    var later = later(connection, again.keySet());
    again.keySet().removeAll(later);
    tell(words);
    return new Found(chosen, before, leaves, others, now, again, later, words);
  }

  private interface Step {
    void run() throws SQLException, IOException, InterruptedException;
  }

  /// What the server refuses must not keep the rest from being looked at: a table that lost its
  /// key, and publications that only another may change, are no reason to miss a changed column.
  private static void step(String what, List<String> words, Step step)
      throws SQLException, IOException, InterruptedException {
    try {
      step.run();
    } catch (PSQLException e) {
      var said = e.getServerErrorMessage();
      if (said == null) {
        throw e;
      }
      words.add(what + ": " + said.getMessage());
    }
  }

  private void tell(List<String> words) {
    if (!words.equals(refused)) {
      words.forEach(LOG::warn);
      refused = List.copyOf(words);
    }
  }

  private static List<Long> roots(List<Catalog.Candidate> chosen) {
    return chosen.stream()
        .filter(Catalog.Candidate::partitioned)
        .map(Catalog.Candidate::oid)
        .toList();
  }

  private static Map<Long, String> shapes(Map<Long, CapturedTable> held) {
    return held.values().stream()
        .collect(Collectors.toMap(CapturedTable::oid, CapturedTable::shape));
  }

  /// Which of the partitioned tables that have another shape have partitions with other files:
  /// a table without rows has no file that could tell it. They are looked at behind the shapes,
  /// so that a rewrite between two looks cannot fall apart into a change of the one and of the
  /// other.
  private static Set<Long> rewritten(
      Connection connection,
      List<Catalog.Candidate> chosen,
      Map<Long, CapturedTable> held,
      Map<Long, String> changed)
      throws SQLException {
    var roots = new ArrayList<>(roots(chosen));
    roots.retainAll(changed.keySet());
    var result = new HashSet<Long>();
    if (!roots.isEmpty()) {
      new Catalog(connection)
          .leaves(roots)
          .forEach(
              (oid, leaves) -> {
                var table = held.get(oid);
                if (table != null && Partitions.rewritten(table.leaves(), leaves)) {
                  result.add(oid);
                }
              });
    }
    return result;
  }

  /// Which tables the stream lacked changes of, because they were not published, in part, or with
  /// inserts alone. A table that is not published wholly, and cannot be, stays as it is until it
  /// is.
  private Map<Long, String> republished(
      Map<Long, CapturedTable> held, Map<Long, Entry> before, Map<Long, Entry> now) {
    lacked.keySet().retainAll(held.keySet());
    var result = new HashMap<Long, String>();
    for (var table : held.values()) {
      var was = before.get(table.oid());
      var is = now.get(table.oid());
      if (was != null && !was.lacks().isEmpty()) {
        lacked.put(table.oid(), was.lacks());
      }
      if (is == null || !is.lacks().isEmpty()) {
        continue;
      }
      var allAlong =
          was != null
              && was.lacks().isEmpty()
              && (table.entry() == CapturedTable.NOT_KNOWN || table.entry() == was.number());
      if (!allAlong) {
        result.put(table.oid(), lacked.getOrDefault(table.oid(), anew(table, is)));
      } else if (is.whole() && !was.whole()) {
        result.put(table.oid(), "its updates and deletes were not captured before");
      } else {
        lacked.remove(table.oid());
      }
    }
    return result;
  }

  private static String anew(CapturedTable table, Entry is) {
    return (is.isOfSameTable(table.entry())
            ? "its publication was changed for a while"
            : "it was published anew")
        + ", and what changed before may be missing";
  }

  /// Those of the tables to be read again of which the stream has still to bring what was changed
  /// until now: it would be missing in their history if they were read at once.
  private Set<Long> later(Connection connection, Set<Long> again)
      throws SQLException, InterruptedException {
    foundAt.keySet().retainAll(again);
    if (!foundAt.keySet().containsAll(again)) {
      var written = Slot.written(connection);
      again.forEach(oid -> foundAt.putIfAbsent(oid, written));
    }
    var result = new HashSet<Long>();
    for (var oid : again) {
      // Waited for once: the rest is no nearer then.
      if (!result.isEmpty() || !emptyings.reaches(foundAt.get(oid))) {
        result.add(oid);
      }
    }
    return result;
  }

  /// Which tables' shapes changed so that their rows are others, and why.
  private static Map<Long, String> reshaped(
      Map<Long, CapturedTable> held, Map<Long, String> others, Set<Long> rewritten) {
    var result = new HashMap<Long, String>();
    others.forEach(
        (oid, shape) -> {
          var table = held.get(oid);
          var why =
              table == null || table.shape().isEmpty()
                  ? ""
                  : Shape.parse(table.shape())
                      .changeTo(Shape.parse(shape), rewritten.contains(oid));
          if (!why.isEmpty()) {
            result.put(oid, why);
          }
        });
    return result;
  }

  void apply(Connection connection, Found found) throws SQLException, IOException {
    var fresh = tables.fresh();
    var strangers = tables.strangers();
    tables.change(
        now -> {
          var result = next(now, found, fresh);
          strangers.forEach(
              (oid, name) -> result.compute(oid, (_, table) -> away(oid, name, table)));
          return result;
        });
    tables.known(strangers.keySet());
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

  /// What the stream brought of a table that is not captured is cleared, and nothing of it is taken
  /// from then on ([Cut]), also where somebody else has to take it out of the publication.
  private static CapturedTable away(long oid, TableName name, @Nullable CapturedTable table) {
    return table != null && table.stand() != Stand.GONE
        ? table
        : CapturedTable.wanted(oid, name)
            .stands(Stand.LEAVING)
            .cut(table == null ? null : table.cut());
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

  private static @Nullable CapturedTable one(
      Catalog.Candidate candidate, @Nullable CapturedTable table, Found found, boolean fresh) {
    var entry = found.published().get(candidate.oid());
    var leaves = found.leaves().get(candidate.oid());
    if (table == null || table.stand() == Stand.GONE) {
      if (entry == null || !entry.lacks().isEmpty()) {
        // The stream would not bring all that comes behind its rows.
        return table;
      }
      var wanted =
          CapturedTable.wanted(candidate.oid(), candidate.table())
              .entry(entry.number())
              .cut(table == null ? null : table.cut());
      // Captured since before tables were written down.
      return fresh && candidate.published()
          ? wanted.stands(Stand.HELD).leaves(leaves == null ? "" : leaves)
          : wanted;
    }
    if (table.stand() == Stand.LEAVING) {
      return table;
    }
    if (!table.name().equals(candidate.table())) {
      // First its rows under the old name are cleared.
      return table.stands(Stand.LEAVING);
    }
    if (table.stand() == Stand.WANTED) {
      return table.entry(toBeRead(candidate, table, entry));
    }
    if (!table.equals(found.before().get(table.oid())) || found.later().contains(table.oid())) {
      // Read since it was looked at, it knows itself better than what was seen then.
      return table;
    }
    var why = found.again().get(table.oid());
    if (why != null) {
      return table.entry(toBeRead(candidate, table, entry)).again(why);
    }
    return (entry == null ? without(table) : table.entry(entry.number()))
        .leaves(leaves == null ? table.leaves() : leaves)
        .shape(found.shapes().getOrDefault(table.oid(), table.shape()));
  }

  /// How a table that is to be read is published: not at all as long as the stream would not bring
  /// all that comes behind its rows, for then they are not read ([CapturedTables#toRead()]). One
  /// that a publication brings unasked has no number.
  private static long toBeRead(
      Catalog.Candidate candidate, CapturedTable table, @Nullable Entry entry) {
    if (entry != null) {
      return entry.lacks().isEmpty() ? entry.number() : CapturedTable.NOT_PUBLISHED;
    }
    if (!candidate.covered()) {
      return CapturedTable.NOT_PUBLISHED;
    }
    return table.entry() == CapturedTable.NOT_PUBLISHED ? CapturedTable.NOT_KNOWN : table.entry();
  }

  private static CapturedTable without(CapturedTable table) {
    return table.entry() == CapturedTable.NOT_KNOWN
        ? table.entry(CapturedTable.NOT_PUBLISHED)
        : table;
  }
}
