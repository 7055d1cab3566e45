package io.claritystream.agent.postgres;

import java.util.List;

/// What pgoutput says of a table before the first change of it, and after each change of its shape.
record RelationMessage(
    long oid, TableName table, char replicaIdentity, List<RelationMessage.Column> columns) {
  record Column(String name, boolean key, long typeOid, int typeModifier) {}

  RelationMessage {
    columns = List.copyOf(columns);
  }
}
