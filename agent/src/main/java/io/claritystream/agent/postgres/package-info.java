/// Captures a PostgreSQL database: a snapshot by COPY and the stream by pgoutput, cut exactly at
/// the place in the log where the slot begins.
///
/// - Publications `clarity_…` (tables whose rows can be told apart) and `clarity_…_inserts` (the
///   others, of which only inserts and truncates are published, because publishing more would
///   make the customer's own UPDATE and DELETE fail). They name their tables and publish
///   partitioned tables as their root: TRUNCATE or DETACH of a single partition is not told, so the
///   catalogue is watched for it ([Reconciliation]).
/// - One slot. Its confirmed position moves only over whole transactions that are safe behind us.
/// - Values are the text of PostgreSQL's own output functions, under settings that are made and
///   read back on every connection ([Settings]).
/// - Single tables come, are read again and go beside the stream ([TableCopies], [CapturedTable]).
///
/// States of a capture: snapshot → stream. A snapshot that is cut short is begun again in a new
/// epoch. A stream that is cut short goes on behind the last whole transaction in the spool and
/// drops, of the one after it, as many events as were spooled already.
///
/// Failure: a lost connection or a restarting server is waited out. A slot that is gone, a
/// database that is another one, or a log that does not reach back to where the spool ends, asks
/// for a new epoch. A missing right or a wrong setting is told and tried again.
@NullMarked
package io.claritystream.agent.postgres;

import org.jspecify.annotations.NullMarked;
