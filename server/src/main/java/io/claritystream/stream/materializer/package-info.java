/// Folds captured changes into each tenant's read models. [Materializer#apply] is the only way
/// into them, for live events and for replays alike.
///
/// *Owns* every table of `analytics` (model, model_table, row_state, entities, sites, devices,
/// metric_key, series, metrics_min, sessions, extras_text, extras_num, extras_bool, extras_time,
/// extras_key, extras_type, table_state), `control.source_table`: versions of captured tables, each
/// with its [Mapping].
///
/// *Models.* All but the dictionaries belongs to a model ([Models]): one building of a source's
/// read models. People see the live one alone, by row-level security; which one events are folded
/// into is the caller's to say.
///
/// *What a row becomes.* A table is mapped once, by [MappingInference], when its schema is first
/// seen, and the mapping is stored; from then on only the mapping counts. Sites and devices are
/// entities with a row of their own in `sites` and `devices`. Readings become minutes of series
/// (`metrics_min`) and are no entities. Every other row is an entity. Those of sessions have a row
/// in `sessions` beside, which says when the device did what and why ([Spans]). Columns without a
/// place
/// become typed extras of their entity; those of readings belong to the device, their keys begin
/// with the table's name, see [ExtraNames].
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
/// source's database has deleted since is then in bronze alone; of tables where it is to stay, all
/// that was ever captured is folded before ([Models.Outset]).
///
/// *Where minutes lie.* They come minute by minute and are read series by series, so those of hours
/// that are over are moved to lie side by side ([PackedMinutes]); what they say stays as it is.
///
/// *Exactness.* `row_state` has what each row of the source contributes now: its image, the device
/// it refers to, what it describes, and its birth, the event that created it. The read models are a
/// function of these rows alone: a minute holds the readings that fall into it, an entity is what
/// the youngest row that describes it says, a device's extras of a table are those of its newest
/// reading there, and a device or site that nothing refers to and no row describes is not. So an
/// update is what the row was, taken back, and what it is, added. A batch says of each row only
/// what it was before and what it is after ([Fold], [Overlay]); inserts of rows that nothing else
/// in the batch changes skip that. What arithmetic cannot take back (the smallest, largest, last
/// value, the newest reading) is asked of `row_state` again when the batch's rows are in it
/// ([Flush]). The cells that an update did not touch come from the stored image.
///
/// *Rows without a key* are found by their image if the source tells whole rows, the eldest first.
/// If it tells only inserts, the table is never exact: what it loses or changes cannot be known of.
///
/// *Rows that the source deletes* are taken back, or stay as history (`on_delete`: `keep`), as
/// the source's table is told when its model is made. A change of a row's key is no deletion.
///
/// *Time of a reading.* What its time column says, in UTC where the column has no zone. A time
/// that is null, infinite, unreadable, before 1971, or more than a day after the change was
/// committed is a clock that was never set, or a placeholder: the reading is real, so it is
/// kept, at the time of its commit, and counted in `table_state.times_replaced`.
///
/// *What cannot be folded.* A reading without device or metric, and a row whose key is null or
/// too long, is a [Materializer.Failure]: the caller makes it a dead letter. Numbers that are
/// NaN or infinite are counted in their minute and are in no sum, minimum, maximum or last
/// value. A text in the value column of a tall table becomes an extra of the device: the newest
/// text of that metric. An update or a delete that does not tell which row it is of is a failure
/// too.
///
/// *Numbers of metrics and series* come from dictionaries, filled before the batch in short,
/// sorted transactions of their own, because partitions share metric keys. Whatever else is
/// written belongs to one source, hence to one partition.
@NullMarked
@ApplicationModule(
    id = "stream.materializer",
    allowedDependencies = {
      "base.db",
      "base.process",
      "stream.bronze",
      "stream.deadletter",
      "stream.source"
    })
package io.claritystream.stream.materializer;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
