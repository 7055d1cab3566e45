package io.claritystream.protocol.block;

import org.jspecify.annotations.Nullable;

/// One captured change.
///
/// @param seq the number the agent gave it: with source and epoch its identity and its order
/// @param schemaFingerprint tells versions of the table apart
/// @param position where it stands in the source's log (PostgreSQL: LSN); not an order, not unique
/// @param xid the source's transaction, 0 in a snapshot
/// @param commitPosition where its transaction's commit stands
/// @param committedAtUs when its transaction committed at the source (a snapshot row: when the
///     snapshot was taken), microseconds since 1970
/// @param capturedAtUs when the agent numbered it
/// @param oldKey key columns before the change, where the source tells them apart from `before`
/// @param before the row before the change, where the source tells it
/// @param after the row after the change; absent in deletes and truncates
public record ChangeEvent(
    Op op,
    long seq,
    TableSchema schema,
    long schemaFingerprint,
    long position,
    long xid,
    long commitPosition,
    long committedAtUs,
    long capturedAtUs,
    @Nullable Row oldKey,
    @Nullable Row before,
    @Nullable Row after) {}
