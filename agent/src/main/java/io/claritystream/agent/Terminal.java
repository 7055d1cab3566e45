package io.claritystream.agent;

import java.io.Console;
import org.jspecify.annotations.Nullable;

/// The person at the keyboard, if there is one.
interface Terminal {
  /// What is typed is not shown. Null if there is no terminal.
  char @Nullable [] password(String question);

  /// Null if there is no terminal.
  @Nullable String line(String question);

  /// The one that this process was started from.
  static Terminal ofProcess() {
    return new Terminal() {
      @Override
      public char @Nullable [] password(String question) {
        var console = console();
        return console == null ? null : console.readPassword("%s", question);
      }

      @Override
      public @Nullable String line(String question) {
        var console = console();
        return console == null ? null : console.readLine("%s", question);
      }

      private @Nullable Console console() {
        var console = System.console();
        return console == null || !console.isTerminal() ? null : console;
      }
    };
  }
}
