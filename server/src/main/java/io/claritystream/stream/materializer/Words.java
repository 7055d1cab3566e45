package io.claritystream.stream.materializer;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// What names of tables and columns say. English first, with the commonest words of German,
/// French and Spanish plants.
final class Words {
  private static final int NAME_CHARS_MAX = 256;

  static final Set<String> SITES =
      Set.of(
          "site",
          "plant",
          "factory",
          "facility",
          "location",
          "depot",
          "warehouse",
          "mill",
          "yard",
          "terminal",
          "campus",
          "refinery",
          "mine",
          "quarry",
          "farm",
          "premises",
          "workshop",
          "building",
          "hub",
          "werk",
          "standort",
          "usine",
          "planta",
          "fabrica");

  /// Words that are sites only beside other evidence.
  static final Set<String> SITES_WEAK = Set.of("branch", "area", "zone", "region", "station");

  static final Set<String> DEVICES =
      Set.of(
          "device",
          "machine",
          "asset",
          "equipment",
          "pump",
          "vehicle",
          "sensor",
          "motor",
          "compressor",
          "turbine",
          "robot",
          "meter",
          "truck",
          "boiler",
          "chiller",
          "valve",
          "tank",
          "conveyor",
          "mixer",
          "filler",
          "oven",
          "furnace",
          "generator",
          "inverter",
          "plc",
          "probe",
          "instrument",
          "elevator",
          "lift",
          "crane",
          "forklift",
          "engine",
          "locomotive",
          "wagon",
          "vessel",
          "drone",
          "charger",
          "transformer",
          "fan",
          "blower",
          "separator",
          "centrifuge",
          "extruder",
          "capper",
          "labeler",
          "labeller",
          "palletizer",
          "packer",
          "gearbox",
          "spindle",
          "cnc",
          "lathe",
          "silo",
          "kiln",
          "reactor",
          "excavator",
          "tractor",
          "harvester",
          "battery",
          "heater",
          "cooler",
          "dryer",
          "evaporator",
          "thermostat",
          "gateway",
          "controller",
          "kettle",
          "fermenter",
          "dispenser",
          "kiosk",
          "maschine",
          "anlage",
          "geraet",
          "gerät",
          "fahrzeug",
          "pumpe",
          "zaehler",
          "capteur",
          "appareil",
          "maquina",
          "equipo",
          "appliance",
          "aggregate",
          "apparatus",
          "installation",
          "turbogenerator",
          "borehole",
          "well");

  /// Words that are devices only beside other evidence.
  static final Set<String> DEVICES_WEAK =
      Set.of(
          "line",
          "unit",
          "node",
          "thing",
          "press",
          "train",
          "bus",
          "car",
          "ship",
          "panel",
          "module",
          "cell",
          "fleet",
          "station",
          "terminal",
          "engine",
          "string",
          "rig",
          "belt",
          "box",
          "printer",
          "linie");

  static final Set<String> READINGS =
      Set.of(
          "reading",
          "measurement",
          "measure",
          "telemetry",
          "metric",
          "sample",
          "observation",
          "datapoint",
          "timeseries",
          "messwert",
          "messung",
          "mesure",
          "medicion",
          "lectura");

  static final Set<String> READINGS_WEAK =
      Set.of(
          "data",
          "value",
          "log",
          "history",
          "historian",
          "trend",
          "record",
          "signal",
          "series",
          "stat",
          "state",
          "status",
          "archive",
          "tick",
          "point",
          "monitoring",
          "consumption",
          "raw",
          "minute",
          "hour",
          "live",
          "latest",
          "current",
          "position",
          "wert");

  static final Set<String> SESSIONS =
      Set.of(
          "session",
          "run",
          "shift",
          "stop",
          "stoppage",
          "downtime",
          "outage",
          "trip",
          "batch",
          "cycle",
          "state",
          "job",
          "production",
          "interval",
          "breakdown",
          "standstill",
          "stillstand",
          "interruption");

  /// Where one of these appears the table is about something else than readings.
  static final Set<String> BUSINESS =
      Set.of(
          "order",
          "invoice",
          "payment",
          "maintenance",
          "alarm",
          "alert",
          "ticket",
          "assignment",
          "schedule",
          "booking",
          "purchase",
          "sale",
          "customer",
          "fault",
          "incident",
          "task",
          "config",
          "configuration",
          "setting",
          "threshold",
          "limit",
          "target",
          "budget",
          "price",
          "cost",
          "user",
          "employee",
          "account",
          "product",
          "item",
          "inventory",
          "stock",
          "inspection",
          "audit",
          "document",
          "contract",
          "warranty",
          "calibration",
          "note",
          "comment",
          "repair",
          "service",
          "rental",
          "reservation",
          "delivery",
          "shipment",
          "part",
          "spare",
          "recipe",
          "rule",
          "notification",
          "permission",
          "login",
          "event",
          "command",
          "firmware");

  /// Endings of columns that refer to something: what precedes them says to what.
  static final Set<String> REFERENCE_ENDINGS =
      Set.of(
          "id",
          "key",
          "code",
          "no",
          "nr",
          "num",
          "number",
          "serial",
          "sn",
          "ref",
          "uuid",
          "guid",
          "fk",
          "name",
          "ident",
          "identifier",
          "eui");

  private static final Set<String> PREFIXES =
      Set.of("tbl", "tb", "t", "dim", "fact", "fct", "stg", "vw", "v", "app", "tab", "d", "f");

  private Words() {}

  /// The words of a name, in lower case: `tblPumpReadings`, `PUMP_READINGS` and `pump-readings`
  /// have the same, but for the prefix, which [#ofTable] takes off.
  static List<String> of(String name) {
    var words = new ArrayList<String>();
    var word = new StringBuilder();
    var length = Math.min(name.length(), NAME_CHARS_MAX);
    for (var i = 0; i < length; i++) {
      var c = name.charAt(i);
      if (!Character.isLetterOrDigit(c)) {
        end(words, word);
        continue;
      }
      if (Character.isUpperCase(c) && i > 0 && !word.isEmpty()) {
        var afterLower = Character.isLowerCase(name.charAt(i - 1));
        var beforeLower =
            Character.isUpperCase(name.charAt(i - 1))
                && i + 1 < length
                && Character.isLowerCase(name.charAt(i + 1));
        if (afterLower || beforeLower) {
          end(words, word);
        }
      }
      word.append(c);
    }
    end(words, word);
    return words;
  }

  private static void end(List<String> words, StringBuilder word) {
    if (!word.isEmpty()) {
      words.add(word.toString().toLowerCase(Locale.ROOT));
      word.setLength(0);
    }
  }

  /// The words of a table's name in the singular, without a prefix such as `tbl_` and with words
  /// written together taken apart where the second half is known: `sensordata`.
  static List<String> ofTable(String name) {
    var words = new ArrayList<String>();
    for (var word : of(name)) {
      var apart = apart(singular(word));
      words.addAll(apart);
    }
    if (words.size() > 1 && PREFIXES.contains(words.getFirst())) {
      words.removeFirst();
    }
    return words;
  }

  /// What the rows of a table say that something did: `stop` of `machine_stop_log`.
  static String ofDeed(String tableName) {
    var words = ofTable(tableName);
    for (var word : words.reversed()) {
      if (SESSIONS.contains(word)) {
        return word;
      }
    }
    return words.isEmpty() ? "session" : Keys.shortened(words.getLast());
  }

  private static List<String> apart(String word) {
    if (known(word)) {
      return List.of(word);
    }
    for (var i = 3; i <= word.length() - 3; i++) {
      var head = word.substring(i);
      var front = singular(word.substring(0, i));
      if ((READINGS.contains(head) || head.equals("data") || head.equals("log"))
          && (DEVICES.contains(front) || SITES.contains(front))) {
        return List.of(front, head);
      }
    }
    return List.of(word);
  }

  private static boolean known(String word) {
    return SITES.contains(word)
        || DEVICES.contains(word)
        || READINGS.contains(word)
        || READINGS_WEAK.contains(word)
        || BUSINESS.contains(word)
        || SESSIONS.contains(word);
  }

  static String singular(String word) {
    if (known(word) || word.length() < 4) {
      return word;
    }
    if (word.endsWith("ies")) {
      return word.equals("series") ? word : word.substring(0, word.length() - 3) + "y";
    }
    if (word.endsWith("sses")
        || word.endsWith("xes")
        || word.endsWith("ches")
        || word.endsWith("shes")
        || word.equals("buses")
        || word.equals("statuses")) {
      return word.substring(0, word.length() - 2);
    }
    if (word.endsWith("maschinen")
        || word.endsWith("anlagen")
        || word.endsWith("pumpen")
        || word.endsWith("linien")) {
      return word.substring(0, word.length() - 1);
    }
    if (word.endsWith("messwerte") || word.endsWith("standorte") || word.endsWith("geräte")) {
      return word.substring(0, word.length() - 1);
    }
    if (word.endsWith("s")
        && !word.endsWith("ss")
        && !word.endsWith("us")
        && !word.endsWith("is")) {
      return word.substring(0, word.length() - 1);
    }
    return word;
  }
}
