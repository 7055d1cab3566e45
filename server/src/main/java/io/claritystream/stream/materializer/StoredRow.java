package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A row of `row_state` as a batch found it.
///
/// @param place where PostgreSQL keeps it, for as long as the transaction does not write it
/// @param atUs [Moment#NONE] if it has no time
record StoredRow(
    String place,
    TablePlan plan,
    byte @Nullable [] key,
    long born,
    @Nullable UUID refers,
    @Nullable UUID describes,
    long atUs,
    Row row) {}
