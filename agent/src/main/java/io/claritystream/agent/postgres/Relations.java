package io.claritystream.agent.postgres;

import io.claritystream.protocol.block.TableSchema;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The tables of a stream, by the number under which their changes come.
final class Relations {
  /// @param keys which columns of a tuple make the old key
  /// @param full whether an old tuple holds all columns and not only those of the key
  record Relation(TableSchema schema, boolean[] keys, boolean full) {}

  /// Where the facts come from that the stream does not tell.
  interface Facts {
    @Nullable TableFacts table(long oid) throws SQLException;

    Map<TableFacts.TypeKey, TableFacts.TypeFact> types(List<RelationMessage.Column> columns)
        throws SQLException;
  }

  private final Facts facts;
  private final Map<Long, Relation> known = new HashMap<>();

  Relations(Facts facts) {
    this.facts = facts;
  }

  static Facts of(Catalog catalog) {
    return new Facts() {
      @Override
      public @Nullable TableFacts table(long oid) throws SQLException {
        return catalog.table(oid);
      }

      @Override
      public Map<TableFacts.TypeKey, TableFacts.TypeFact> types(
          List<RelationMessage.Column> columns) throws SQLException {
        return catalog.types(columns);
      }
    };
  }

  /// What follows of this table has the shape that the message announces. The catalogue is read
  /// again: the message comes when something about the table changed, a comment perhaps.
  void announce(RelationMessage message) throws SQLException {
    var table = facts.table(message.oid());
    var unknown = new ArrayList<RelationMessage.Column>();
    for (var column : message.columns()) {
      if (table == null || !table.describes(column)) {
        unknown.add(column);
      }
    }
    var types =
        unknown.isEmpty()
            ? Map.<TableFacts.TypeKey, TableFacts.TypeFact>of()
            : facts.types(unknown);
    // A partitioned table's own identity says nothing of what its partitions write.
    var identity =
        table != null && table.partitioned() ? table.replicaIdentity() : message.replicaIdentity();
    var schema = TableFacts.schema(message, identity, table, types);
    var before = known.get(message.oid());
    if (before != null && before.schema().equals(schema)) {
      schema = before.schema();
    }
    var keys = new boolean[schema.columns().size()];
    for (var i = 0; i < keys.length; i++) {
      keys[i] = schema.columns().get(i).key();
    }
    known.put(message.oid(), new Relation(schema, keys, identity == 'f'));
  }

  Relation get(long oid) {
    var relation = known.get(oid);
    if (relation == null) {
      throw new IllegalStateException("a change of table " + oid + " came before its description");
    }
    return relation;
  }
}
