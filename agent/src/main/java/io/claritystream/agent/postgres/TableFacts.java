package io.claritystream.agent.postgres;

import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.ForeignKey;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.block.ValueKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A table as the catalogue describes it now.
///
/// @param partitioned whether its rows lie in partitions
/// @param replicaIdentity `d`, `f`, `i` or `n`; of a partitioned table `f` only if all of its
///     partitions have that, because it is they that write the log
/// @param columns those that the stream sends, in its order
record TableFacts(
    long oid,
    TableName table,
    boolean partitioned,
    char replicaIdentity,
    String comment,
    List<Fact> columns,
    List<ForeignKey> foreignKeys) {
  /// @param primaryKey whether the column is part of a primary key that no two rows ever share
  /// @param identity whether it is part of the index chosen as replica identity
  record Fact(
      String name,
      long typeOid,
      int typeModifier,
      String typeName,
      ValueKind kind,
      boolean required,
      boolean primaryKey,
      boolean identity,
      String comment) {}

  TableFacts {
    columns = List.copyOf(columns);
    foreignKeys = List.copyOf(foreignKeys);
  }

  /// The schema that events of a snapshot carry, and of the stream as long as the two agree.
  TableSchema schema() {
    var result = new ArrayList<Column>(columns.size());
    for (var fact : columns) {
      result.add(column(fact, replicaIdentity == 'i' ? fact.identity() : fact.primaryKey()));
    }
    return new TableSchema(
        table.namespace(), table.name(), replicaIdentity, comment, result, foreignKeys);
  }

  /// The schema that a relation message announces: the message decides names, types and order, as
  /// they were at that place of the log; the catalogue adds what the message does not tell.
  ///
  /// @param identity the replica identity that counts, see [#replicaIdentity()]
  /// @param facts what the catalogue knows of the table now, if it still knows it
  /// @param types names and kinds of the types, by oid and modifier
  static TableSchema schema(
      RelationMessage message,
      char identity,
      @Nullable TableFacts facts,
      Map<TypeKey, TypeFact> types) {
    var result = new ArrayList<Column>(message.columns().size());
    // With full identity the message marks all columns; what tells rows apart is the primary key.
    var announced = message.replicaIdentity();
    var keyFromMessage = identity == announced && (announced == 'd' || announced == 'i');
    for (var column : message.columns()) {
      var fact = facts == null ? null : facts.find(column);
      var key = keyFromMessage ? column.key() : fact != null && fact.primaryKey();
      if (fact != null) {
        result.add(column(fact, key));
        continue;
      }
      var type =
          types.getOrDefault(
              new TypeKey(column.typeOid(), column.typeModifier()),
              new TypeFact("type " + column.typeOid(), ValueKind.OTHER));
      result.add(
          new Column(column.name(), type.name(), column.typeOid(), type.kind(), key, false, ""));
    }
    return new TableSchema(
        message.table().namespace(),
        message.table().name(),
        identity,
        facts == null ? "" : facts.comment(),
        result,
        facts == null ? List.of() : facts.foreignKeys());
  }

  record TypeKey(long oid, int modifier) {}

  record TypeFact(String name, ValueKind kind) {}

  boolean describes(RelationMessage.Column column) {
    return find(column) != null;
  }

  private @Nullable Fact find(RelationMessage.Column column) {
    for (var fact : columns) {
      if (fact.name().equals(column.name())
          && fact.typeOid() == column.typeOid()
          && fact.typeModifier() == column.typeModifier()) {
        return fact;
      }
    }
    return null;
  }

  private static Column column(Fact fact, boolean key) {
    return new Column(
        fact.name(),
        fact.typeName(),
        fact.typeOid(),
        fact.kind(),
        key,
        fact.required(),
        fact.comment());
  }
}
