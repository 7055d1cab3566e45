package io.claritystream.stream.materializer;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// Reads the unit out of a column's name or comment, and makes a name for people of what is
/// left: `bowl_pressure_bar` is "Bowl pressure" in bar.
final class Units {
  /// A metric's name and unit; the unit is empty where none was found.
  record Named(String name, String unit) {}

  private static final Map<String, String> BY_ENDING = new HashMap<>();

  static {
    var spellings =
        """
        bar bar | mbar mbar | hpa hPa | kpa kPa | mpa MPa | pa Pa | psi psi
        c °C | degc °C | deg_c °C | celsius °C | degrees_c °C | f °F | degf °F | deg_f °F | fahrenheit °F | kelvin K
        kwh kWh | mwh MWh | wh Wh | kw kW | mw MW | w W | watt W | watts W | kva kVA | kvar kvar | kvarh kvarh | mj MJ | kj kJ | gj GJ
        v V | mv mV | kv kV | volt V | volts V | a A | ma mA | amp A | amps A | ampere A | ah Ah | ohm Ω
        hz Hz | khz kHz | mhz MHz | rpm rpm | mm_s mm/s | mms mm/s | mm_per_s mm/s | mm_sec mm/s | m_s m/s | mps m/s | m_per_s m/s
        m_s2 m/s² | mm_s2 mm/s² | km_h km/h | kmh km/h | kph km/h | mph mph | knots kn
        mm mm | cm cm | m m | km km | um µm | micron µm | microns µm | inch in | ft ft
        pct % | percent % | perc % | rh % | l_min L/min | lpm L/min | l_per_min L/min | lmin L/min | l_s L/s | l_h L/h | lph L/h | gpm gpm
        m3_h m³/h | m3h m³/h | m3_per_h m³/h | m3_min m³/min | m3_s m³/s | nm3_h Nm³/h | cfm cfm | m3 m³ | hl hL | hl_h hL/h
        l L | liter L | liters L | litre L | litres L | ml mL | gal gal | kg kg | mg mg | t t | tons t | tonnes t | kg_h kg/h | t_h t/h | lb lb
        s s | sec s | secs s | seconds s | ms ms | millis ms | milliseconds ms | us µs | min min | mins min | minutes min | h h | hrs h | hours h | days d
        ppm ppm | ppb ppb | db dB | dba dB(A) | lux lx | lx lx | nm N·m | kn kN | deg ° | degrees ° | ntu NTU | us_cm µS/cm | ms_cm mS/cm | mg_l mg/L | g_l g/L
        bph /h | per_h /h | per_hour /h | per_min /min | per_minute /min | per_s /s | bpm /min | cpm /min | eur EUR | usd USD | bytes B | kb kB | mb MB | gb GB | w_m2 W/m²
        """;
    for (var spelling : spellings.split("[|\n]")) {
      var parts = spelling.strip().split(" ", 2);
      if (parts.length == 2) {
        BY_ENDING.put(parts[0], parts[1]);
      }
    }
  }

  private static final Set<String> UNITS = new TreeSet<>(BY_ENDING.values());

  /// Units that are words of their own where nothing stands before them.
  private static final Set<String> SPANS_OF_TIME = Set.of("s", "min", "h", "d");

  private static final Map<String, String> WHOLE_WORDS =
      Map.ofEntries(
          Map.entry("temp", "temperature"),
          Map.entry("tmp", "temperature"),
          Map.entry("vib", "vibration"),
          Map.entry("press", "pressure"),
          Map.entry("hum", "humidity"),
          Map.entry("pwr", "power"),
          Map.entry("spd", "speed"),
          Map.entry("lvl", "level"),
          Map.entry("curr", "current"),
          Map.entry("volt", "voltage"),
          Map.entry("freq", "frequency"),
          Map.entry("avg", "average"));

  private static final Set<String> CAPITALS =
      Set.of("rpm", "oee", "co2", "o2", "no2", "voc", "rms", "soc", "cpu", "gps", "cop", "tds");

  /// Units as comments give them: "Pressure [bar]", "temperature (°C)", "power in kW", "unit:
  /// rpm".
  private static final Pattern IN_COMMENT =
      Pattern.compile(
          "[\\[(]\\s*([^\\])\\s]{1,12})\\s*[\\])]|\\bunit[:=]?\\s+(\\S{1,12})|\\bin\\s+(\\S{1,12})",
          Pattern.CASE_INSENSITIVE);

  private static final int COMMENT_CHARS_MAX = 400;
  private static final int NAME_CHARS_MAX = 80;
  private static final int WORDS_IN_UNIT_MAX = 3;

  private Units() {}

  /// @param siblings the names of all columns of the table: `phase_a` beside `phase_b` is no
  ///     ampere
  static Named of(String column, String comment, Collection<String> siblings) {
    var words = Words.of(column);
    if (words.isEmpty()) {
      return new Named(column.isBlank() ? "Value" : column.strip(), inComment(comment));
    }
    for (var count = Math.min(WORDS_IN_UNIT_MAX, words.size()); count > 0; count--) {
      var ending = String.join("_", words.subList(words.size() - count, words.size()));
      var unit = BY_ENDING.get(ending);
      if (unit == null) {
        continue;
      }
      var stem = words.subList(0, words.size() - count);
      if (stem.isEmpty()) {
        return wholeNameIsUnit(words, ending, unit, comment);
      }
      if (ending.length() == 1 && numbersItsSiblings(stem, siblings)) {
        break;
      }
      // Relative humidity is a word and a unit at once.
      return new Named(
          humanized(ending.equals("rh") ? List.of("relative", "humidity") : stem), unit);
    }
    return new Named(humanized(words), inComment(comment));
  }

  /// A column called just `rpm` or `kwh` is named by its unit; one called `c` or `t` tells
  /// nothing. `minutes` says what is counted, and `min` may as well be the least of something.
  private static Named wholeNameIsUnit(
      List<String> words, String ending, String unit, String comment) {
    if (ending.length() == 1 || SPANS_OF_TIME.contains(unit)) {
      return new Named(humanized(words), inComment(comment));
    }
    return new Named(
        unit.length() > 1 && !CAPITALS.contains(ending) ? unit : humanized(words), unit);
  }

  /// Whether several columns differ only in a last letter, and so the letter counts them.
  private static boolean numbersItsSiblings(List<String> stem, Collection<String> siblings) {
    var same = 0;
    for (var sibling : siblings) {
      var words = Words.of(sibling);
      if (words.size() == stem.size() + 1
          && words.getLast().length() == 1
          && words.subList(0, stem.size()).equals(stem)) {
        same++;
      }
    }
    return same > 1;
  }

  /// The unit that a comment names, or an empty text.
  static String inComment(String comment) {
    if (comment.isEmpty()) {
      return "";
    }
    var found =
        IN_COMMENT.matcher(
            comment.length() > COMMENT_CHARS_MAX
                ? comment.substring(0, COMMENT_CHARS_MAX)
                : comment);
    while (found.find()) {
      for (var group = 1; group <= found.groupCount(); group++) {
        var spelled = found.group(group);
        if (spelled != null) {
          var unit = known(spelled.replaceAll("[.,;]+$", ""));
          if (!unit.isEmpty()) {
            return unit;
          }
        }
      }
    }
    return "";
  }

  /// A unit as data spell it, in our spelling; empty if it is none that we know.
  static String known(String spelled) {
    if (UNITS.contains(spelled)) {
      return spelled;
    }
    var plain =
        spelled.toLowerCase(Locale.ROOT).replace('/', '_').replace("³", "3").replace("²", "2");
    var unit = BY_ENDING.get(plain);
    if (unit != null && plain.length() > 1) {
      return unit;
    }
    for (var candidate : UNITS) {
      if (candidate.equalsIgnoreCase(spelled)) {
        return candidate;
      }
    }
    return "";
  }

  /// A unit as data spell it: in our spelling if it is one that we know, else as it came.
  static String spelled(String unit) {
    var stripped = unit.strip();
    var known = known(stripped);
    return known.isEmpty() ? Keys.shortened(stripped) : known;
  }

  private static String humanized(List<String> words) {
    var name = new StringBuilder();
    for (var word : words) {
      if (!name.isEmpty()) {
        name.append(' ');
      }
      name.append(
          CAPITALS.contains(word)
              ? word.toUpperCase(Locale.ROOT)
              : word.equals("ph") ? "pH" : WHOLE_WORDS.getOrDefault(word, word));
      if (name.length() > NAME_CHARS_MAX) {
        name.setLength(NAME_CHARS_MAX);
        break;
      }
    }
    return name.toString().startsWith("pH") ? name.toString() : capitalized(name.toString());
  }

  private static String capitalized(String text) {
    if (text.isEmpty()) {
      return text;
    }
    var first = text.codePointAt(0);
    return Character.toString(Character.toUpperCase(first))
        + text.substring(Character.charCount(first));
  }
}
