package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.process.LastResort;
import io.claritystream.maestro.definition.DocumentFault;
import io.claritystream.maestro.definition.WorkflowDocument;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

/// The loops of the engine, and its runs, each in a process of its own.
class LastResortTests {
  private static final int WENT_ON = 3;

  @ParameterizedTest
  @ValueSource(strings = {"beat", "watch", "dispatch", "journal", "outbox", "run"})
  void a_process_whose_code_or_memory_is_missing_ends(String loop) throws Exception {
    var ended = run(loop, "missing");
    assertThat(ended.status).as(ended.said).isEqualTo(LastResort.STATUS);
    assertThat(ended.said).contains("NoClassDefFoundError: gone");
  }

  @ParameterizedTest
  @ValueSource(strings = {"beat", "watch", "dispatch", "journal", "run"})
  void all_goes_on_after_a_stack_that_was_too_small_for_one_item(String loop) throws Exception {
    var ended = run(loop, "deep");
    assertThat(ended.status).as(ended.said).isEqualTo(WENT_ON);
  }

  private record Ended(int status, String said) {}

  private static Ended run(String loop, String fault) throws IOException, InterruptedException {
    var said = Files.createTempFile(Path.of("target"), "loop-", ".log");
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Looping.class.getName(),
                loop,
                fault)
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it has ended").isTrue();
      return new Ended(process.exitValue(), Files.readString(said));
    } finally {
      process.destroyForcibly();
      Files.delete(said);
    }
  }

  /// One loop, whose every round fails; it ends with a status of its own when it has gone on.
  static final class Looping {
    private static final CountDownLatch TWICE = new CountDownLatch(2);
    private static boolean deep;

    private Looping() {}

    public static void main(String[] arguments) throws InterruptedException {
      deep = arguments[1].equals("deep");
      DataSource none =
          new PGSimpleDataSource() {
            @Override
            public Connection getConnection() {
              throw fails();
            }
          };
      var lease = new NodeLease(none, none, "test", Duration.ofMinutes(1));
      switch (arguments[0]) {
        case "beat" -> new Beat(lease, new House()).start();
        case "watch" ->
            new Watch(none, lease, new HistoryDays(none), Clock.systemUTC(), new House()).start();
        case "dispatch" ->
            new Dispatch(
                    none,
                    lease,
                    new ReadySet(1, run -> {}),
                    new Strays(none, (node, held) -> true),
                    1,
                    new House())
                .start();
        case "journal" -> {
          var journal =
              new Journal(none, null, node -> true, () -> {}, 1, new SimpleMeterRegistry());
          journal.start();
          var intake = TestRuns.intake(new TenantId(UUID.randomUUID()));
          journal.write(JournalRig.progress(intake, 1, 1), 1);
          journal.write(JournalRig.progress(intake, 1, 2), 1);
        }
        case "outbox" ->
            new OutboxPublisher(none, feed(), lease, new SimpleMeterRegistry()).start();
        case "run" -> {
          var program =
              TestRuns.program(
                  calling(),
                  (key, before) -> {
                    throw fails();
                  });
          for (var i = 0; i < 2; i++) {
            var ended =
                TestRuns.go(
                    program,
                    TestRuns.intake(new TenantId(UUID.randomUUID())),
                    List.of(TestRuns.trigger(null)),
                    Integer.MAX_VALUE);
            assertThat(ended.end).isNotNull();
            assertThat(ended.end.outcome).isEqualTo("internal");
          }
        }
        default -> throw new IllegalArgumentException(arguments[0]);
      }
      TWICE.await();
      Runtime.getRuntime().halt(WENT_ON);
    }

    private static WorkflowDocument calling() {
      try {
        return WorkflowDocument.parse(
            """
            {"name": "Calls", "triggers": [{"id": "api", "type": "api"}],
             "steps": [{"id": "call", "type": "http_request",
               "config": {"method": "POST", "url": "https://example.com"}}],
             "edges": [{"from": "api", "to": "call"}]}
            """);
      } catch (DocumentFault e) {
        throw new IllegalArgumentException(e);
      }
    }

    private static Error fails() {
      TWICE.countDown();
      return deep ? new StackOverflowError() : new NoClassDefFoundError("gone");
    }

    /// Is reached behind what fails only.
    @SuppressWarnings("NullAway")
    private static io.claritystream.stream.bus.Feed feed() {
      return null;
    }

    private static final class House implements Beat.House, Watch.House, Dispatch.House {
      @Override
      public boolean prepared() {
        throw fails();
      }

      @Override
      public boolean joined() {
        throw fails();
      }

      @Override
      public void join() {}

      @Override
      public void joinedAnew() {}

      @Override
      public List<Run> runs() {
        return List.of();
      }

      @Override
      public void taken(Run run) {}

      @Override
      public void wake() {}

      @Override
      public boolean holdsSuspect() {
        return false;
      }

      @Override
      public void goOn(int node, Claims.Claimed claimed, List<LogLine> lines) {}

      @Override
      public void adrift() {}
    }
  }
}
