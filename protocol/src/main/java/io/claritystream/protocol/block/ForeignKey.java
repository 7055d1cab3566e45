package io.claritystream.protocol.block;

import java.util.List;

/// A declared reference from columns of a table to columns of another.
public record ForeignKey(
    List<String> columns, String targetNamespace, String targetTable, List<String> targetColumns) {
  public ForeignKey {
    columns = List.copyOf(columns);
    targetColumns = List.copyOf(targetColumns);
  }
}
