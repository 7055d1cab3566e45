/// From the bus into bronze and the read models: **one transaction a batch, one writer a
/// partition**.
///
/// # Authority
/// (source, epoch, seq) is a total order, numbered by the agent. A source keeps one partition; a
/// partition is worked by one [PartitionWorker]. What was taken is written in the transaction that
/// took it: `checkpoint_partition` (how far the partition was read, in which topic) and
/// `checkpoint_source` (how far each source is durable). Kafka's own offsets say nothing here.
/// Whose events they are is what `control.source` says, never what a batch says.
///
/// # A record's way
/// | step | ends in |
/// |---|---|
/// | admit: header, source, tenant, partition | a [SourceLine], or dropped with a reason
/// ([IngestMetrics.Drop]) |
/// | [Sequence]: its numbers against the source's mark | [Sequence.Verdict] |
/// | decode, number the table versions, build the row for bronze | events, or a corrupt batch |
/// | [Draft]: until [Pace] or a limit says it is enough | handed to the committer |
/// | [IngestTransaction]: fence, COPY, fold, dead letters, checkpoints, COMMIT |
/// [IngestTransaction.Outcome] |
/// | afterwards: durable marks, live updates | |
///
/// The first four run on one thread, the transaction on another, so the next batch is decoded while
/// this one commits. A draft that was handed over is committed as it is or not at all, so marks may
/// run ahead of the database while it is on its way.
///
/// # The fence
/// A transaction begins by moving `next_offset` on from where this process believes it stands;
/// whoever finds it elsewhere writes nothing, drops all it remembers and reads again. Each source's
/// mark is moved the same way, from the very epoch, session and number that the draft was built on.
/// A process that was stopped for an hour between COPY and COMMIT cannot commit.
///
/// # Models
/// A source's events are folded into the model that `checkpoint_source.model_id` names, which is
/// part of the mark's fence. A repeated snapshot makes a new one, shown when the snapshot ends; or,
/// where deleted rows are kept, which no snapshot holds, one that follows from bronze. A
/// model that is built anew, or of which too many events are refused, or a large table gets another
/// key, follows from bronze ([ModelFollower]), in steps of its own, and takes its place, or takes
/// it again, when it has caught up: the last step keeps the partition from being moved meanwhile.
///
/// # Packing
/// Minutes of hours that are over are laid side by side on the disk ([MinutePacker]), a portion at
/// a time, in a transaction that keeps the partition from being moved while it lasts.
///
/// # Failure
/// - A record that does not follow its source's mark: repeated ones are dropped; one that leaves
///   numbers out is discarded with all after it until the missing ones come again, for which the
///   gateway is asked at once.
/// - A batch that cannot be decoded: when its checksum is wrong it is asked for again, a few times;
///   after that, or when the checksum is right, it becomes one dead letter for its whole range,
///   which keeps the batch as it came. So does one whose table the database refuses to know, and
///   one that a session ended at twice.
/// - A batch that was not made after the one that is durable before it (its digest says so) is
///   discarded: whoever sent it continues another history.
/// - A fault of the data (SQLSTATE 22, 23, 54, or the mapping's): the transaction is done again
///   under savepoints, halving until the guilty events stand alone; those become dead letters and
///   their rows are in the model's quarantine. Where they are too many, the model falls behind.
///   What is refused even so is tried record by record, and the guilty record is treated as one
///   that cannot be decoded.
/// - Any other fault is a passing one: rolled back, and the same draft tried again, for ever, with
///   growing pauses. It never makes a dead letter.
///
/// Owns `control.checkpoint_partition` and `control.checkpoint_source`.
@ApplicationModule(
    id = "stream.ingest",
    allowedDependencies = {
      "base.db",
      "base.live",
      "base.process",
      "stream.bronze",
      "stream.bus",
      "stream.deadletter",
      "stream.materializer",
      "stream.source"
    })
@NullMarked
package io.claritystream.stream.ingest;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
