package io.claritystream.agent;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/// The help: of all commands, or all about one.
final class Usage {
  /// Begins a command; what belongs to it follows, further in.
  private static final String COMMAND = "  ";

  private static final String FURTHER_IN = "   ";

  private Usage() {}

  /// A file, so that `./clarity agent --help` can show it before anything is built. It begins with
  /// the program's bare name.
  ///
  /// @param words the command that is asked about, if any; one that is not known shows all
  static String of(String program, List<String> words) throws IOException {
    String all;
    try (var text = Objects.requireNonNull(Usage.class.getResourceAsStream("usage.txt"))) {
      all = new String(text.readAllBytes(), StandardCharsets.UTF_8);
    }
    var whole = program + all.substring("agent".length());
    if (words.isEmpty()) {
      return whole;
    }
    var asked = COMMAND + String.join(" ", words);
    var about = new StringBuilder();
    var taking = false;
    for (var line : all.lines().toList()) {
      if (!line.startsWith(FURTHER_IN)) {
        taking = (line + " ").startsWith(asked + " ");
      }
      if (taking) {
        about.append(line).append('\n');
      }
    }
    if (about.isEmpty()) {
      return words.size() > 1 ? of(program, words.subList(0, 1)) : whole;
    }
    // What stands behind the commands says what DIR and the like mean.
    var meanings = all.substring(all.lastIndexOf("\n\n") + 1);
    return program + " [--data DIR] …\n\n" + about + meanings;
  }
}
