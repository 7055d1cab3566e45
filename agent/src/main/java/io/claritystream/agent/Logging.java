package io.claritystream.agent;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.logging.ConsoleHandler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/// The agent's log: one line an entry, on standard error. `-Dclarity.log=FINE` shows more.
final class Logging {
  private Logging() {}

  // Held here, or the settings would go with the loggers when they are collected.
  private static final Logger ROOT = Logger.getLogger("");
  private static final Logger OURS = Logger.getLogger("io.claritystream");

  static void configure() {
    ROOT.setLevel(Level.WARNING);
    OURS.setLevel(level());
    for (var handler : ROOT.getHandlers()) {
      if (handler instanceof ConsoleHandler) {
        handler.setLevel(Level.ALL);
        handler.setFormatter(new Lines());
      }
    }
  }

  /// As what a running agent says of its sources, with a word before what should not be.
  private static final class Lines extends SimpleFormatter {
    private static final int CAUSES_MAX = 20;
    private static final DateTimeFormatter TIME =
        DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT);

    @Override
    public String format(LogRecord entry) {
      var level = entry.getLevel().intValue();
      var kind =
          level >= Level.SEVERE.intValue()
              ? "error: "
              : level >= Level.WARNING.intValue()
                  ? "warning: "
                  : level >= Level.INFO.intValue() ? "" : "debug: ";
      var text = new StringWriter();
      var out = new PrintWriter(text);
      out.println(
          TIME.format(entry.getInstant().atZone(ZoneId.systemDefault()))
              + "  "
              + kind
              + Plain.line(formatMessage(entry)));
      if (entry.getThrown() != null) {
        trace(out, entry.getThrown());
      }
      return Plain.lines(text.toString());
    }

    /// What is thrown may say what a database says: it gets a line, whatever lines it has.
    private static void trace(PrintWriter out, Throwable thrown) {
      var next = thrown;
      var kind = "";
      for (var depth = 0; next != null && depth < CAUSES_MAX; depth++) {
        out.println(kind + Plain.line(next.toString()));
        for (var place : next.getStackTrace()) {
          out.println("\tat " + Plain.line(place.toString()));
        }
        for (var other : depth == 0 ? next.getSuppressed() : new Throwable[0]) {
          out.println("suppressed: " + Plain.line(other.toString()));
        }
        next = next.getCause();
        kind = "caused by: ";
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
