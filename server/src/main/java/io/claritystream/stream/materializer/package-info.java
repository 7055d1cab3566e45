/// Folds captured changes into each tenant's read models. [Materializer#apply] is the only way
/// into them, for live events and for replays alike.
///
/// *Owns* every table of `analytics` (model, entities, sites, devices, metric_key, series,
/// metrics_min, extras_text, extras_num, extras_bool, extras_time, extras_key, table_state), and
/// `control.source_table`: versions of captured tables, each with its [Mapping].
///
/// *Models.* All but the dictionaries belongs to a model ([Models]): one building of a source's
/// read models. People see the live one alone, by row-level security; which one events are folded
/// into is the caller's to say.
///
/// *What a row becomes.* A table is mapped once, by [MappingInference], when its schema is first
/// seen, and the mapping is stored; from then on only the mapping counts. Sites and devices are
/// entities with a row of their own in `sites` and `devices`. Readings become minutes of series
/// (`metrics_min`) and are no entities. Every other row is an entity, those of sessions too: their
/// mapping says when each was and why, which nothing folds yet. Columns without a place
/// become typed extras of their entity; those of readings belong to the device, their keys begin
/// with the table's name.
///
/// *Identity.* An entity's id is a hash of tenant, source, kind and key ([Keys]), so a
/// reading that arrives before its device and the device's own row mean the same one. A device
/// known by its readings alone is called by its key. Nothing here is random, and no clock is
/// read.
///
/// *Order.* Events are applied in the order of their numbers. What is stored as a `…_seq` is
/// epoch and number in one, see [Ordinal], so that a later epoch follows an earlier one.
///
/// *A repeated snapshot* holds all rows again, and is folded into a model of its own, which is
/// shown when it is whole. Retired models are deleted in the background ([ModelCleaner]). What the
/// source's database has deleted since is then in bronze alone.
///
/// *Time of a reading.* What its time column says, in UTC where the column has no zone. A time
/// that is null, infinite, unreadable, before 1971, or more than a day after the change was
/// committed is a clock that was never set, or a placeholder: the reading is real, so it is
/// kept, at the time of its commit, and counted in `table_state.times_replaced`.
///
/// *What cannot be folded.* A reading without device or metric, and a row whose key is null or
/// too long, is a [Materializer.Failure]: the caller makes it a dead letter. Numbers that are
/// NaN or infinite are counted in their minute and are in no sum, minimum, maximum or last
/// value. A text in the value column of a tall table becomes an extra of the device.
///
/// *Not yet folded* are updates, deletes and truncates: they are counted, and
/// `table_state.exact` turns false for good. A table without key whose source tells only its
/// inserts is never exact: what it loses or changes cannot be known of.
///
/// *Numbers of metrics and series* come from dictionaries, filled before the batch in short,
/// sorted transactions of their own, because partitions share metric keys. Whatever else is
/// written belongs to one source, hence to one partition.
@NullMarked
@ApplicationModule(
    id = "stream.materializer",
    allowedDependencies = {"base.db", "base.process", "stream.source"})
package io.claritystream.stream.materializer;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
