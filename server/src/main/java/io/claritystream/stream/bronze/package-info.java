/// Bronze: every captured change, raw, once, for as long as retention says.
///
/// # What is kept
/// `bronze.cdc_events` holds a row an event, its payload as
/// [io.claritystream.protocol.block.PayloadJson] writes it. Rows are added by the ingest
/// transaction and never changed. An event's id is a UUIDv8 ([SourceEpoch]): the moment of its
/// capture in front, what tells it from all others behind, so that sending it again makes the same
/// id and a day is a range of ids. The moment is the agent's word, held within bounds
/// ([CaptureWindow]); what the customer's rows say about time never decides where an event is
/// stored.
///
/// # Reading back
/// [SourceHistory] gives a source's events in their order, with the cells that were captured: what
/// its read models are built from anew.
///
/// # Partitions
/// A day is a leaf, made ahead of its time ([BronzePartitions]) by the owner's function
/// `bronze.create_day`. Rows are written straight into their leaf, which saves the routing of each
/// row, and read only through the parent, whose policies hold: a tenant's role has no grant on a
/// leaf.
///
/// # Failure
/// Bronze takes whatever was captured. What PostgreSQL would refuse is wrapped when the payload is
/// written; should it refuse a row all the same, [BronzeBatch#copyOneByOne] stores that row with
/// its whole payload wrapped and says so. A conflict of ids is an alarm: the same event was counted
/// as new twice.
///
/// Owns `bronze.cdc_events`. Used by `stream.ingest` to write; its one route is `GET /v1/events`.
@ApplicationModule(
    id = "stream.bronze",
    allowedDependencies = {"base.db", "base.http", "base.process"})
@NullMarked
package io.claritystream.stream.bronze;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
