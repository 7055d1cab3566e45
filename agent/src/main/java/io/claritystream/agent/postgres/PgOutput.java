package io.claritystream.agent.postgres;

import io.claritystream.agent.postgres.Relations.Relation;
import io.claritystream.protocol.block.BlockWriter;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.Row;
import io.claritystream.protocol.block.TableSchema;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/// Decodes the messages of PostgreSQL's `pgoutput` plugin, protocol version 1 with values as text,
/// from the bytes of the replication stream straight into a block. The layouts are those of
/// "Logical Replication Message Formats" in PostgreSQL's documentation.
final class PgOutput {
  /// Microseconds from 1970 to 2000, where PostgreSQL's clock begins.
  private static final long EPOCH_2000_US = 946_684_800_000_000L;

  private static final LongPredicate NONE = oid -> false;

  /// Which tables' changes of a transaction are dropped.
  interface Dropped {
    LongPredicate of(long xid, long commit);
  }

  /// Told that a transaction empties a table, before that is an event.
  interface Emptied {
    void told(long oid, long xid) throws IOException;
  }

  /// Told which table a transaction changes, before that is an event; again whenever the one before
  /// was another.
  interface Brought {
    void told(long oid, TableSchema schema) throws IOException;
  }

  private final BlockAssembler events;
  private final Relations relations;
  private final Dropped dropped;
  private final Emptied emptied;
  private final Brought brought;
  private LongPredicate droppedNow = NONE;
  private long xidNow;
  private @Nullable Relation last;
  private byte[] bytes = new byte[0];
  private int at;
  private int limit;

  PgOutput(BlockAssembler events, Relations relations) {
    this(events, relations, (xid, commit) -> NONE, (oid, xid) -> {}, (oid, schema) -> {});
  }

  PgOutput(
      BlockAssembler events,
      Relations relations,
      Dropped dropped,
      Emptied emptied,
      Brought brought) {
    this.events = events;
    this.relations = relations;
    this.dropped = dropped;
    this.emptied = emptied;
    this.brought = brought;
  }

  /// Takes in one message.
  ///
  /// @param position where it stands in the log
  void message(byte[] source, int offset, int length, long position)
      throws IOException, SQLException, InterruptedException, LogBrokenException {
    bytes = source;
    at = offset;
    limit = offset + length;
    var kind = int8();
    switch (kind) {
      case 'B' -> {
        var commit = int64();
        var committedAtUs = int64() + EPOCH_2000_US;
        var xid = Integer.toUnsignedLong(int32());
        droppedNow = dropped.of(xid, commit);
        xidNow = xid;
        last = null;
        events.begin(xid, commit, committedAtUs);
      }
      case 'C' -> {
        int8();
        int64();
        events.end(int64());
      }
      case 'R' -> relations.announce(relation());
      case 'I' -> insert(position);
      case 'U' -> update(position);
      case 'D' -> delete(position);
      case 'T' -> truncate(position);
      case 'Y', 'O', 'M' -> {
        // Types by name (the catalogue tells), where a transaction came from, and messages that
        // applications write into the log: nothing that a row holds.
      }
      default ->
          throw new IOException("pgoutput sent a message of kind " + kind + ", which is unknown");
    }
  }

  private RelationMessage relation() throws IOException {
    var oid = Integer.toUnsignedLong(int32());
    var namespace = string();
    var name = string();
    var identity = (char) int8();
    var count = int16();
    var columns = new ArrayList<RelationMessage.Column>(count);
    for (var i = 0; i < count; i++) {
      var key = (int8() & 1) != 0;
      var column = string();
      columns.add(
          new RelationMessage.Column(column, key, Integer.toUnsignedLong(int32()), int32()));
    }
    // The catalogue's own schema is sent as an empty name.
    return new RelationMessage(
        oid,
        new TableName(namespace.isEmpty() ? "pg_catalog" : namespace, name),
        identity,
        columns);
  }

  /// Begins the event of the table that is named next.
  ///
  /// @return null if there is to be none
  private @Nullable Relation begun(Op op, long position)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    return begun(op, position, Integer.toUnsignedLong(int32()));
  }

  private @Nullable Relation begun(Op op, long position, long oid)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    if (droppedNow.test(oid)) {
      return null;
    }
    var relation = relations.get(oid);
    if (relation != last) {
      last = relation;
      brought.told(oid, relation.schema());
    }
    return events.beginEvent(op, relation.schema(), position) ? relation : null;
  }

  private void insert(long position)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    var relation = begun(Op.INSERT, position);
    if (relation == null) {
      return;
    }
    var start = events.out().size();
    expect('N');
    events.out().after();
    row(relation, start);
    events.endEvent();
  }

  private void update(long position)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    var relation = begun(Op.UPDATE, position);
    if (relation == null) {
      return;
    }
    var start = events.out().size();
    var part = int8();
    if (part == 'K' || part == 'O') {
      old(relation, part, start);
      part = int8();
    }
    if (part != 'N') {
      throw unexpected(part);
    }
    events.out().after();
    row(relation, start);
    events.endEvent();
  }

  private void delete(long position)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    var relation = begun(Op.DELETE, position);
    if (relation == null) {
      return;
    }
    var start = events.out().size();
    old(relation, int8(), start);
    events.endEvent();
  }

  private void truncate(long position)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    var count = int32();
    int8();
    for (var i = 0; i < count; i++) {
      var oid = Integer.toUnsignedLong(int32());
      emptied.told(oid, xidNow);
      if (begun(Op.TRUNCATE, position, oid) != null) {
        events.endEvent();
      }
    }
  }

  private void old(Relation relation, int part, int start) throws IOException {
    if (part == 'O' && relation.full()) {
      events.out().before();
      row(relation, start);
    } else if (part == 'K' || part == 'O') {
      events.out().oldKey();
      key(relation, start);
    } else {
      throw unexpected(part);
    }
  }

  private void row(Relation relation, int start) throws IOException {
    var out = events.out();
    var count = columns(relation);
    for (var i = 0; i < count; i++) {
      cell(out, start);
    }
  }

  /// A key comes as a whole row with nulls, which are not values, in all other columns.
  private void key(Relation relation, int start) throws IOException {
    var out = events.out();
    var count = columns(relation);
    for (var i = 0; i < count; i++) {
      if (relation.keys()[i]) {
        cell(out, start);
      } else if (int8() == 't') {
        skip(int32());
      }
    }
  }

  private int columns(Relation relation) throws IOException {
    var count = int16();
    if (count != relation.keys().length) {
      throw new IOException(
          "a row of "
              + count
              + " columns came for "
              + relation.schema().qualifiedName()
              + ", which has "
              + relation.keys().length);
    }
    return count;
  }

  private void cell(BlockWriter out, int start) throws IOException {
    var kind = int8();
    switch (kind) {
      case 'n' -> out.marker(Row.NULL);
      case 'u' -> out.marker(Row.UNCHANGED);
      case 't' -> {
        var length = int32();
        var from = at;
        skip(length);
        if (out.size() - start + (long) length > BlockAssembler.EVENT_BYTES) {
          out.marker(Row.OMITTED);
        } else {
          out.value(bytes, from, length);
        }
      }
      default -> throw unexpected(kind);
    }
  }

  private static IOException unexpected(int kind) {
    return new IOException("pgoutput sent a part of kind " + kind + ", which is unknown here");
  }

  private void expect(int part) throws IOException {
    var is = int8();
    if (is != part) {
      throw unexpected(is);
    }
  }

  private int int8() throws IOException {
    if (at >= limit) {
      throw cut();
    }
    return bytes[at++];
  }

  private int int16() throws IOException {
    return (int8() & 0xff) << 8 | int8() & 0xff;
  }

  private int int32() throws IOException {
    if (limit - at < Integer.BYTES) {
      throw cut();
    }
    var value =
        bytes[at] << 24
            | (bytes[at + 1] & 0xff) << 16
            | (bytes[at + 2] & 0xff) << 8
            | bytes[at + 3] & 0xff;
    at += Integer.BYTES;
    return value;
  }

  private long int64() throws IOException {
    return (long) int32() << 32 | int32() & 0xffff_ffffL;
  }

  private void skip(int length) throws IOException {
    if (length < 0 || length > limit - at) {
      throw cut();
    }
    at += length;
  }

  private String string() throws IOException {
    var from = at;
    while (int8() != 0) {
      continue;
    }
    return new String(bytes, from, at - 1 - from, StandardCharsets.UTF_8);
  }

  private static IOException cut() {
    return new IOException("a message of pgoutput is shorter than it says");
  }
}
