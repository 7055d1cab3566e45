package io.claritystream.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildTests {
  @TempDir Path temporary;

  @Test
  void hands_over_every_line_it_prints_and_its_exit_code() {
    List<String> lines = new ArrayList<>();
    Child child = Child.start(shell("echo one; echo two >&2; exit 3"), lines::add);
    assertThat(child.ended().join()).isEqualTo(3);
    assertThat(child.lastLines()).containsExactly("one", "two");
    assertThat(lines).containsExactly("one", "two");
  }

  @Test
  void inherits_nothing_from_the_environment_but_what_is_named() {
    Child child =
        Child.start(
            shell("echo \"<$HOME|$GIVEN>\"").withEnvironment(Map.of("GIVEN", "this")), l -> {});
    child.ended().join();
    assertThat(child.lastLines()).containsExactly("<|this>");
  }

  @Test
  void is_ended_by_force_if_it_does_not_listen() {
    Child child = Child.start(shell("trap '' TERM; echo deaf; while :; do sleep 1; done"), l -> {});
    await().until(() -> child.lastLines().contains("deaf"));
    child.stop("TERM", Duration.ofMillis(100));
    assertThat(child.alive()).isFalse();
  }

  /// PostgreSQL and Kafka in a JVM of their own, which is then killed in a way it cannot notice.
  @Test
  void servers_end_with_a_parent_that_is_killed_and_recover_afterwards() throws Exception {
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwx--x--x"));
    Process parent =
        new ProcessBuilder(
                Machine.java().toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Orphans.class.getName(),
                temporary.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    List<ProcessHandle> servers = new ArrayList<>();
    try (BufferedReader lines = parent.inputReader()) {
      for (int i = 0; i < 2; i++) {
        servers.add(ProcessHandle.of(Long.parseLong(lines.readLine())).orElseThrow());
      }
    }
    parent.destroyForcibly().waitFor();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> servers.stream().noneMatch(ProcessHandle::isAlive));
    try (Postgres postgres = Postgres.start(Orphans.postgres(temporary));
        Kafka kafka = Kafka.start(Orphans.kafka(temporary))) {
      assertThat(postgres.child().alive()).isTrue();
      assertThat(kafka.child().alive()).isTrue();
    }
  }

  /// The parent in the test above.
  static final class Orphans {
    static PostgresSettings postgres(Path directory) {
      return PostgresSettings.of(directory.resolve("postgres"), PostgresSettings.Purpose.PLATFORM);
    }

    static KafkaSettings kafka(Path directory) {
      return KafkaSettings.of(directory.resolve("kafka"));
    }

    public static void main(String[] args) throws IOException, InterruptedException {
      Path directory = Path.of(args[0]);
      System.out.println(Postgres.start(postgres(directory)).child().pid());
      System.out.println(Kafka.start(kafka(directory)).child().pid());
      Thread.currentThread().join();
    }
  }

  private static Launch shell(String script) {
    return Launch.of("shell", Path.of("/"), List.of("/bin/sh", "-c", script));
  }
}
