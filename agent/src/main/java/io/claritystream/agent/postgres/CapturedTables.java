package io.claritystream.agent.postgres;

import io.claritystream.agent.postgres.CapturedTable.Stand;
import io.claritystream.protocol.block.TableSchema;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The tables of a source as capture holds them, on disk before anything follows from it. Used by
/// the thread that captures and by the one that watches the source.
///
/// What a restart must decide as before lies here: which events of a transaction are dropped counts
/// for how many of it the spool holds. A cut is forgotten once the platform has the rows and no
/// transaction that it would drop can come again.
public final class CapturedTables {
  private static final LongPredicate NONE = oid -> false;

  private final TableJournal journal;
  private Map<Long, CapturedTable> tables;

  /// Where the log ended when a table that is gone was first seen to be in the catalogue no more.
  private final Map<Long, Long> absentSince = new HashMap<>();

  private final Shapes shapes = new Shapes();

  /// By table, so that a transaction asks only for those that it changes: somebody's publication
  /// may bring thousands that are not captured.
  private volatile Map<Long, Cut> cuts = Map.of();

  /// The tables of which events are shown, or are to be cleared.
  private volatile Set<Long> captured = Set.of();

  /// What the stream brought of tables that are none of these. On disk before it is spooled: once
  /// it is, the stream does not bring it again.
  private final TableJournal strangersJournal;

  private Map<Long, CapturedTable> strangers;

  private volatile boolean work;
  private boolean fresh;

  private CapturedTables(TableJournal journal, TableJournal strangersJournal) {
    this.journal = journal;
    this.strangersJournal = strangersJournal;
    fresh = !journal.found();
    tables = journal.tables();
    strangers = strangersJournal.tables();
    look();
  }

  /// @param file beside it lies another, of tables that are to be cleared and never were captured
  /// @throws IOException if the files are there and not what we wrote
  public static CapturedTables load(Path file) throws IOException {
    return new CapturedTables(
        new TableJournal(file), new TableJournal(file.resolveSibling("strangers.journal")));
  }

  /// On disk first: what it holds, a later change must not be compared with anything else.
  private void save(Map<Long, CapturedTable> now) throws IOException {
    journal.write(tables, now);
    tables = now;
    fresh = false;
    look();
  }

  private void look() {
    var now = new HashMap<Long, Cut>();
    tables.forEach(
        (oid, table) -> {
          var without = table.cut();
          if (without != null) {
            now.put(oid, without);
          }
        });
    cuts = now.isEmpty() ? Map.of() : now;
    captured =
        tables.values().stream()
            .filter(table -> table.stand() != Stand.GONE)
            .map(CapturedTable::oid)
            .collect(Collectors.toSet());
    work =
        tables.values().stream()
            .anyMatch(table -> table.stand() == Stand.WANTED || table.stand() == Stand.LEAVING);
  }

  /// What was seen of their shapes last: kept from one attempt to capture to the next.
  Shapes shapes() {
    return shapes;
  }

  /// Whether nothing was ever written down.
  synchronized boolean fresh() {
    return fresh;
  }

  /// Whether some table is to be read or to be cleared.
  boolean work() {
    return work;
  }

  synchronized List<CapturedTable> all() {
    return List.copyOf(tables.values());
  }

  synchronized @Nullable CapturedTable get(long oid) {
    return tables.get(oid);
  }

  /// In the order of their names.
  synchronized List<CapturedTable> standing(Stand stand) {
    return tables.values().stream()
        .filter(table -> table.stand() == stand)
        .sorted(Comparator.comparing(CapturedTable::name))
        .toList();
  }

  /// Those whose rows are to be read and that are published, in the order of their names. None as
  /// long as rows are to be cleared: the name may be the same, and what clears must not come behind
  /// what was read.
  synchronized List<CapturedTable> toRead() {
    return standing(Stand.LEAVING).isEmpty()
        ? standing(Stand.WANTED).stream()
            .filter(table -> table.entry() != CapturedTable.NOT_PUBLISHED)
            .toList()
        : List.of();
  }

  /// The stream brings a change of this table. Of one that is not captured it does so if somebody
  /// changed a publication: a table that was put into it, or a partition in its table's place.
  void brought(long oid, TableSchema schema) throws IOException {
    if (!captured.contains(oid)) {
      stranger(oid, new TableName(schema.namespace(), schema.name()));
    }
  }

  private synchronized void stranger(long oid, TableName name) throws IOException {
    var known = strangers.get(oid);
    if (known == null || !known.name().equals(name)) {
      var now = new TreeMap<>(strangers);
      now.put(oid, CapturedTable.wanted(oid, name));
      saveStrangers(now);
    }
  }

  private void saveStrangers(Map<Long, CapturedTable> now) throws IOException {
    if (!now.equals(strangers)) {
      strangersJournal.write(strangers, now);
      strangers = now;
    }
  }

  /// Tables of which the stream has brought what is not to be shown.
  synchronized Map<Long, TableName> strangers() {
    return strangers.values().stream()
        .collect(Collectors.toMap(CapturedTable::oid, CapturedTable::name));
  }

  /// It is seen to, on disk, that what was brought of these is cleared.
  synchronized void known(Set<Long> seen) throws IOException {
    var now = new TreeMap<>(strangers);
    now.keySet().removeAll(seen);
    saveStrangers(now);
  }

  /// Of which tables a transaction's changes are dropped. What is written down meanwhile counts
  /// from the next one on: a transaction is dropped of a table or taken, never cut in two.
  LongPredicate dropped(long xid, long commit) {
    var all = cuts;
    if (all.isEmpty()) {
      return NONE;
    }
    return oid -> {
      var without = all.get(oid);
      return without != null && without.drops(xid, commit);
    };
  }

  /// These and no others: a snapshot of all is whole.
  synchronized void replace(List<CapturedTable> now) throws IOException {
    var all = new TreeMap<Long, CapturedTable>();
    now.forEach(table -> all.put(table.oid(), table));
    save(all);
    saveStrangers(new TreeMap<>());
  }

  /// Makes of the tables what `change` says, in one write, if anything changes.
  synchronized boolean change(UnaryOperator<Map<Long, CapturedTable>> change) throws IOException {
    var now = change.apply(new TreeMap<>(tables));
    if (now.equals(tables)) {
      return false;
    }
    save(now);
    return true;
  }

  synchronized void put(CapturedTable table) throws IOException {
    var now = new TreeMap<>(tables);
    now.put(table.oid(), table);
    save(now);
  }

  /// The rows under this table's name are cleared. One that is held under it is read again: a table
  /// that was there in between, and of which the stream brought something later, was cleared by
  /// the same name.
  synchronized void cleared(CapturedTable gone) throws IOException {
    change(
        now -> {
          now.replaceAll(
              (oid, table) ->
                  table.stand() == Stand.HELD && table.name().equals(gone.name())
                      ? table.again("another table of its name was cleared")
                      : table);
          now.put(gone.oid(), gone);
          return now;
        });
  }

  /// The platform did not get all that was spooled, and capture goes on from what it has: whatever
  /// it may not have of a table is done again.
  public synchronized void again() throws IOException {
    change(
        now -> {
          var held =
              now.values().stream()
                  .filter(CapturedTable::stays)
                  .map(CapturedTable::name)
                  .collect(Collectors.toSet());
          now.replaceAll((oid, table) -> again(table, held.contains(table.name())));
          return now;
        });
  }

  /// @param held whether a table that stays has the name. One that is read again clears the name
  ///     first; of one that is not, the platform has the rows, and so whatever came before them
  private static CapturedTable again(CapturedTable table, boolean held) {
    var without = table.cut();
    if (without == null) {
      return table;
    }
    if (table.stays()) {
      return table.again("the spool was lost before its rows were sent").cut(null);
    }
    return held && table.stand() == Stand.GONE
        ? table.cut(new Cut(null, without.position(), 0))
        : table.stands(Stand.LEAVING).cut(null);
  }

  /// These of the tables that are gone are in the catalogue no more.
  ///
  /// @param position where the log ended when, or after, that was seen
  synchronized void absent(Set<Long> oids, long position) {
    absentSince.keySet().retainAll(oids);
    oids.forEach(oid -> absentSince.putIfAbsent(oid, position));
  }

  /// All up to this number is durable, and the source goes on at this position at the earliest.
  /// What a cut would drop and cannot come again needs no cut; a table that is gone and of which
  /// nothing can come again is forgotten, before its number may be another's.
  synchronized void settled(long durableSeq, long position) throws IOException {
    if (cuts.isEmpty()) {
      return;
    }
    change(
        now -> {
          now.values().removeIf(table -> isOver(table, durableSeq, position));
          now.replaceAll(
              (oid, table) -> {
                var without = table.cut();
                return without != null
                        && without.rows() != null
                        && without.seq() <= durableSeq
                        && Long.compareUnsigned(without.position(), position) <= 0
                    ? table.cut(null)
                    : table;
              });
          return now;
        });
    absentSince.keySet().retainAll(tables.keySet());
  }

  private boolean isOver(CapturedTable table, long durableSeq, long position) {
    var without = table.cut();
    var absent = absentSince.get(table.oid());
    return table.stand() == Stand.GONE
        && absent != null
        && Long.compareUnsigned(absent, position) <= 0
        && (without == null || without.seq() <= durableSeq);
  }
}
