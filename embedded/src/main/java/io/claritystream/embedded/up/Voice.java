package io.claritystream.embedded.up;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// What the supervisor says: sentences for a person, or with `--json` one object a line.
final class Voice {
  private final boolean json;
  private final PrintStream out;
  private final PrintStream err;
  private final Instant began;

  /// @param began when the command was given, which is before this JVM began
  Voice(boolean json, PrintStream out, PrintStream err, Instant began) {
    this.json = json;
    this.out = out;
    this.err = err;
    this.began = began;
  }

  synchronized void started(String program, long pid, Duration took) {
    if (json) {
      object("started", Map.of("program", program, "pid", pid, "ms", took.toMillis()));
    } else {
      out.printf(Locale.ROOT, "  %-20s ready after %.1f s%n", program, seconds(took));
    }
  }

  synchronized void ended(String program, int exitCode, Duration pause) {
    if (json) {
      object(
          "ended",
          Map.of("program", program, "exit_code", exitCode, "again_in_ms", pause.toMillis()));
    } else {
      err.printf(
          Locale.ROOT,
          "  %s ended (%s); starting it again in %.1f s%n",
          program,
          exit(exitCode),
          seconds(pause));
    }
  }

  synchronized void keepsDying(String program, int times, String why, String log) {
    if (json) {
      object("failing", Map.of("program", program, "times", times, "reason", why, "log", log));
    } else {
      err.printf("  %s keeps dying (%d times in a row). Its log: %s%n", program, times, log);
      err.printf("    %s%n", why.replace("\n", "\n    "));
    }
  }

  synchronized void ready(Ready ready) {
    double took = seconds(Duration.between(began, Instant.now()));
    double rounded = Math.round(took * 1000) / 1000.0;
    if (json) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("url", ready.url());
      fields.put("ready_s", rounded);
      fields.put("edge_url", ready.edgeUrl());
      fields.put("data", ready.data());
      ready
          .demo()
          .ifPresent(
              demo ->
                  fields.put(
                      "demo", Map.of("email", demo.email(), "password_file", demo.passwordFile())));
      ready.signInNeeds().ifPresent(needs -> fields.put("sign_in_needs", needs));
      fields.put("pids", ready.pids());
      object("ready", fields);
      return;
    }
    out.println();
    out.println("  Clarity Stream is running.");
    out.println();
    out.println("    Open      " + ready.url());
    ready
        .demo()
        .ifPresentOrElse(
            demo -> {
              out.println("    Sign in   " + demo.email());
              out.println(
                  "    Password  " + demo.password() + "   (in " + demo.passwordFile() + ")");
            },
            () -> out.println("    Sign up   " + ready.url() + "/auth"));
    out.println("    Agents    connect to " + ready.edgeUrl());
    out.println("    Data      " + ready.data());
    out.println("    Stop      Ctrl-C");
    out.println();
    ready
        .signInNeeds()
        .ifPresent(
            needs -> {
              out.println("  " + needs);
              out.println();
            });
    out.printf(Locale.ROOT, "  Ready in %.1f s.%n", took);
    out.flush();
  }

  synchronized void event(String event, Map<String, ?> fields, String sentence) {
    if (json) {
      object(event, fields);
    } else {
      out.println("  " + sentence);
    }
  }

  /// Nothing runs, or not everything, and nothing more will be tried.
  synchronized void failed(String sentence) {
    if (json) {
      object("failed", Map.of("message", sentence));
    }
    err.println(sentence);
  }

  synchronized void stopped(Duration took) {
    if (json) {
      object("stopped", Map.of("ms", took.toMillis()));
    } else {
      out.printf(Locale.ROOT, "%n  Stopped in %.1f s.%n", seconds(took));
    }
    out.flush();
  }

  private static String exit(int code) {
    return code > 128 ? "signal " + (code - 128) : "exit code " + code;
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }

  private void object(String event, Map<String, ?> fields) {
    StringBuilder line = new StringBuilder("{\"event\":").append(quoted(event));
    fields.forEach(
        (key, value) -> line.append(',').append(quoted(key)).append(':').append(value(value)));
    out.println(line.append('}'));
    out.flush();
  }

  private static String value(Object value) {
    return switch (value) {
      case Number number -> number.toString();
      case Boolean truth -> truth.toString();
      case Map<?, ?> map -> {
        StringBuilder object = new StringBuilder("{");
        map.forEach(
            (k, v) ->
                object
                    .append(object.length() == 1 ? "" : ",")
                    .append(quoted(String.valueOf(k)))
                    .append(':')
                    .append(value(v)));
        yield object.append('}').toString();
      }
      default -> quoted(value.toString());
    };
  }

  static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> quoted.append('\\').append(c);
        case '\n' -> quoted.append("\\n");
        default -> {
          if (c < 0x20) {
            quoted.append("\\u%04x".formatted((int) c));
          } else {
            quoted.append(c);
          }
        }
      }
    }
    return quoted.append('"').toString();
  }
}
