package io.claritystream.stream.materializer;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// How the rows of one table become read models. It names columns, so that it reads well in the
/// wizard and survives columns that move; [TablePlan] turns it into positions for one schema.
///
/// Column lists that identify something give the key in this order: the keys of several columns
/// are joined as [Keys] says.
///
/// @param version counts the changes of this table's mapping, from 1
/// @param origin `inferred`, or `person` for a mapping that somebody corrected
/// @param kind the word that tells entities of one source apart whose keys may be the same
///     (`pump` and `vehicle` 17): for a site or a device its own, for a session or a row the
///     table's name, for readings that of the device they are of
/// @param id the columns that identify the entity; empty for readings, and for a table without
///     key
/// @param parent the site of a device, the device of a reading or session; absent where readings
///     name no device: then the table itself stands for one; and where sessions (shifts) are not
///     those of one device
/// @param site the site that readings and sessions name beside their device
/// @param name the column that people know the entity by
/// @param time when a reading was taken; absent: when its transaction committed
/// @param timeUnit how a number in the time column counts, or in those of a session
/// @param metric readings of the tall shape: the column that names the metric
/// @param value the tall shape: the column with the number
/// @param unit the tall shape: the column with the metric's unit
/// @param values readings of the wide shape: the columns that are metrics
/// @param session sessions: what the columns say of each; absent for everything else
/// @param extras the columns kept as typed extras; of sessions and rows, all but the key
/// @param reasons why, one sentence a decision, for people
public record Mapping(
    int version,
    String origin,
    Entity entity,
    String kind,
    List<String> id,
    @Nullable Reference parent,
    @Nullable Reference site,
    @Nullable String name,
    @Nullable String time,
    TimeUnit timeUnit,
    @Nullable String metric,
    @Nullable String value,
    @Nullable String unit,
    List<Value> values,
    @Nullable Session session,
    List<String> extras,
    List<String> reasons) {

  static final String INFERRED = "inferred";

  public Mapping {
    id = List.copyOf(id);
    values = List.copyOf(values);
    extras = List.copyOf(extras);
    reasons = List.copyOf(reasons);
  }

  /// A reference to a site or a device.
  ///
  /// @param columns of this table, in the order of the key they name
  /// @param kind of what is referred to
  /// @param table where it is declared or found to lead, as `namespace.name`; absent if unknown
  public record Reference(List<String> columns, String kind, @Nullable String table) {
    public Reference {
      columns = List.copyOf(columns);
    }
  }

  /// A metric.
  ///
  /// @param column where its numbers are
  /// @param key its name in the API, unique in a workspace
  /// @param name for people
  /// @param unit as people write it, or empty
  public record Value(String column, String key, String name, String unit) {}

  /// Where the rows of a session table say when and what it was. A row either ends as it says
  /// itself, or it begins a state that lasts until the next row of the same device.
  ///
  /// @param start when it began
  /// @param end when it ended, null in rows of sessions that last; absent for a log of states
  /// @param state what the device was doing: always there in a log of states, else absent where
  ///     the table's name says it (a stop, a run)
  /// @param reason why
  public record Session(
      String start, @Nullable String end, @Nullable String state, @Nullable String reason) {

    /// Whether each row begins a state that lasts until the device's next row.
    boolean untilNext() {
      return end == null;
    }
  }

  /// How the time column reads.
  public enum TimeUnit {
    /// A date, a timestamp, or text in ISO 8601.
    TEXT,
    /// A number since 1970; seconds, milli-, micro- or nanoseconds are told by their size.
    EPOCH
  }

  /// Whether each row of readings names its metric.
  boolean tall() {
    return metric != null;
  }
}
