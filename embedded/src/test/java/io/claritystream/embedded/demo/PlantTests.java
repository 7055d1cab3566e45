package io.claritystream.embedded.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.claritystream.embedded.Child;
import io.claritystream.embedded.Launch;
import io.claritystream.embedded.Machine;
import io.claritystream.embedded.TestPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlantTests {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String NEWEST =
      "SELECT extract(epoch FROM max(read_at)) * 1000 FROM plant.filler_reading";

  @TempDir private Path directory;

  @Test
  void lives_through_a_lost_connection_and_ends_at_once_when_told() throws Exception {
    TestPostgres.Database database = TestPostgres.shared().createDatabase();
    CompletableFuture<Boolean> ready = new CompletableFuture<>();
    Child plant =
        start(
            database,
            database.password(),
            line -> {
              if (line.equals("{\"event\":\"ready\"}")) {
                ready.complete(true);
              }
            });
    try {
      assertThat(ready.get(60, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
      assertThat(number(database, "SELECT count(*) FROM plant.filler_reading"))
          .isGreaterThanOrEqualTo(6 * 60);
      long before = number(database, NEWEST);
      await().atMost(PATIENCE).until(() -> number(database, NEWEST) > before);

      number(
          database,
          """
          SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
          WHERE application_name = 'plant'
          """);
      long cut = number(database, NEWEST);
      await().atMost(PATIENCE).until(() -> number(database, NEWEST) > cut + 3_000);

      plant.signal("TERM");
      assertThat(plant.endedWithin(Duration.ofSeconds(2))).isTrue();
    } finally {
      plant.stop("KILL", Duration.ZERO);
    }
  }

  @Test
  void says_in_a_sentence_why_it_cannot_begin() throws Exception {
    TestPostgres.Database database = TestPostgres.shared().createDatabase();
    Child plant = start(database, "wrong", line -> {});
    assertThat(plant.endedWithin(PATIENCE)).isTrue();
    assertThat(plant.ended().join()).isEqualTo(1);
    assertThat(plant.lastLines()).singleElement().asString().startsWith("The plant cannot begin:");
  }

  @Test
  void refuses_an_option_that_it_does_not_know() {
    assertThatThrownBy(() -> PlantArguments.parse("--speed", "9"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("unknown option --speed");
    assertThatThrownBy(
            () ->
                PlantArguments.parse(
                    "--jdbc",
                    "j",
                    "--user",
                    "u",
                    "--password-file",
                    "p",
                    "--seed",
                    "1",
                    "--history",
                    "2 days"))
        .hasMessage("--history is given as 24h or 90m, not 2 days");
  }

  private Child start(
      TestPostgres.Database database, String password, java.util.function.Consumer<String> output)
      throws Exception {
    Path file = directory.resolve("password");
    Files.writeString(file, password + "\n");
    return Child.start(
        Launch.of(
            "plant",
            directory,
            List.of(
                Machine.java().toString(),
                "-Xmx48m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Plant.class.getName(),
                "--jdbc",
                database.url(),
                "--user",
                database.user(),
                "--password-file",
                file.toString(),
                "--seed",
                "7",
                "--history",
                "1h")),
        output);
  }

  private static long number(TestPostgres.Database database, String sql) {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      result.next();
      return result.getLong(1);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
