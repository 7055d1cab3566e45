package io.claritystream.stream.ingest;

import io.claritystream.base.db.TenantId;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.bronze.SourceEpoch;
import io.claritystream.stream.deadletter.Cause;
import io.claritystream.stream.deadletter.DeadLetter;
import io.claritystream.stream.source.SourceRef;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One source in the partition at hand, for as long as the fence holds. All but the quarantine and
/// the letters belongs to the thread that builds drafts.
final class SourceLine {
  /// Stands for the table of letters that have none.
  static final String NO_TABLE = "";

  private static final int VERSIONS_MAX = 5_000;

  /// So many events at least say how many are refused.
  private static final int RECENT_EVENTS = 1_000;

  private final SourceRef source;

  /// Whether `checkpoint_source` has a row of it once all drafts that were handed over are
  /// committed.
  private boolean stored;

  // These belong to the thread that commits.

  private final LetterCounts letters;
  private final Map<String, DeadLetter> lastRanges = new HashMap<>();

  private Quarantine quarantine;

  private long recentEvents;
  private long recentRefused;

  private final Map<TableSchema, Integer> versions = new IdentityHashMap<>();

  /// The schema of the newest event of each table, as far as is remembered; and the same ones to be
  /// asked for by themselves, because nearly every event is of one of them.
  private final Map<String, TableSchema> inForce = new HashMap<>();

  private final Set<TableSchema> allInForce = Collections.newSetFromMap(new IdentityHashMap<>());

  /// Where it stands once all drafts that were handed over are committed.
  private Mark mark;

  private SourceEpoch ids;

  /// Whether numbers are missing behind the mark, and were asked for.
  private boolean missing;

  /// How often the batch behind the mark came with a wrong checksum.
  private int damaged;

  SourceLine(
      SourceRef source, boolean stored, Mark mark, Quarantine quarantine, LetterCounts letters) {
    this.source = source;
    this.stored = stored;
    this.mark = mark;
    this.ids = new SourceEpoch(source.tenantId(), source.sourceId(), mark.epoch());
    this.quarantine = quarantine;
    this.letters = letters;
  }

  /// The source as of the epoch that its mark is in.
  SourceRef source() {
    return new SourceRef(
        source.tenantId(),
        source.sourceId(),
        source.agentId(),
        source.name(),
        source.partition(),
        mark.epoch(),
        mark.session());
  }

  UUID sourceId() {
    return source.sourceId();
  }

  TenantId tenant() {
    return source.tenantId();
  }

  boolean stored() {
    return stored;
  }

  void storing() {
    stored = true;
  }

  Mark mark() {
    return mark;
  }

  SourceEpoch ids() {
    return ids;
  }

  void move(Mark to) {
    if (to.epoch() != mark.epoch()) {
      ids = new SourceEpoch(source.tenantId(), source.sourceId(), to.epoch());
    }
    if (to.epoch() != mark.epoch() || to.seq() != mark.seq()) {
      missing = false;
      damaged = 0;
    }
    mark = to;
  }

  /// Notes that numbers are missing; true the first time since the mark moved.
  boolean missesNow() {
    var first = !missing;
    missing = true;
    return first;
  }

  /// Notes a wrong checksum and says how many there were since the mark moved.
  int damagedAgain() {
    return ++damaged;
  }

  /// The versions that are known of its tables' schemas.
  Map<TableSchema, Integer> versions() {
    if (versions.size() > VERSIONS_MAX) {
      versions.clear();
      inForce.clear();
      allInForce.clear();
    }
    return versions;
  }

  boolean isInForce(TableSchema schema) {
    return allInForce.contains(schema);
  }

  /// From the events on that are numbered last.
  void comesIntoForce(String table, TableSchema schema) {
    var before = inForce.put(table, schema);
    if (before != null) {
      allInForce.remove(before);
    }
    allInForce.add(schema);
  }

  /// The rows of a model that are in quarantine; one that has begun since has none.
  Quarantine quarantine(int model) {
    return model == quarantine.model() ? quarantine : Quarantine.none(model);
  }

  /// What was done to a model's quarantine has committed. Models follow one another: that of one
  /// before is forgotten.
  void quarantined(Quarantine now, Quarantine.Attempt attempt) {
    attempt.committed();
    quarantine = now;
  }

  /// Events were folded, and some of them were found to be refused by the database.
  void counted(int events, int refused) {
    recentEvents += events;
    recentRefused += refused;
    if (recentEvents > 2 * RECENT_EVENTS) {
      recentEvents /= 2;
      recentRefused /= 2;
    }
  }

  /// Whether more than one in a hundred of its last events was refused.
  boolean failsTooOften() {
    return recentEvents >= RECENT_EVENTS && recentRefused * 100 > recentEvents;
  }

  /// Among which letters it counts. A range is the source's, also where it is of one table, but for
  /// one of what is missing.
  static String table(DeadLetter letter) {
    var table = letter.tableName();
    return table == null || letter.cause() == Cause.TOO_MANY_IN_BATCH ? NO_TABLE : table;
  }

  LetterCounts letters() {
    return letters;
  }

  /// The newest letter for a range, in this session, of those that count among a table's letters,
  /// or among the source's.
  @Nullable DeadLetter lastRange(String table) {
    return lastRanges.get(table);
  }

  void lastRange(DeadLetter range) {
    lastRanges.put(table(range), range);
  }
}
