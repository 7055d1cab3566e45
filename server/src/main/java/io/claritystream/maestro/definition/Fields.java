package io.claritystream.maestro.definition;

import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The members of one object of a document. What is wrong is noted, with its pointer, and reading
/// goes on, so that all flaws are found at once. A member that is null is as one that is not there.
final class Fields {
  static final int FLAWS_MAX = 100;

  private final Map<?, ?> members;
  private final String pointer;
  private final List<Flaw> flaws;
  private final Set<String> known = new HashSet<>();

  private Fields(Map<?, ?> members, String pointer, List<Flaw> flaws) {
    this.members = members;
    this.pointer = pointer;
    this.flaws = flaws;
  }

  /// Of a value that should be an object; of one that is not, an empty one.
  static Fields of(@Nullable Object value, String pointer, List<Flaw> flaws) {
    if (value instanceof Map<?, ?> members) {
      return new Fields(members, pointer, flaws);
    }
    flaw(flaws, pointer, "wrong_type", "must be an object", "Send {…} here.");
    return new Fields(Map.of(), pointer, flaws);
  }

  /// Notes every member that nobody asked for.
  void done() {
    for (Object name : members.keySet()) {
      if (!known.contains(name)) {
        flaw(
            flaws,
            Flaw.at(pointer, name),
            "unknown_field",
            "is not a known field",
            "Remove it, or see the schema for how it is called"
                + (known.isEmpty() ? "." : "; known here: " + String.join(", ", sorted()) + "."));
      }
    }
  }

  private List<String> sorted() {
    return known.stream().sorted().toList();
  }

  boolean has(String name) {
    known.add(name);
    return members.get(name) != null;
  }

  /// Any JSON; null if it is not there.
  @Nullable Object value(String name) {
    known.add(name);
    return members.get(name);
  }

  /// Any JSON, which must be there.
  Object required(String name) {
    Object value = value(name);
    if (value == null) {
      flaw(name, "required", "is required", "Add it.");
      return "";
    }
    return value;
  }

  String text(String name, int lengthMax) {
    Object value = value(name);
    if (value == null) {
      flaw(name, "required", "is required", "Add it, as a text.");
      return "";
    }
    return text(name, value, lengthMax);
  }

  @Nullable String optionalText(String name, int lengthMax) {
    Object value = value(name);
    return value == null ? null : text(name, value, lengthMax);
  }

  private String text(String name, Object value, int lengthMax) {
    if (!(value instanceof String text)) {
      flaw(name, "wrong_type", "must be a text", "Put it in quotes.");
      return "";
    }
    if (text.codePointCount(0, text.length()) > lengthMax) {
      flaw(name, "too_long", "has more than " + lengthMax + " characters", "Shorten it.");
    }
    return text;
  }

  /// A text of a pattern; `what` says in words how it must look.
  String matching(String name, Pattern pattern, String what) {
    String text = text(name, WorkflowDocument.NAME_MAX);
    if (members.get(name) instanceof String && !pattern.matcher(text).matches()) {
      flaw(name, "bad_value", "must be " + what, "Call it otherwise.");
    }
    return text;
  }

  int integer(String name, int least, int most, int otherwise) {
    Object value = value(name);
    if (value == null) {
      return otherwise;
    }
    return switch (value) {
      case Long number when number >= least && number <= most -> number.intValue();
      case Long outside -> outOfRange(name, least, most, otherwise);
      case BigInteger outside -> outOfRange(name, least, most, otherwise);
      default -> {
        flaw(name, "wrong_type", "must be a whole number", "Send a number without quotes.");
        yield otherwise;
      }
    };
  }

  private int outOfRange(String name, int least, int most, int otherwise) {
    flaw(name, "out_of_range", "must be from " + least + " to " + most, "Choose one in between.");
    return otherwise;
  }

  double number(String name, double least, double most, double otherwise) {
    Object value = value(name);
    if (value == null) {
      return otherwise;
    }
    if (!(value instanceof Number number)) {
      flaw(name, "wrong_type", "must be a number", "Send a number without quotes.");
      return otherwise;
    }
    if (number.doubleValue() < least || number.doubleValue() > most) {
      flaw(name, "out_of_range", "must be from " + least + " to " + most, "Choose one in between.");
      return otherwise;
    }
    return number.doubleValue();
  }

  /// A number of milliseconds.
  Duration millis(String name, Duration most, Duration otherwise) {
    return Duration.ofMillis(
        integer(
            name,
            1,
            (int) Math.min(most.toMillis(), Integer.MAX_VALUE),
            (int) otherwise.toMillis()));
  }

  /// A number of seconds.
  Duration seconds(String name, Duration most, Duration otherwise) {
    return Duration.ofSeconds(
        integer(name, 1, (int) most.toSeconds(), (int) otherwise.toSeconds()));
  }

  boolean flag(String name, boolean otherwise) {
    Object value = value(name);
    if (value == null) {
      return otherwise;
    }
    if (!(value instanceof Boolean flag)) {
      flaw(name, "wrong_type", "must be true or false", "Send it without quotes.");
      return otherwise;
    }
    return flag;
  }

  /// One of the words, which are the enum's constants in lower case.
  <E extends Enum<E>> E word(String name, Class<E> words, E otherwise) {
    Object value = value(name);
    if (value == null) {
      return otherwise;
    }
    for (E word : words.getEnumConstants()) {
      if (word(word).equals(value)) {
        return word;
      }
    }
    String allowed =
        Arrays.stream(words.getEnumConstants()).map(Fields::word).collect(Collectors.joining(", "));
    flaw(name, "not_allowed", "is not one of: " + allowed, "Use one of them.");
    return otherwise;
  }

  static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  String oneOf(String name, List<String> words) {
    Object value = required(name);
    if (value instanceof String text && words.contains(text)) {
      return text;
    }
    if (members.get(name) != null) {
      flaw(name, "not_allowed", "is not one of: " + String.join(", ", words), "Use one of them.");
    }
    return words.getFirst();
  }

  /// A list of texts of a pattern; `otherwise` if it is not there.
  List<String> texts(String name, Pattern pattern, String what, int most, List<String> otherwise) {
    if (value(name) == null) {
      return otherwise;
    }
    return list(
        name,
        most,
        (value, at) -> {
          if (value instanceof String text && pattern.matcher(text).matches()) {
            return text;
          }
          flaw(flaws, at, "bad_value", "must be " + what, "Write it so.");
          return "";
        });
  }

  /// An object whose members are mapped; empty if it is not there.
  Map<String, Object> mapped(String name, int most) {
    Object value = value(name);
    if (value == null) {
      return Map.of();
    }
    if (!(value instanceof Map<?, ?> map)) {
      flaw(name, "wrong_type", "must be an object", "Send {…} here.");
      return Map.of();
    }
    if (map.size() > most) {
      flaw(name, "too_many", "has more than " + most + " members", "Use fewer.");
    }
    @SuppressWarnings("unchecked") // Keys of JSON are texts.
    Map<String, Object> members = (Map<String, Object>) map;
    return members;
  }

  /// Reads each element of a list; an empty one if it is not there.
  <T> List<T> list(String name, int most, BiFunction<@Nullable Object, String, T> element) {
    Object value = value(name);
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof List<?> list)) {
      flaw(name, "wrong_type", "must be a list", "Send […] here.");
      return List.of();
    }
    if (list.size() > most) {
      flaw(name, "too_many", "has more than " + most + " entries", "Use fewer.");
      return List.of();
    }
    List<T> read = new ArrayList<>(list.size());
    for (int i = 0; i < list.size(); i++) {
      read.add(element.apply(list.get(i), Flaw.at(Flaw.at(pointer, name), i)));
    }
    return read;
  }

  /// An object within; an empty one if it is not there.
  Fields object(String name) {
    Object value = value(name);
    String at = Flaw.at(pointer, name);
    return value == null ? new Fields(Map.of(), at, flaws) : of(value, at, flaws);
  }

  void flaw(String name, String code, String message, String remedy) {
    flaw(flaws, Flaw.at(pointer, name), code, message, remedy);
  }

  private static void flaw(
      List<Flaw> flaws, String pointer, String code, String message, String remedy) {
    if (flaws.size() < FLAWS_MAX) {
      flaws.add(new Flaw(pointer, code, message, remedy));
    }
  }
}
