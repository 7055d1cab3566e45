package io.claritystream.agent.postgres;

import io.claritystream.protocol.block.TableSchema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A table as capture holds it.
///
/// ```
/// from      on                                                 to
/// (none)    chosen and found, or found published               WANTED
/// (none)    not chosen, and came in the stream                 LEAVING
/// WANTED    its rows are read, whole, and in the spool         HELD
/// HELD      a person, or what befell its rows, asks            WANTED
/// HELD      another table of its name is cleared               WANTED
/// WANTED    dropped, renamed or chosen no more                 LEAVING
/// HELD      dropped, renamed or chosen no more                 LEAVING
/// LEAVING   the event that clears its rows is in the spool     GONE
/// GONE      chosen again, or found under its new name          WANTED
/// GONE      in no catalogue, and nothing of it can come again  (none)
/// any       the spool was lost before that was durable         WANTED, LEAVING
/// ```
///
/// Of a name, one table at most is WANTED or HELD; no table is read as long as one is LEAVING.
///
/// @param schema as its rows were read last; null before
/// @param leaves its partitions ([Catalog#leaves]), as they were before its rows were read
/// @param shape its columns and file ([Shape]), as they were when its rows were read, or have
///     become since without changing a row; empty before
/// @param entry how it was published when it was to be read, or has been since without a loss
///     ([Published.Entry#number()]); [#NOT_KNOWN], or [#NOT_PUBLISHED]
/// @param cut what is not taken from the stream; null if all is
/// @param why it is to be read again, for people; empty if there is nothing to say
record CapturedTable(
    long oid,
    TableName name,
    Stand stand,
    @Nullable TableSchema schema,
    String leaves,
    String shape,
    long entry,
    @Nullable Cut cut,
    String why) {
  static final long NOT_KNOWN = 0;
  static final long NOT_PUBLISHED = -1;

  enum Stand {
    WANTED,
    HELD,
    LEAVING,
    GONE
  }

  static CapturedTable wanted(long oid, TableName name) {
    return new CapturedTable(oid, name, Stand.WANTED, null, "", "", NOT_KNOWN, null, "");
  }

  static CapturedTable held(
      TableFacts facts, String leaves, String shape, long entry, @Nullable Cut cut) {
    return new CapturedTable(
        facts.oid(), facts.table(), Stand.HELD, facts.schema(), leaves, shape, entry, cut, "");
  }

  CapturedTable stands(Stand now) {
    return new CapturedTable(oid, name, now, schema, leaves, shape, entry, cut, why);
  }

  /// Its rows are to be read again.
  CapturedTable again(String reason) {
    return new CapturedTable(oid, name, Stand.WANTED, schema, leaves, shape, entry, cut, reason);
  }

  CapturedTable cut(@Nullable Cut now) {
    return new CapturedTable(oid, name, stand, schema, leaves, shape, entry, now, why);
  }

  CapturedTable leaves(String now) {
    return new CapturedTable(oid, name, stand, schema, now, shape, entry, cut, why);
  }

  CapturedTable shape(String now) {
    return new CapturedTable(oid, name, stand, schema, leaves, now, entry, cut, why);
  }

  CapturedTable entry(long now) {
    return new CapturedTable(oid, name, stand, schema, leaves, shape, now, cut, why);
  }

  /// Whether its rows are shown, or are to be.
  boolean stays() {
    return stand == Stand.WANTED || stand == Stand.HELD;
  }

  /// With what its last event needs, whatever is known of it.
  TableSchema schemaOrName() {
    return schema != null ? schema : nameAlone();
  }

  /// With this an event that clears the table says that it is captured no more, and not that its
  /// rows are read next.
  TableSchema nameAlone() {
    return new TableSchema(name.namespace(), name.name(), 'd', "", List.of(), List.of());
  }
}
