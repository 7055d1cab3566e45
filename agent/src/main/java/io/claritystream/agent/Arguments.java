package io.claritystream.agent;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A command line, taken apart: words, options with a value, flags. What is not asked for is an
/// error, so that a misspelt option is never silently without effect.
final class Arguments {
  /// No argument has this character.
  private static final String MISSING = "\0";

  private final Deque<String> words = new ArrayDeque<>();
  private final Map<String, String> options = new HashMap<>();

  /// @param flags the options that have no value
  Arguments(List<String> line, Set<String> flags) {
    for (var i = 0; i < line.size(); i++) {
      var argument = line.get(i);
      requireReadable(argument, i + 1);
      if (!argument.startsWith("--")) {
        words.add(argument);
        continue;
      }
      var equals = argument.indexOf('=');
      var name = equals < 0 ? argument : argument.substring(0, equals);
      if (name.equals("--password")) {
        throw new UsageException(
            "a password is never given as an argument, where others can see it. Leave it out to be"
                + " asked, or use --password-file FILE or --password-env VARIABLE");
      }
      String value;
      if (flags.contains(name)) {
        value = equals < 0 ? "" : argument.substring(equals + 1);
        if (!value.isEmpty()) {
          throw new UsageException(name + " takes no value");
        }
      } else if (equals >= 0) {
        value = argument.substring(equals + 1);
      } else if (i + 1 < line.size()) {
        value = line.get(++i);
      } else {
        // Whether it is known at all is told first, by whoever asks for it or does not.
        value = MISSING;
      }
      if (options.put(name, value) != null) {
        throw new UsageException(name + " is given twice");
      }
    }
  }

  /// What cannot be seen, or changes how other text reads, is never meant: it comes from a paste,
  /// or from somebody who wants one name to look like another.
  private static void requireReadable(String argument, int place) {
    argument
        .codePoints()
        .filter(Arguments::unreadable)
        .findFirst()
        .ifPresent(
            found -> {
              throw new UsageException(
                  String.format(
                      Locale.ROOT,
                      "argument %d holds U+%04X, a character that cannot be seen or read; type it"
                          + " again without",
                      place,
                      found));
            });
  }

  private static boolean unreadable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.FORMAT,
          Character.UNASSIGNED ->
          true;
      default -> c == 0xFFFD;
    };
  }

  boolean hasWord() {
    return !words.isEmpty();
  }

  /// All words that are left.
  List<String> words() {
    return List.copyOf(words);
  }

  /// The next word.
  String word(String what) {
    var word = words.poll();
    if (word == null) {
      throw new UsageException(what + " is missing");
    }
    return word;
  }

  Optional<String> option(String name) {
    var value = options.remove(name);
    if (MISSING.equals(value)) {
      throw new UsageException(name + " needs a value");
    }
    return Optional.ofNullable(value);
  }

  String required(String name) {
    return option(name).orElseThrow(() -> new UsageException(name + " is missing"));
  }

  boolean flag(String name) {
    return options.remove(name) != null;
  }

  int number(String name, int min, int max, int otherwise) {
    var text = option(name);
    if (text.isEmpty()) {
      return otherwise;
    }
    try {
      var number = Integer.parseInt(text.get());
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Told below, with what it should be.
    }
    throw new UsageException(
        name + " is a number from " + min + " to " + max + ", and not " + text.get());
  }

  /// Nothing may be left.
  void end() {
    if (!words.isEmpty()) {
      throw new UsageException("what is " + words.peek() + " meant to be?");
    }
    if (!options.isEmpty()) {
      throw new UsageException("the option " + options.keySet().iterator().next() + " is unknown");
    }
  }
}
