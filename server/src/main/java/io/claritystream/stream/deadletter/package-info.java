/// Dead letters: what could not be folded into the read models, and why.
///
/// A dead letter names its event (source, epoch, seq), its cause from a closed list ([Cause]), what
/// PostgreSQL or the mapping said, and shows a sample. The event itself is in bronze; where its
/// batch could not be decoded, the letter keeps that batch as it came. It is written in the
/// transaction of the batch it belongs to, so there is neither a dead letter without its batch nor
/// a batch without its dead letters; the same event makes the same one again.
///
/// The row of an event that the database refused is in quarantine: what is captured of it later is
/// not folded either, or a newer state would stand on one that is missing. Quarantine is the
/// model's: one that is built anew, by a repeated snapshot or a rebuild, begins without; and a
/// table that is emptied has none left. Letters have limits: a thousand open letters a table, a
/// hundred a batch, and of a source twice as many as are kept, whatever became of them; the events
/// beyond them are within a range, which is one letter. Of a thousand
/// ranges of a source the last one reaches on, over whatever is refused as it comes; what a model
/// that is built anew refuses beyond them has no letter, only a table that is not exact.
///
/// Letters are kept for ninety days, and ten thousand of a source; the oldest beyond that are
/// dropped by night, and counted ([DeadLetterRetention]). Events are in bronze all the same, and
/// their tables stay marked as not exact until the rows are mended, or the tables emptied or read
/// again.
///
/// What bronze refused, and a batch that nobody could read, is missing for good. Who says how exact
/// a table is (`stream.source`) looks for such letters, as nothing else knows; so the newest of
/// each table, and of no table, stays until a person dismisses it.
///
/// A letter is settled once what is shown holds nothing of its failure ([Settlements]); what is
/// open a person may dismiss ([Dismissals]).
///
/// Owns `control.dead_letter`, `control.dead_letter_dropped` and `control.quarantine`. Written by
/// `stream.ingest`; people read them by `GET /v1/dead-letters` and its `groups`.
@ApplicationModule(
    id = "stream.deadletter",
    allowedDependencies = {"base.db", "base.http", "base.process", "control.audit"})
@NullMarked
package io.claritystream.stream.deadletter;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
