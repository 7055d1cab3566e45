package io.claritystream.agent;

import java.util.logging.ConsoleHandler;
import java.util.logging.Level;
import java.util.logging.Logger;

/// The agent's log: one line an entry, on standard error. `-Dclarity.log=FINE` shows more.
final class Logging {
  private Logging() {}

  // Held here, or the settings would go with the loggers when they are collected.
  private static final Logger ROOT = Logger.getLogger("");
  private static final Logger OURS = Logger.getLogger("io.claritystream");

  static void configure() {
    System.setProperty(
        "java.util.logging.SimpleFormatter.format", "%1$tFT%1$tT.%1$tL%1$tz %4$s %5$s%6$s%n");
    ROOT.setLevel(Level.WARNING);
    OURS.setLevel(level());
    for (var handler : ROOT.getHandlers()) {
      if (handler instanceof ConsoleHandler) {
        handler.setLevel(Level.ALL);
      }
    }
  }

  private static Level level() {
    try {
      return Level.parse(System.getProperty("clarity.log", "INFO"));
    } catch (IllegalArgumentException e) {
      return Level.INFO;
    }
  }
}
