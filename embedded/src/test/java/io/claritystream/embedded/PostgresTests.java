package io.claritystream.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresTests {
  @TempDir Path temporary;

  private Path home;

  @BeforeEach
  void blankInPath() throws IOException {
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwx--x--x"));
    home = temporary.resolve("a home with blanks");
  }

  @AfterEach
  void nothingIsLeftRunning() {
    assertThat(Machine.inUse(home.resolve("data"))).isFalse();
  }

  @Test
  void keeps_its_data_over_an_orderly_restart_and_syncs_to_disk() throws SQLException {
    try (Postgres postgres = Postgres.start(platform())) {
      execute(postgres, "CREATE TABLE kept (n int)");
      execute(postgres, "INSERT INTO kept VALUES (7)");
      assertThat(query(postgres, "SHOW fsync")).isEqualTo("on");
      assertThat(query(postgres, "SHOW full_page_writes")).isEqualTo("on");
      assertThat(query(postgres, "SHOW synchronous_commit")).isEqualTo("on");
      assertThat(query(postgres, "SHOW wal_level")).isEqualTo("replica");
      assertThat(query(postgres, "SHOW server_version")).startsWith("18.6");
      assertThat(query(postgres, "SHOW data_checksums")).isEqualTo("on");
    }
    try (Postgres postgres = Postgres.start(platform())) {
      assertThat(query(postgres, "SELECT n FROM kept")).isEqualTo("7");
    }
  }

  @Test
  void keeps_what_was_committed_over_kill_9_and_starts_again_at_once() throws SQLException {
    Postgres first = Postgres.start(platform());
    execute(first, "CREATE TABLE kept (n int)");
    execute(first, "INSERT INTO kept VALUES (7)");
    first.child().signal("KILL");
    try (Postgres second = Postgres.start(platform())) {
      assertThat(query(second, "SELECT n FROM kept")).isEqualTo("7");
      first.child().endedWithin(Duration.ofSeconds(5));
    }
  }

  @Test
  void starts_over_a_lock_whose_process_number_now_belongs_to_another() throws Exception {
    Postgres.start(platform()).close();
    // As after a restart of the machine: the number in the lock is alive, and is not PostgreSQL.
    Path lock = home.resolve("data/postmaster.pid");
    Child other =
        Child.start(
            Launch.of("sleeper", Path.of("/"), List.of("/bin/sleep", "60"))
                .withIdentity(Launch.Identity.UNPRIVILEGED),
            line -> {});
    try {
      Files.writeString(
          lock, other.pid() + "\n" + home.resolve("data") + "\n1\n1\n\n127.0.0.1\n0 0\nready\n");
      if (Machine.root()) {
        Files.setAttribute(lock, "unix:uid", Machine.NOBODY);
      }
      try (Postgres postgres = Postgres.start(platform())) {
        assertThat(query(postgres, "SELECT 1")).isEqualTo("1");
      }
    } finally {
      other.stop("KILL", Duration.ofSeconds(1));
    }
  }

  @Test
  void asks_for_the_password_of_its_directory() {
    try (Postgres postgres = Postgres.start(platform())) {
      assertThatThrownBy(
              () ->
                  DriverManager.getConnection(
                      postgres.jdbcUrl("postgres"), Postgres.SUPERUSER, "wrong"))
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("password authentication failed");
    }
  }

  @Test
  void no_way_in_leads_past_the_password_and_none_from_another_machine() throws Exception {
    try (Postgres postgres = Postgres.start(platform())) {
      assertThat(
              query(
                  postgres, "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules"))
          .isEqualTo("scram-sha-256");
      assertThat(
              query(
                  postgres,
                  "SELECT rolpassword ~ '^SCRAM-SHA-256' FROM pg_authid WHERE rolname = 'postgres'"))
          .isEqualTo("t");
      assertThat(query(postgres, "SHOW listen_addresses")).isEqualTo("127.0.0.1");
      assertThat(Files.readString(Path.of("/proc", "" + postgres.child().pid(), "cmdline")))
          .doesNotContain(postgres.password());
    }
    for (String name : List.of("data", "run")) {
      assertThat(Files.getPosixFilePermissions(home.resolve(name)))
          .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    }
    assertThat(Files.getPosixFilePermissions(home.resolve("password")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void a_customers_database_offers_logical_replication() throws SQLException {
    try (Postgres postgres =
        Postgres.start(PostgresSettings.of(home, PostgresSettings.Purpose.CUSTOMER))) {
      assertThat(query(postgres, "SHOW wal_level")).isEqualTo("logical");
      assertThat(query(postgres, "SHOW fsync")).isEqualTo("on");
    }
  }

  @Test
  void begins_again_after_a_first_start_that_was_cut_short() throws Exception {
    Files.createDirectories(home.resolve("data.new/base"));
    try (Postgres postgres = Postgres.start(platform())) {
      assertThat(query(postgres, "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void says_so_when_its_directory_cannot_be_made() throws IOException {
    Path file = Files.createFile(temporary.resolve("file"));
    home = file.resolve("below");
    assertThatThrownBy(() -> Postgres.start(platform()))
        .isInstanceOf(StartFailedException.class)
        .hasMessageContaining("PostgreSQL cannot keep its data in");
  }

  @Test
  void starts_whatever_the_umask() throws Exception {
    // Programs and data are both made anew; this JVM's own umask cannot be changed.
    Files.createDirectories(home);
    CompletableFuture<String> ready = new CompletableFuture<>();
    Child alone =
        Child.start(
            Launch.of(
                    "alone",
                    Path.of("/"),
                    List.of(
                        "/bin/sh",
                        "-c",
                        "umask 077; exec \"$@\"",
                        "sh",
                        Machine.java().toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        PostgresAlone.class.getName(),
                        home.toString()))
                .withEnvironment(Map.of("CLARITY_CACHE", temporary.resolve("cache").toString())),
            line -> {
              if (line.contains("\"event\":\"ready\"")) {
                ready.complete(line);
              }
            });
    alone.ended().thenRun(() -> ready.complete(String.join("\n", alone.lastLines())));
    try {
      assertThat(ready.get(2, TimeUnit.MINUTES)).contains("\"event\":\"ready\"");
    } finally {
      alone.stop("TERM", Duration.ofSeconds(20));
    }
  }

  @Test
  void tells_of_each_process_as_soon_as_there_is_one() {
    List<String> born = new ArrayList<>();
    try (Postgres postgres = Postgres.start(platform(), child -> born.add(child.name()))) {
      assertThat(postgres.child().alive()).isTrue();
    }
    assertThat(born).containsExactly("initdb", "postgres");
  }

  private PostgresSettings platform() {
    return PostgresSettings.of(home, PostgresSettings.Purpose.PLATFORM);
  }

  private static void execute(Postgres postgres, String sql) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(postgres.jdbcUrl("postgres"), postgres.superuser());
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String query(Postgres postgres, String sql) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(postgres.jdbcUrl("postgres"), postgres.superuser());
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      assertThat(result.next()).isTrue();
      return result.getString(1);
    }
  }
}
