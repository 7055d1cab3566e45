package io.claritystream.embedded.up;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.claritystream.embedded.Child;
import io.claritystream.embedded.Launch;
import io.claritystream.embedded.StartFailedException;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SupervisedTests {
  @TempDir Path temporary;

  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private DataDirectory data;
  private Supervised supervised;

  @BeforeEach
  void take() {
    data = DataDirectory.take(temporary.resolve("data"));
  }

  @AfterEach
  void release() {
    if (supervised != null) {
      supervised.stop("KILL", Duration.ofSeconds(1));
    }
    data.release();
  }

  @Test
  void a_killed_program_is_started_again() {
    supervised = supervised(born -> born(born, "exec sleep 300"));
    supervised.start();
    long first = supervised.pid();
    ProcessHandle.of(first).orElseThrow().destroyForcibly();
    await().until(() -> supervised.pid() != first && alive(supervised.pid()));
    assertThat(said()).contains("\"event\":\"ended\"", "\"exit_code\":137", "\"again_in_ms\":500");
  }

  @Test
  void a_program_that_keeps_dying_is_named_with_what_it_said() {
    AtomicInteger starts = new AtomicInteger();
    supervised =
        supervised(
            born ->
                born(
                    born,
                    starts.incrementAndGet() < 2 ? "exec sleep 300" : "echo no disk; exit 4"));
    supervised.start();
    ProcessHandle.of(supervised.pid()).orElseThrow().destroyForcibly();
    await().atMost(Duration.ofSeconds(30)).until(() -> said().contains("\"event\":\"failing\""));
    assertThat(said()).contains("\"program\":\"it\"", "\"times\":5", "no disk", "it.log");
  }

  @Test
  void the_pause_doubles_up_to_half_a_minute() {
    assertThat(Supervised.pauseAfter(1)).isEqualTo(Duration.ofMillis(500));
    assertThat(Supervised.pauseAfter(2)).isEqualTo(Duration.ofSeconds(1));
    assertThat(Supervised.pauseAfter(3)).isEqualTo(Duration.ofSeconds(2));
    assertThat(Supervised.pauseAfter(50)).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void a_first_start_that_fails_is_the_callers_to_report() {
    supervised =
        supervised(
            born -> {
              throw new StartFailedException("It did not start.");
            });
    assertThatThrownBy(() -> supervised.start()).hasMessage("It did not start.");
  }

  @Test
  void a_stopped_program_is_not_started_again_even_in_the_pause_before() {
    supervised = supervised(born -> born(born, "exec sleep 300"));
    supervised.start();
    long first = supervised.pid();
    ProcessHandle.of(first).orElseThrow().destroyForcibly();
    await().until(() -> said().contains("\"event\":\"ended\""));
    Instant before = Instant.now();
    supervised.stop("TERM", Duration.ofSeconds(5));
    assertThat(Duration.between(before, Instant.now())).isLessThan(Duration.ofSeconds(1));
    await().during(Supervised.pauseAfter(1).plusMillis(300)).until(() -> supervised.pid() == first);
  }

  @Test
  void a_restart_that_was_asked_for_is_no_death() {
    supervised = supervised(born -> born(born, "exec sleep 300"));
    supervised.start();
    long first = supervised.pid();
    supervised.restart();
    await().until(() -> supervised.pid() != first && alive(supervised.pid()));
    assertThat(said()).doesNotContain("\"event\":\"ended\"");
  }

  @Test
  void a_program_is_kept_running_whatever_its_start_failed_of() {
    AtomicInteger starts = new AtomicInteger();
    supervised =
        supervised(
            born -> {
              if (starts.incrementAndGet() == 2) {
                throw new IllegalStateException("out of order");
              }
              return born(born, "exec sleep 300");
            });
    supervised.start();
    long first = supervised.pid();
    ProcessHandle.of(first).orElseThrow().destroyForcibly();
    await().until(() -> supervised.pid() != first && alive(supervised.pid()));
    assertThat(data.path("logs/it.log")).content().contains("out of order");
  }

  @Test
  void a_process_whose_start_failed_is_ended_before_the_next_is_started() {
    AtomicInteger starts = new AtomicInteger();
    AtomicLong half = new AtomicLong();
    supervised =
        supervised(
            born -> {
              Child child = born(born, "exec sleep 300");
              if (starts.incrementAndGet() == 2) {
                half.set(child.pid());
                throw new StartFailedException("It was not prepared.");
              }
              return child;
            });
    supervised.start();
    ProcessHandle.of(supervised.pid()).orElseThrow().destroyForcibly();
    await().until(() -> starts.get() == 3 && alive(supervised.pid()));
    assertThat(alive(half.get())).isFalse();
  }

  @Test
  void a_restart_of_what_has_died_already_excuses_no_later_death() {
    supervised = supervised(born -> born(born, "exec sleep 300"));
    supervised.start();
    long first = supervised.pid();
    ProcessHandle.of(first).orElseThrow().destroyForcibly();
    await().until(() -> said().contains("\"event\":\"ended\""));
    supervised.restart();
    await().until(() -> supervised.pid() != first && alive(supervised.pid()));
    ProcessHandle.of(supervised.pid()).orElseThrow().destroyForcibly();
    await().until(() -> said().split("\"event\":\"ended\"", -1).length == 3);
  }

  private Supervised supervised(Supervised.Starter starter) {
    PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
    return new Supervised(
        "it",
        starter,
        new LogFile(data.path("logs/it.log")),
        new Voice(true, out, out, Instant.now()),
        data);
  }

  private static Child born(Supervised.Born born, String script) {
    Child child =
        Child.start(Launch.of("it", Path.of("/"), List.of("/bin/sh", "-c", script)), line -> {});
    born.accept(child);
    return child;
  }

  private static boolean alive(long pid) {
    return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
  }

  private String said() {
    return said.toString(StandardCharsets.UTF_8);
  }
}
