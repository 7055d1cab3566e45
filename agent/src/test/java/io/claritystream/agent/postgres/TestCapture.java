package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.spool.Appender;
import io.claritystream.agent.spool.Spool;
import io.claritystream.agent.spool.SpoolLimits;
import io.claritystream.embedded.TestPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/// Captures a database into a spool, with nobody behind it.
final class TestCapture {
  /// Every event is a record of its own: the machine can stop behind each.
  static final SpoolLimits EVENT_BY_EVENT = new SpoolLimits(1L << 30, 1 << 20, 1);

  private static final Released NOTHING =
      new Released() {
        @Override
        public long seq() {
          return 0;
        }

        @Override
        public long position() {
          return 0;
        }

        @Override
        public long durableSeq() {
          return 0;
        }

        @Override
        public long durablePosition() {
          return 0;
        }

        @Override
        public boolean durable() {
          return true;
        }
      };

  private final TestPostgres.Database database;
  private final String slot;
  TableChoice choice = TableChoice.ALL;
  private String user;
  private String password;

  TestCapture(TestPostgres.Database database, String slot) {
    this.database = database;
    this.slot = slot;
    user = database.user();
    password = database.password();
  }

  /// From now on by this user.
  void as(String name, String secret) {
    user = name;
    password = secret;
  }

  CaptureState fresh() {
    return CaptureState.fresh(slot, 1)
        .registered("source", "", "agent")
        .inEpoch(1, CaptureState.Phase.SNAPSHOT, 0, "it is new");
  }

  Database source() {
    return new Database(
        "127.0.0.1", database.port(), database.name(), user, Tls.of("disable"), () -> password);
  }

  /// Captures until the spool holds so many events, then stops without notice to anybody.
  CaptureState run(Path home, CaptureState state, long events) throws Exception {
    return run(home, state, (spool, tables) -> spool.tailSeq() >= events);
  }

  /// What is awaited of a capture under way.
  interface Until {
    boolean holds(Spool spool, CapturedTables tables) throws Exception;
  }

  /// Captures until that holds, then stops without notice to anybody.
  CaptureState run(Path home, CaptureState state, Until until) throws Exception {
    var stop = new AtomicBoolean();
    var end = new AtomicReference<Object>();
    var files = SourceFiles.of(home, state);
    try (var spool = Spool.open(home.resolve("spool"), 1, EVENT_BY_EVENT);
        var appender = new Appender(spool, "source", words -> {}).start()) {
      var capture = capture(files, spool, appender, stop);
      var thread =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      end.set(capture.run());
                    } catch (IOException | InterruptedException | RuntimeException e) {
                      end.set(e);
                    }
                  });
      try {
        await()
            .atMost(Duration.ofSeconds(60))
            .until(
                () ->
                    end.get() != null
                        || files.state().now().phase() == CaptureState.Phase.STREAM
                            && until.holds(spool, files.tables()));
      } finally {
        stop.set(true);
        thread.join();
      }
      assertThat(end.get()).isInstanceOf(CaptureEnd.Stopped.class);
      return files.state().now();
    }
  }

  CaptureEnd attempt(Path home, CaptureState state) throws IOException, InterruptedException {
    try (var spool = Spool.open(home.resolve("spool"), 1, EVENT_BY_EVENT);
        var appender = new Appender(spool, "source", words -> {}).start()) {
      var files = SourceFiles.of(home, state);
      return capture(files, spool, appender, new AtomicBoolean()).run();
    }
  }

  private Capture capture(SourceFiles files, Spool spool, Appender appender, AtomicBoolean stop)
      throws IOException {
    return new Capture(
        source(),
        choice,
        files,
        spool,
        appender,
        NOTHING,
        new Progress(),
        Clock.systemUTC(),
        Capture.WATCH_EVERY,
        stop::get);
  }
}
