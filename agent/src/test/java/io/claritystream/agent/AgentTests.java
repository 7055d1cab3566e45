package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.agent.uplink.TestAuthority;
import io.claritystream.agent.uplink.TestPlatform;
import io.claritystream.embedded.TestPostgres;
import io.claritystream.protocol.identity.PairingCode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentTests {
  @TempDir Path directory;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int agent(char[] typed, Map<String, String> environment, String... line) {
    out.reset();
    err.reset();
    var data = directory.resolve("data").toString();
    return new Agent(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            environment,
            Clock.systemUTC(),
            words -> typed)
        .command(Stream.concat(Stream.of("--data", data), Stream.of(line)).toList());
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
    assertThat(said()).contains("agent run");
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
    assertThat(agent("source", "remove", "plant")).isZero();
    assertThat(Files.exists(directory.resolve("data/sources/plant"))).isFalse();
    assertThat(agent("source", "remove", "plant")).isEqualTo(Agent.FAILED);
  }
}
