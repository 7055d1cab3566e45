package io.claritystream.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.claritystream.embedded.Child;
import io.claritystream.embedded.Launch;
import io.claritystream.embedded.Machine;
import io.claritystream.embedded.Postgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A real agent, paired and given its sources by command line as a person does it.
final class PairedAgent implements AutoCloseable {
  private static final Duration COMMAND_PATIENCE = Duration.ofMinutes(1);
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(20);
  private static final long STREAMING_PATIENCE_S = 120;

  private final Path home;
  private final Path place;
  private volatile @Nullable Child running;

  /// @param place where its data is kept, in a directory of its own
  private PairedAgent(Path home, Path place) {
    this.home = home;
    this.place = place;
  }

  static PairedAgent pair(
      Cleanup cleanup, Path home, Path place, Installation installation, Api api) {
    PairedAgent agent = cleanup.add(new PairedAgent(home, place));
    JsonNode code = api.post("/v1/agents/pairing-codes", Api.JSON.createObjectNode());
    agent.command(List.of("pair", code.path("code").asText(), "--server", installation.edgeUrl()));
    return agent;
  }

  /// Gives it a database; a running agent takes it up by itself.
  ///
  /// @param tables which of its tables, empty for all
  void addSource(String name, Postgres postgres, String database, String tables) {
    Path password = place.resolve(name + ".password");
    try {
      if (!Files.exists(password)) {
        Files.createFile(
            password,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(password, postgres.password() + "\n");
      }
    } catch (IOException e) {
      throw new BenchFailedException("a password file could not be written", e);
    }
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "source",
                "add",
                name,
                "--host",
                "127.0.0.1",
                "--port",
                Integer.toString(postgres.port()),
                "--database",
                database,
                "--user",
                Postgres.SUPERUSER,
                "--password-file",
                password.toString()));
    if (!tables.isEmpty()) {
      arguments.addAll(List.of("--tables", tables));
    }
    command(arguments);
  }

  void removeSource(String name) {
    command(List.of("source", "remove", name, "--yes"));
  }

  private void command(List<String> arguments) {
    Child child = Child.start(launch(arguments), line -> {});
    if (!child.endedWithin(COMMAND_PATIENCE)) {
      child.stop("KILL", Duration.ofSeconds(1));
    }
    if (child.ended().join() != 0) {
      throw new BenchFailedException(
          "agent %s failed. It said:%n  %s"
              .formatted(arguments.getFirst(), String.join("\n  ", child.lastLines())));
    }
  }

  /// Starts it; once it has ended, again.
  void run() {
    running = Child.start(launch(List.of("run")), line -> {});
  }

  /// Ends it in order.
  void stop() {
    Child child = running;
    if (child != null) {
      child.stop("TERM", STOP_PATIENCE);
    }
  }

  void kill() {
    Child child = running;
    if (child != null) {
      child.stop("KILL", STOP_PATIENCE);
    }
  }

  boolean alive() {
    Child child = running;
    return child != null && child.alive();
  }

  long pid() {
    Child child = running;
    if (child == null) {
      throw new IllegalStateException("the agent was not started");
    }
    return child.pid();
  }

  String lastLines() {
    Child child = running;
    return child == null ? "" : String.join("\n  ", child.lastLines());
  }

  /// With the flags that the demo's agent has.
  private Launch launch(List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Machine.java().toString());
    command.addAll(
        List.of(
            "-Xms16m",
            "-Xmx192m",
            "-XX:+UseSerialGC",
            "-Xss512k",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            home.resolve("agent/target/agent.jar").toString(),
            "io.claritystream.agent.Agent",
            "--data",
            place.resolve("agent").toString()));
    command.addAll(arguments);
    return Launch.of("agent", place, command).withEnvironment(new HashMap<>(System.getenv()));
  }

  /// Waits until the platform says that a source streams.
  void awaitStreaming(Api api, String source) throws InterruptedException {
    String state = "none";
    for (long waited = 0; waited < STREAMING_PATIENCE_S * 5; waited++) {
      for (JsonNode each : api.get("/v1/sources").path("data")) {
        if (each.path("name").asText().equals(source)) {
          state = each.path("state").asText() + " " + each.path("state_detail").asText();
          if (state.startsWith("streaming")) {
            return;
          }
        }
      }
      if (!alive()) {
        throw new BenchFailedException("the agent ended. It said:\n  " + lastLines());
      }
      TimeUnit.MILLISECONDS.sleep(200);
    }
    throw new BenchFailedException("the source did not begin to stream; its state: " + state);
  }

  @Override
  public void close() {
    stop();
  }
}
