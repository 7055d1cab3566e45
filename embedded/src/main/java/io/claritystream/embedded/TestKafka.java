package io.claritystream.embedded;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/// The Kafka broker that all tests of one JVM share; every test makes topics of its own. It ends,
/// and its files go, with the JVM.
public final class TestKafka {
  private final Kafka kafka;

  private TestKafka(Kafka kafka) {
    this.kafka = kafka;
  }

  /// Starts once for each JVM, in about three seconds.
  private static final class Shared {
    private static final TestKafka INSTANCE = start();

    private static TestKafka start() {
      Path home = TestDirectories.forThisJvm("kafka");
      Kafka kafka = Kafka.start(KafkaSettings.of(home));
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    kafka.child().stop("KILL", Duration.ofSeconds(5));
                    try {
                      Trees.delete(home);
                    } catch (IOException e) {
                      System.err.println("left behind: " + home + ": " + e.getMessage());
                    }
                  }));
      return new TestKafka(kafka);
    }
  }

  public static TestKafka shared() {
    return Shared.INSTANCE;
  }

  public KafkaAccess access() {
    return kafka.access();
  }
}
