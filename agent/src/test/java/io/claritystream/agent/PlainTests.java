package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.agent.spool.SpoolLimits;
import io.claritystream.protocol.link.SourceState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.logging.ConsoleHandler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A table may have any name, and none of them commands a terminal or makes a line of its own.
class PlainTests {
  private static final String EVIL = "a\u001b[2Jb\u009bc\u202ed\ne\r";
  private static final String SHOWN = "a\\u001b[2Jb\\u009bc\\u202ed\\u000ae\\u000d";

  @TempDir Path directory;

  @Test
  void theTablesOfASource() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), SpoolLimits.DEFAULT)) {
      rig.sql(
          "CREATE TABLE \"" + EVIL + "\" (id int PRIMARY KEY)", "CREATE TABLE \"dåta\" (v int)");
      rig.settings("").save(rig.home, "");
      var said = new ByteArrayOutputStream();
      var out = new PrintStream(said, true, StandardCharsets.UTF_8);
      var agent =
          new Agent(out, out, Map.of(), Clock.systemUTC(), Terminal.ofProcess(), "./clarity agent");
      var data = rig.home.directory().toString();
      assertThat(agent.command(List.of("--data", data, "source", "tables", "plant"))).isZero();
      assertThat(said.toString(StandardCharsets.UTF_8).lines())
          .contains("public." + SHOWN)
          .anyMatch(line -> line.startsWith("public.dåta"));
    }
  }

  @Test
  void whatARunningAgentSaysOfIt() {
    var report =
        new SourceReport(
            "plant",
            SourceState.FAILED,
            "reads " + EVIL,
            List.of(EVIL),
            false,
            EVIL,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0);
    assertThat(report.detail()).isEqualTo("reads " + SHOWN);
    assertThat(report.notes()).containsExactly(SHOWN);
    assertThat(report.trouble()).isEqualTo(SHOWN);
  }

  @Test
  void theLog() {
    Logging.configure();
    var console =
        Arrays.stream(Logger.getLogger("").getHandlers())
            .filter(ConsoleHandler.class::isInstance)
            .findFirst();
    assertThat(console).isPresent();
    var entry = new LogRecord(Level.INFO, "read {0}");
    entry.setParameters(new Object[] {EVIL});
    var thrown = new IllegalStateException(EVIL, new IOException("within\nit"));
    thrown.addSuppressed(new IOException("aside\nof it"));
    entry.setThrown(thrown);
    var text = console.get().getFormatter().format(entry);
    assertThat(text.lines().filter(line -> !line.startsWith("\tat ")))
        .hasSize(4)
        .anyMatch(line -> line.endsWith("  read " + SHOWN))
        .contains(
            "java.lang.IllegalStateException: " + SHOWN,
            "suppressed: java.io.IOException: aside\\u000aof it",
            "caused by: java.io.IOException: within\\u000ait");
    assertThat(text).contains("\n\tat ").doesNotContain("\u001b");
  }
}
