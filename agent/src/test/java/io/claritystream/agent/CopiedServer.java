package io.claritystream.agent;

import io.claritystream.embedded.KeptPorts;
import io.claritystream.embedded.Postgres;
import io.claritystream.embedded.PostgresSettings;
import io.claritystream.embedded.TestPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// A server of a test's own, which can be copied and put back.
final class CopiedServer implements AutoCloseable {
  private final Path directory;
  private final int port = KeptPorts.next();
  private Postgres postgres;

  CopiedServer(Path directory) throws IOException {
    this.directory = directory;
    run("chmod", "755", directory.toString());
  }

  void start() {
    postgres =
        Postgres.start(
            PostgresSettings.of(directory.resolve("home"), PostgresSettings.Purpose.TEST)
                .withPort(port));
  }

  void stop() {
    postgres.close();
  }

  TestPostgres.Database database() {
    return new TestPostgres.Database(
        "postgres", postgres.jdbcUrl("postgres"), Postgres.SUPERUSER, postgres.password());
  }

  void backup() throws IOException {
    run("cp", "-a", data().toString(), directory.resolve("backup").toString());
  }

  void restore(boolean asStandby) throws IOException {
    run("rm", "-rf", data().toString());
    run("cp", "-a", directory.resolve("backup").toString(), data().toString());
    if (asStandby) {
      run("cp", "-a", data().resolve("PG_VERSION").toString(), data() + "/standby.signal");
    }
  }

  private Path data() {
    return directory.resolve("home").resolve("data");
  }

  private static void run(String... command) throws IOException {
    try {
      var process = new ProcessBuilder(command).inheritIO().start();
      if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IOException(String.join(" ", command));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    postgres.close();
    run("rm", "-rf", directory.toString());
  }
}
