package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.TableSchema;
import java.util.Map;

/// Guesses what a table's rows are from its names, types, keys, references and comments. Every
/// decision leaves a sentence for the person who checks it. The guess errs towards plain rows: a
/// table that is wrongly a device disturbs the fleet, a table that is wrongly a row is still
/// there.
///
/// The decisions, in their order; the first that holds is taken:
///
/// 1. [TableFacts] reads the schema: the words of its name, its key, its references.
/// 2. [References] looks for the device and for the site that its rows name.
/// 3. *Evident sessions* ([SessionTables]): named as spans of time that begin and end, or logs of
///    states that measure nothing. [SessionColumns] finds begin, end, state and reason.
/// 4. *Readings* ([ReadingTables]): a time, a device, and numbers ([Measures]); which of several
///    times it is, [TimeColumns] says.
/// 5. *Devices*, then *sites* ([ThingTables]): by the noun of their name and a key.
/// 6. *Likely sessions*: what begins and ends at a device, or logs its states beside numbers that
///    made no readings.
/// 7. *Rows*: anything else.
///
/// What is guessed of one table uses what is known of the others ([KnownTables]), which come in
/// any order.
final class MappingInference {
  private MappingInference() {}

  /// @param known the mappings of the source's other tables so far, by `namespace.name`
  static Mapping infer(TableSchema schema, Map<String, Mapping> known) {
    var table = new TableFacts(schema);
    if (table.columns().isEmpty()) {
      return rows(table, "has no columns.");
    }
    var others = new KnownTables(known);
    var device = References.toDevice(table, others);
    var site = References.toSite(table, others);

    var sessions = new SessionTables(table, device, site);
    var evident = sessions.evident();
    if (evident != null) {
      return evident;
    }
    var readings = new ReadingTables(table, device, site).readings();
    if (readings != null) {
      return readings;
    }
    var things = new ThingTables(table, others);
    var devices = things.devices(site);
    if (devices != null) {
      return devices;
    }
    var sites = things.sites();
    if (sites != null) {
      return sites;
    }
    var likely = sessions.likely();
    if (likely != null) {
      return likely;
    }
    return rows(table, "nothing in it looks like sites, devices, readings or sessions.");
  }

  private static Mapping rows(TableFacts table, String why) {
    return MappingDraft.ofRows(table, Entity.ROW, "Plain rows: " + why).done();
  }

  /// A mapping that holds on for another version of its table: columns that came are metrics or
  /// extras, columns that went are left out.
  static Mapping extend(Mapping previous, TableSchema schema, Map<String, Mapping> known) {
    return MappingExtension.of(previous, new TableFacts(schema), new KnownTables(known));
  }
}
