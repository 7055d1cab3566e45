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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
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
    assertThat(said()).contains("the option --jsn is unknown");
    assertThat(agent("run", "--spool-mib")).isEqualTo(Agent.MISUSED);
    assertThat(said()).contains("--spool-mib needs a value");
    assertThat(agent("source", "add", "../x", "--host", "h", "--database", "d", "--user", "u"))
        .isNotZero();
    assertThat(Files.exists(directory.resolve("x"))).isFalse();
    assertThat(agent("status")).isEqualTo(Agent.FAILED);
    assertThat(said()).contains("not paired yet").contains(" pair CODE --server URL");
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
      assertThat(agent("status")).isEqualTo(Agent.FAILED);
      assertThat(said()).contains("start it with: ").contains(" run");
      assertThat(agent("pair", wrong.text(), "--server", platform.url())).isEqualTo(Agent.FAILED);
      assertThat(said()).contains("not paired anew, and still paired with Test Bottling");
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

  /// As a command does that looks whether an agent runs.
  @Test
  void aRunThatFindsTheLockHeldForAMomentGoesOn() throws Exception {
    var home = new Home(directory.resolve("data")).prepared();
    var ended = new CompletableFuture<Integer>();
    Thread run;
    try (var held = home.lockForRun().orElseThrow()) {
      assertThat(held).isNotNull();
      run = Thread.ofPlatform().start(() -> ended.complete(agent("run")));
      // It has looked in vain once, and waits before it looks again.
      await()
          .pollInterval(Duration.ofMillis(1))
          .until(() -> run.getState() == Thread.State.TIMED_WAITING || !run.isAlive());
    }
    assertThat(ended.get(1, TimeUnit.MINUTES)).isEqualTo(Agent.FAILED);
    assertThat(said()).doesNotContain("already").contains("pair");
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
    assertThat(said()).contains("There is nothing to take out of the database").contains("--yes");
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
    assertThat(agent("--wat", "x")).isEqualTo(Agent.MISUSED);
    assertThat(said()).contains("--wat is unknown");
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
  void theHelpOfOneCommandIsAboutThatCommand() {
    assertThat(agent("source", "remove", "--help")).isZero();
    assertThat(said())
        .contains("source remove NAME [--yes]")
        .contains("takes slot and publications out")
        .contains("DIR is where")
        .doesNotContain("pair CODE")
        .doesNotContain("source add NAME");
    assertThat(agent("source", "--help")).isZero();
    assertThat(said()).contains("source add NAME").contains("source list").doesNotContain("pair C");
    assertThat(agent("fly", "--help")).isZero();
    assertThat(said()).contains("pair CODE").contains("source add NAME").contains("version");
  }

  @Test
  void aUserWhoMayNotConnectIsToldTheGrantThatLetsIt() throws Exception {
    var database = TestPostgres.shared().createDatabase();
    var user = database.name() + "_user";
    run(database, "CREATE ROLE " + user + " LOGIN PASSWORD 'user'");
    try {
      run(database, "REVOKE CONNECT ON DATABASE " + database.name() + " FROM public");
      var add = add(database, "plant");
      add[add.length - 1] = user;
      assertThat(agent("user".toCharArray(), Map.of(), add)).isEqualTo(Agent.FAILED);
      var grant = "GRANT CONNECT ON DATABASE \"" + database.name() + "\" TO \"" + user + "\";";
      assertThat(said()).contains(grant).doesNotContain("run `source add` again");
      run(database, grant);
      agent("user".toCharArray(), Map.of(), add);
      assertThat(said())
          .contains("ALTER ROLE \"" + user + "\" REPLICATION;  -- a superuser")
          .doesNotContain("may not connect");
    } finally {
      run(database, "DROP OWNED BY " + user);
      run(database, "DROP ROLE " + user);
    }
  }

  @Test
  void aRemovalNamesThePublicationsOfAnotherRoleWhichStay() throws Exception {
    var database = TestPostgres.shared().createDatabase();
    var user = database.name() + "_user";
    run(database, "CREATE TABLE reading (id int PRIMARY KEY)");
    run(database, "CREATE ROLE " + user + " LOGIN REPLICATION PASSWORD 'user'");
    var slot = new Home(directory.resolve("data")).prepared().slotName("plant");
    try {
      run(database, "GRANT SELECT ON reading TO " + user);
      var add = add(database, "plant");
      add[add.length - 1] = user;
      assertThat(agent("user".toCharArray(), Map.of(), add)).isEqualTo(Agent.FAILED);
      // As a superuser runs what is printed: made with other options they would be refused.
      var printed = said().lines().map(String::strip);
      for (var sql : printed.filter(line -> line.startsWith("CREATE PUBLICATION")).toList()) {
        run(database, sql);
      }
      assertThat(agent("user".toCharArray(), Map.of(), add)).as("%s", said()).isZero();
      run(database, "SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
      answer = "yes";
      assertThat(agent("source", "remove", "plant")).isZero();
      assertThat(said())
          .containsOnlyOnce("SELECT pg_drop_replication_slot")
          .contains("The publications of another role stay")
          .contains("DROP PUBLICATION IF EXISTS " + slot + "_inserts;")
          .doesNotContain("could not be cleaned up");
      assertThat(count(database, "pg_replication_slots WHERE slot_name = '" + slot + "'")).isZero();
      assertThat(count(database, "pg_publication")).isEqualTo(2);
    } finally {
      run(database, "DROP OWNED BY " + user);
      run(database, "DROP ROLE " + user);
    }
  }

  @Test
  void anInterruptedRemovalGoesOnWhereItStopped() throws Exception {
    var database = TestPostgres.shared().createDatabase();
    run(database, "CREATE TABLE reading (id int PRIMARY KEY)");
    assertThat(agent(database.password().toCharArray(), Map.of(), add(database, "plant"))).isZero();
    var home = new Home(directory.resolve("data"));
    var slot = home.slotName("plant");
    run(database, "SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
    // What a kill leaves between the settings' going aside and the look at the database.
    Files.move(
        home.source("plant").resolve("source.properties"),
        home.source("plant").resolve("source.properties.removed"));
    assertThat(agent("source", "list")).isZero();
    assertThat(said()).contains("plant  its removal was interrupted; finish it: ");
    assertThat(agent("source", "remove", "plant")).isZero();
    assertThat(said()).contains("was interrupted; it goes on").contains("plant is removed");
    assertThat(count(database, "pg_replication_slots WHERE slot_name = '" + slot + "'")).isZero();
    assertThat(Files.exists(home.source("plant"))).isFalse();
  }

  @Test
  void aSourcesTablesAreListedWithWhatARunningAgentWaitsFor() throws Exception {
    var database = TestPostgres.shared().createDatabase();
    run(database, "CREATE TABLE reading (id int PRIMARY KEY)");
    assertThat(agent(database.password().toCharArray(), Map.of(), add(database, "plant"))).isZero();
    var home = new Home(directory.resolve("data"));
    var waits = "public.reading cannot be read yet: that waits for somebody";
    var now = Clock.systemUTC().instant();
    var report = SourceReport.failed("plant", waits);
    new StatusReport("a", "b", "c", "d", "e", 1, now, now, List.of(report)).save(home.statusFile());
    try (var held = home.lockForRun().orElseThrow()) {
      assertThat(held).isNotNull();
      assertThat(agent("source", "tables", "plant")).isZero();
      assertThat(said()).contains("public.reading").contains("note       " + waits);
      assertThat(agent("source", "tables", "plant", "--json")).isZero();
      assertThat(said()).contains("\"detail\":\"" + waits + "\"");
    }
    // What an agent said before it was stopped says nothing of now.
    assertThat(agent("source", "tables", "plant")).isZero();
    assertThat(said()).contains("public.reading").doesNotContain(waits);
  }

  @Test
  void aDatabaseThatIsAwayIsLeftWithTheSqlThatCleansIt() throws Exception {
    var database = TestPostgres.shared().createDatabase();
    run(database, "CREATE TABLE reading (id int PRIMARY KEY)");
    assertThat(agent(database.password().toCharArray(), Map.of(), add(database, "plant"))).isZero();
    var home = new Home(directory.resolve("data"));
    var slot = home.slotName("plant");
    Files.writeString(home.source("plant").resolve("password"), "another\n");
    assertThat(agent("source", "remove", "plant", "--yes")).isEqualTo(Agent.FAILED);
    assertThat(said())
        .contains("could not be cleaned up: it does not take the password")
        .contains("SELECT pg_drop_replication_slot('" + slot + "');")
        .contains("source plant is removed");
    assertThat(home.beingRemoved()).isEmpty();
  }

  private static int count(TestPostgres.Database database, String of) throws Exception {
    try (var connection = database.connect()) {
      return Integer.parseInt(Rig.value(connection, "SELECT count(*) FROM " + of));
    }
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
        .contains("the other tables are not read again");
  }

  @Test
  void tablesAreChosenWhileASourceIsThere() throws Exception {
    var database = TestPostgres.shared().createDatabase();
    run(database, "CREATE TABLE reading (id int PRIMARY KEY)");
    run(database, "CREATE TABLE site (id int PRIMARY KEY)");
    assertThat(agent(database.password().toCharArray(), Map.of(), add(database, "plant"))).isZero();
    var slot = new Home(directory.resolve("data")).slotName("plant");
    run(database, "CREATE PUBLICATION " + slot + " FOR TABLE reading, site");

    assertThat(agent(null, Map.of(), "source", "tables", "plant", "--remove", "site")).isZero();
    assertThat(said()).contains("public.site").contains("Their rows are cleared");
    assertThat(agent(null, Map.of(), "source", "tables", "plant", "--json")).isZero();
    assertThat(said()).contains("\"chosen\":\"!site\"").doesNotContain("\"name\":\"public.site\"");

    assertThat(agent(null, Map.of(), "source", "tables", "plant", "--add", "site")).isZero();
    assertThat(agent(null, Map.of(), "source", "tables", "plant", "--add", "site")).isZero();
    assertThat(said()).contains("Nothing changes");
    assertThat(agent(null, Map.of(), "source", "tables", "plant", "--remove", "*")).isEqualTo(1);
    assertThat(said()).contains("the tables were not changed").contains("There is no table");
    assertThat(agent(null, Map.of(), "source", "tables", "nobody")).isEqualTo(1);
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
  void aSourceThatBelongsToTheFormerAgentIsNotSaidToBeOffThePlatformsList() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.sql("CREATE TABLE reading (id int PRIMARY KEY)");
      rig.start();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> rig.report().state() == SourceState.STREAMING);
      rig.stop();
      rig.platform.knowsNoSource = true;
      assertThat(agent("source", "remove", "plant", "--yes")).isZero();
      assertThat(said())
          .contains("has no source plant of this agent")
          .contains("it can be removed there")
          .doesNotContain("lists it no more");
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
