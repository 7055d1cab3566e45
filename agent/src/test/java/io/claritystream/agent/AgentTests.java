package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.uplink.Identity;
import io.claritystream.agent.uplink.Platform;
import io.claritystream.agent.uplink.TestAuthority;
import io.claritystream.agent.uplink.TestPlatform;
import io.claritystream.embedded.TestPostgres;
import io.claritystream.protocol.identity.PairingCode;
import io.claritystream.protocol.link.SourceState;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentTests {
  @TempDir Path directory;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private @Nullable String answer;

  private int agent(char @Nullable [] typed, Map<String, String> environment, String... line) {
    out.reset();
    err.reset();
    var data = directory.resolve("data").toString();
    return new Agent(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            environment,
            Clock.systemUTC(),
            new Typing(typed, answer),
            "./clarity agent")
        .command(Stream.concat(Stream.of("--data", data), Stream.of(line)).toList());
  }

  /// What a person types at the questions; null is no terminal.
  private record Typing(char @Nullable [] password, @Nullable String line) implements Terminal {
    @Override
    public char @Nullable [] password(String question) {
      return password;
    }

    @Override
    public @Nullable String line(String question) {
      return line;
    }
  }

  private int agent(String... line) {
    return agent(null, Map.of(), line);
  }

  private String said() {
    return out.toString(StandardCharsets.UTF_8) + err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aPasswordIsNeverTakenAsAnArgument() {
    for (var argument : List.of("--password", "--password=secret")) {
      assertThat(
              agent(
                  "source",
                  "add",
                  "plant",
                  "--host",
                  "h",
                  "--database",
                  "d",
                  "--user",
                  "u",
                  argument,
                  "secret"))
          .isEqualTo(Agent.MISUSED);
      assertThat(said()).contains("never given as an argument").doesNotContain("secret");
    }
  }

  @Test
  void whatIsNotUnderstoodIsSaidAndNothingIsDone() {
    assertThat(agent("fly")).isEqualTo(Agent.MISUSED);
    assertThat(said()).contains("no command fly");
    assertThat(agent("run", "--jsn")).isEqualTo(Agent.MISUSED);
    assertThat(agent("source", "add", "../x", "--host", "h", "--database", "d", "--user", "u"))
        .isNotZero();
    assertThat(Files.exists(directory.resolve("x"))).isFalse();
    assertThat(agent("status")).isEqualTo(Agent.FAILED);
    assertThat(said()).contains("start it with: ").contains(" run");
    assertThat(agent("run")).isEqualTo(Agent.FAILED);
    assertThat(said()).contains("not paired yet");
  }

  @Test
  void theCodesFingerprintIsHeldAgainstTheServer() throws Exception {
    try (var platform = new TestPlatform()) {
      var elsewhere =
          PairingCode.make(new java.security.SecureRandom(), new TestAuthority().certificate());
      var mixed = new PairingCode(platform.code().secret(), elsewhere.fingerprint());
      assertThat(agent("pair", mixed.text(), "--server", platform.url())).isEqualTo(Agent.FAILED);
      assertThat(said()).contains("not the one that the pairing code names");
      assertThat(Files.exists(directory.resolve("data/identity.pem"))).isFalse();

      var wrong = new PairingCode("0000000000000000", platform.code().fingerprint());
      assertThat(agent("pair", wrong.text(), "--server", platform.url())).isEqualTo(Agent.FAILED);
      assertThat(said()).contains("does not take this code");

      assertThat(agent("pair", platform.code().text(), "--server", platform.url())).isZero();
      assertThat(said()).contains("paired with Test Bottling");
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(directory.resolve("data/identity.pem"))))
          .isEqualTo("rw-------");
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(directory.resolve("data"))))
          .isEqualTo("rwx------");
    }
  }

  @Test
  void aDirectoryThatHoldsSomethingElseIsRefusedAndLeftAsItIs() throws Exception {
    var data = Files.createDirectory(directory.resolve("data"));
    Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwxr-xr-x"));
    var theirs = Files.writeString(data.resolve("theirs"), "x");
    assertThat(agent("run")).isEqualTo(Agent.FAILED);
    assertThat(said()).contains("something else than an agent's data");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
        .isEqualTo("rwxr-xr-x");
    Files.delete(theirs);
    assertThat(agent("run")).isEqualTo(Agent.FAILED);
    assertThat(said()).contains("not paired yet");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
        .isEqualTo("rwxr-xr-x");
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("sources"))))
        .isEqualTo("rwx------");
  }

  @Test
  void aSecondRunOnTheSameDataIsRefused() throws Exception {
    var home = new Home(directory.resolve("data")).prepared();
    try (var held = home.lockForRun().orElseThrow()) {
      assertThat(held).isNotNull();
      assertThat(agent("run")).isEqualTo(Agent.FAILED);
      assertThat(said().strip()).hasLineCount(1).contains("runs on").contains("already");
    }
  }

  @Test
  void aSourceIsLookedAtAddedListedAndRemovedWithoutATrace() throws Exception {
    var database = TestPostgres.shared().createDatabase();
    try (var connection = database.connect();
        var statement = connection.createStatement()) {
      statement.execute("CREATE TABLE reading (id int PRIMARY KEY)");
      statement.execute("CREATE TABLE loose (v text)");
    }
    String[] add = {
      "source",
      "add",
      "plant",
      "--host",
      "127.0.0.1",
      "--port",
      Integer.toString(database.port()),
      "--database",
      database.name(),
      "--user",
      database.user()
    };
    assertThat(agent(add)).isEqualTo(Agent.FAILED);
    assertThat(said()).contains("no terminal").contains("--password-file");
    assertThat(agent("wrong".toCharArray(), Map.of(), add)).isEqualTo(Agent.FAILED);
    assertThat(said()).contains("cannot be used");
    assertThat(Files.exists(directory.resolve("data/sources/plant/source.properties"))).isFalse();

    assertThat(agent(database.password().toCharArray(), Map.of(), add)).isZero();
    assertThat(said())
        .contains("2 will be captured")
        .contains("public.loose: inserts only")
        .contains("CREATE PUBLICATION")
        .doesNotContain(database.password());
    var kept = directory.resolve("data/sources/plant/password");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(kept)))
        .isEqualTo("rw-------");

    var more =
        Stream.concat(Stream.of(add), Stream.of("--tables", "public.nope")).toArray(String[]::new);
    assertThat(agent(database.password().toCharArray(), Map.of(), more)).isEqualTo(Agent.FAILED);
    assertThat(said()).contains("No table matches public.nope");

    assertThat(agent("source", "list")).isZero();
    assertThat(said()).contains("plant").doesNotContain(database.password());
    assertThat(agent("source", "remove", "plant")).isEqualTo(Agent.FAILED);
    assertThat(said()).contains("pg_drop_replication_slot").contains("--yes");
    answer = "no";
    assertThat(agent("source", "remove", "plant")).isEqualTo(Agent.FAILED);
    assertThat(Files.exists(directory.resolve("data/sources/plant"))).isTrue();
    answer = "yes";
    assertThat(agent("source", "remove", "plant")).isZero();
    assertThat(Files.exists(directory.resolve("data/sources/plant"))).isFalse();
    assertThat(agent("source", "remove", "plant")).isEqualTo(Agent.FAILED);
  }

  private static String[] add(TestPostgres.Database database, String name) {
    return new String[] {
      "source",
      "add",
      name,
      "--host",
      "127.0.0.1",
      "--port",
      Integer.toString(database.port()),
      "--database",
      database.name(),
      "--user",
      database.user()
    };
  }

  private static void run(TestPostgres.Database database, String sql) throws Exception {
    try (var connection = database.connect();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void hintsNameTheCommandAsItWasTyped() {
    assertThat(agent("source", "list")).isZero();
    assertThat(said())
        .contains("./clarity agent --data " + directory.resolve("data") + " source add NAME");
    assertThat(agent("run")).isEqualTo(Agent.FAILED);
    assertThat(said()).contains("./clarity agent --data ").contains(" pair CODE --server URL");
    assertThat(agent("fly")).isEqualTo(Agent.MISUSED);
    assertThat(said()).contains("./clarity agent --help shows all commands");
  }

  @Test
  void charactersThatCannotBeSeenAreRefusedInOneSentence() {
    for (var odd :
        List.of(
            "pl\u001bant", "pl\u0085ant", "pl\u202eant", "pl\ud800ant", "pl\u200bant", "\ufffd")) {
      assertThat(agent("source", "remove", odd)).isEqualTo(Agent.MISUSED);
      assertThat(said()).contains("a character that cannot be seen or read").doesNotContain(odd);
    }
    assertThat(agent("source", "remove", "")).isEqualTo(Agent.MISUSED);
    assertThat(agent("source", "remove", "../x")).isEqualTo(Agent.MISUSED);
    assertThat(said()).contains("a source's name has up to 63 letters");
  }

  @Test
  void theSlotsNameStaysTheSameOverRefusedAttempts() throws Exception {
    var database = TestPostgres.shared().createDatabase();
    var home = new Home(directory.resolve("data")).prepared();
    var name = home.slotName("plant");
    assertThat(name).matches("clarity_plant_[0-9a-f]{8}");
    assertThat(agent(database.password().toCharArray(), Map.of(), add(database, "plant")))
        .as("no table yet")
        .isEqualTo(Agent.FAILED);
    run(database, "CREATE TABLE reading (id int PRIMARY KEY)");
    assertThat(agent(database.password().toCharArray(), Map.of(), add(database, "plant"))).isZero();
    assertThat(said()).contains("CREATE PUBLICATION \"" + name + "\" FOR TABLE");
    assertThat(home.slotName("plant")).isEqualTo(name);
    assertThat(home.slotName("Plant")).isNotEqualTo(name);
  }

  @Test
  void aNewTableOfASourceThatIsThereIsListedOnce() throws Exception {
    var database = TestPostgres.shared().createDatabase();
    run(database, "CREATE TABLE reading (id int PRIMARY KEY)");
    var add = add(database, "plant");
    assertThat(agent(database.password().toCharArray(), Map.of(), add)).isZero();
    var slot = new Home(directory.resolve("data")).slotName("plant");
    run(database, "CREATE PUBLICATION " + slot + " FOR TABLE reading");
    run(database, "CREATE TABLE later (id int PRIMARY KEY)");
    assertThat(agent(database.password().toCharArray(), Map.of(), add)).isZero();
    assertThat(said())
        .contains("public.later (new)")
        .doesNotContain("not captured yet")
        .contains("a new snapshot");
    // Somebody took the new table into the publication already: its rows are still to be read.
    run(database, "CREATE TABLE last (id int PRIMARY KEY)");
    run(database, "ALTER PUBLICATION " + slot + " ADD TABLE later, last");
    assertThat(agent(database.password().toCharArray(), Map.of(), add)).isZero();
    assertThat(said()).contains("a new snapshot");
  }

  @Test
  void aRemovedSourceIsTakenOffThePlatformAndIfThatIsAwayOnceItIsBack() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.sql("CREATE TABLE reading (id int PRIMARY KEY)");
      rig.start();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> rig.report().state() == SourceState.STREAMING);
      rig.stop();
      rig.platform.refusesRemovals = true;
      assertThat(agent("source", "remove", "plant", "--yes")).isZero();
      assertThat(said()).contains("does not know of it yet").contains("tries again now");
      assertThat(
              rig.value(
                  "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"))
          .isEqualTo("0");
      assertThat(rig.value("SELECT count(*) FROM pg_publication")).isEqualTo("0");
      assertThat(agent("source", "remove", "plant")).isEqualTo(Agent.FAILED);
      rig.platform.refusesRemovals = false;
      assertThat(agent("source", "remove", "plant")).isZero();
      assertThat(said()).contains("the platform lists it no more");
      assertThat(rig.platform.removed).containsExactly(rig.source().id);
      assertThat(agent("source", "remove", "plant")).isEqualTo(Agent.FAILED);
      assertThat(said()).contains("there is no source plant");
    }
  }

  @Test
  void aRunningAgentTellsThePlatformOfARemovalAndReadsTheStatus() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.sql("CREATE TABLE reading (id int PRIMARY KEY)", "INSERT INTO reading VALUES (1)");
      rig.start();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> rig.report().state() == SourceState.STREAMING);
      rig.stop();
      rig.platform.refusesRemovals = true;
      assertThat(agent("source", "remove", "plant", "--yes")).isZero();
      rig.platform.refusesRemovals = false;
      var quiet = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
      var platform =
          new Platform(
                  Identity.load(rig.home.directory()).orElseThrow(),
                  "test",
                  Clock.systemUTC(),
                  Map.of())
              .start();
      var runner =
          new Runner(
              rig.home,
              platform,
              Rig.SMALL,
              "test",
              Clock.systemUTC(),
              Map.of(),
              quiet,
              false,
              "agent");
      var thread =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      runner.run();
                    } catch (InterruptedException e) {
                      Thread.currentThread().interrupt();
                    }
                  });
      try {
        await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> rig.platform.removed.contains(rig.source().id));
        rig.settings("").save(rig.home, "");
        await()
            .atMost(Duration.ofSeconds(60))
            .until(
                () -> {
                  agent("status");
                  return said().contains("plant   streaming  connected");
                });
        assertThat(said())
            .contains("certificate  good until")
            .contains("left; a running agent renews it")
            .containsPattern("SOURCE +STATE +LINK +CAPTURED +DURABLE +BEHIND +LOG HELD +SPOOL");
        agent("status", "--json");
        assertThat(said()).contains("\"state\":\"streaming\"").contains("\"spool_bytes_max\"");
      } finally {
        runner.close();
        thread.join();
      }
    }
  }
}
