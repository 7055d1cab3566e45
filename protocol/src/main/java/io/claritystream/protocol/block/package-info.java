/// A *block* is what one batch carries: captured changes of one source, in delivery order, as bytes
/// that are made once by the agent, kept in its spool, sent, and stored by Kafka as they are.
///
/// ```
/// block   := 0x01 entry*
/// entry   := 0x01 schema       index, fingerprint (8 bytes), length, bytes of TableSchema
///          | 0x02 transaction  xid, commit position, zigzag commit time in µs,
///                              how many events of it came before this point
///          | 0x03 end          position behind it: all events so far are whole transactions
///          | 0x04 snapshot begins (position)
///          | 0x05 snapshot ends (position)
///          | 0x10 + op         schema index, zigzag position delta, captured-at delta,
///                              parts, image*
/// parts   := bit 0 old key, bit 1 before, bit 2 after, in this order
/// image   := cell*             one a column of the schema (for the old key: one a key column)
/// cell    := 0 null | 1 unchanged | 2 dropped | 3 redacted | 4 omitted
///          | 5 + 2 × length + hashed, bytes
/// ```
///
/// All integers are LEB128 varints. A value is the source's own text output in UTF-8, never
/// re-typed on the way: what it means is decided once, by its column's [ValueKind], where it is
/// folded. A block stands alone: each schema it uses precedes its first use. Only the `op` entries
/// are numbered: the first has the batch's `first_seq`. Position deltas start from 0 in each block,
/// captured-at deltas from the batch header's `first_captured_at_us`.
@NullMarked
package io.claritystream.protocol.block;

import org.jspecify.annotations.NullMarked;
