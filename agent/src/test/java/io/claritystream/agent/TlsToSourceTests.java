package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.uplink.TestAuthority;
import io.claritystream.agent.uplink.TestPlatform;
import io.claritystream.embedded.Postgres;
import io.claritystream.embedded.PostgresSettings;
import io.claritystream.protocol.identity.Pem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// A customer's server that lets nobody in without TLS, and whose certificate is for `localhost`.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TlsToSourceTests {
  private final TestAuthority authority = new TestAuthority();
  @TempDir Path directory;
  private Path server;
  private Postgres postgres;

  @BeforeAll
  void start() throws Exception {
    server =
        Files.createTempDirectory(
            "clarity-tls-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x")));
    postgres = Postgres.start(PostgresSettings.of(server, PostgresSettings.Purpose.TEST));
    var certificate = authority.server("localhost");
    try (var connection = connect()) {
      keep(connection, "server.crt", Pem.write(certificate.chain()));
      keep(connection, "server.key", Pem.write(certificate.keys().getPrivate()));
      run(connection, "ALTER SYSTEM SET ssl = on");
      // Read by the server as it is, whoever it runs as.
      Files.writeString(
          server.resolve("pg_hba.conf"),
          """
          hostssl all         all 127.0.0.1/32 scram-sha-256
          hostssl replication all 127.0.0.1/32 scram-sha-256
          """);
      run(connection, "SELECT pg_reload_conf()");
    }
    await().atMost(Duration.ofSeconds(20)).ignoreExceptions().until(this::encrypted);
    try (var connection = connect()) {
      run(connection, "CREATE TABLE reading (id int PRIMARY KEY)");
      run(connection, "INSERT INTO reading VALUES (1)");
    }
  }

  @AfterAll
  void stop() throws IOException {
    postgres.close();
    try (var files = Files.walk(server)) {
      for (var file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /// In the server's own directory, readable by nobody else, as it demands of a key.
  private static void keep(Connection connection, String file, String text) throws SQLException {
    var base64 = Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
    run(
        connection,
        "COPY (SELECT '%s') TO PROGRAM 'umask 077; base64 -d > %s'".formatted(base64, file));
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(postgres.jdbcUrl("postgres"), postgres.superuser());
  }

  private boolean encrypted() throws SQLException {
    try (var connection = connect()) {
      return Rig.value(connection, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
          .equals("t");
    }
  }

  private static void run(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private record Said(int code, String words) {}

  private Said agent(Path data, String... line) {
    var out = new ByteArrayOutputStream();
    var print = new PrintStream(out, true, StandardCharsets.UTF_8);
    var code =
        new Agent(
                print,
                print,
                Map.of("SECRET", postgres.password()),
                Clock.systemUTC(),
                Terminal.ofProcess(),
                "agent")
            .command(Stream.concat(Stream.of("--data", data.toString()), Stream.of(line)).toList());
    return new Said(code, out.toString(StandardCharsets.UTF_8));
  }

  private Said add(Path data, String host, String... tls) {
    var line =
        new ArrayList<>(
            List.of("source", "add", "plant", "--host", host, "--port", "" + postgres.port()));
    line.addAll(List.of("--database", "postgres", "--user", Postgres.SUPERUSER));
    line.addAll(List.of("--password-env", "SECRET"));
    line.addAll(List.of(tls));
    return agent(data, line.toArray(String[]::new));
  }

  private Path trusting(TestAuthority trusted) throws IOException {
    var file = Files.createTempFile(directory, "ca", ".pem");
    return Files.writeString(file, Pem.write(List.of(trusted.certificate())));
  }

  @Test
  void aServerThatWantsTlsIsCapturedOverItWhetherItIsRequiredOrVerified() throws Exception {
    captures("required", "127.0.0.1", "--tls", "require");
    captures(
        "verified",
        "localhost",
        "--tls",
        "verify-full",
        "--tls-ca",
        trusting(authority).toString());
  }

  private void captures(String name, String host, String... tls) throws Exception {
    var data = directory.resolve(name);
    try (var platform = new TestPlatform()) {
      assertThat(agent(data, "pair", platform.code().text(), "--server", platform.url()).code())
          .isZero();
      var added = add(data, host, tls);
      assertThat(added.code()).as(added.words()).isZero();
      var running = Thread.ofPlatform().start(() -> agent(data, "run"));
      try {
        var source = platform.source("plant");
        await().atMost(Duration.ofSeconds(40)).until(() -> source.events().size() == 1);
        try (var connection = connect()) {
          await()
              .atMost(Duration.ofSeconds(20))
              .until(() -> Rig.value(connection, connections("walsender", true)).equals("1"));
          assertThat(Rig.value(connection, connections("client backend", true))).isNotEqualTo("0");
          assertThat(Rig.value(connection, connections("%", false))).isEqualTo("0");
        }
      } finally {
        running.interrupt();
        running.join();
      }
    }
    assertThat(agent(data, "source", "remove", "plant", "--yes").code()).isZero();
  }

  private static String connections(String kind, boolean encrypted) {
    return "SELECT count(*) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)"
        + " WHERE application_name = 'clarity-agent' AND backend_type LIKE '%s' AND ssl = %s"
            .formatted(kind, encrypted);
  }

  @Test
  void aServerThatWantsTlsRefusesAnAgentThatWasToldNotToUseIt() {
    assertThat(add(directory.resolve("plain"), "127.0.0.1", "--tls", "disable"))
        .satisfies(said -> assertThat(said.code()).isEqualTo(Agent.FAILED))
        .satisfies(
            said -> assertThat(said.words()).contains("cannot be used").contains("--tls require"));
  }

  @Test
  void whoeverIsNotTheServerThatWasMeantIsToldWithWhatAPersonMustDo() throws Exception {
    var data = directory.resolve("nobody");
    assertThat(
            add(
                    data,
                    "localhost",
                    "--tls",
                    "verify-full",
                    "--tls-ca",
                    trusting(new TestAuthority()).toString())
                .words())
        .contains("no authority that is trusted has signed its certificate")
        .contains("--tls-ca");
    var own = trusting(authority).toString();
    assertThat(add(data, "127.0.0.1", "--tls", "verify-full", "--tls-ca", own).words())
        .contains("its certificate is for another name than --host");
    assertThat(add(data, "127.0.0.1", "--tls", "verify-ca", "--tls-ca", own).code()).isZero();
  }

  @Test
  void anAuthoritysFileIsAskedForWhereItIsWantedAndOnlyThere() throws Exception {
    var data = directory.resolve("files");
    var missing = directory.resolve("none.pem").toString();
    assertThat(add(data, "localhost", "--tls", "verify-full", "--tls-ca", missing).words())
        .contains("there is no file " + missing);
    var own = trusting(authority);
    assertThat(add(data, "localhost", "--tls", "require", "--tls-ca", own.toString()).words())
        .contains("--tls require asks nobody; use verify-full");
    Files.copy(
        Files.createTempFile(directory, "no", ".pem"), own, StandardCopyOption.REPLACE_EXISTING);
    assertThat(add(data, "localhost", "--tls", "verify-full", "--tls-ca", own.toString()))
        .satisfies(said -> assertThat(said.code()).isEqualTo(Agent.FAILED))
        .satisfies(said -> assertThat(said.words()).contains("--tls-ca"));
  }
}
