package io.claritystream.embedded;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/// A customer's PostgreSQL as a program, for journeys and trials that need one of their own:
/// `PostgresAlone DIRECTORY`. It prints one line of JSON with port, user and password when it can
/// be used, and ends with its standard input, or by a signal.
final class PostgresAlone {
  private PostgresAlone() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    if (args.length != 1) {
      System.err.println("usage: PostgresAlone DIRECTORY");
      System.exit(2);
    }
    var settings =
        PostgresSettings.of(Path.of(args[0]).toAbsolutePath(), PostgresSettings.Purpose.CUSTOMER);
    var over = new CountDownLatch(1);
    var ended = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  over.countDown();
                  try {
                    ended.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
    try (var postgres = Postgres.start(settings)) {
      System.out.printf(
          "{\"event\":\"ready\",\"host\":\"127.0.0.1\",\"port\":%d,\"user\":\"%s\",\"password\":\"%s\"}%n",
          postgres.port(), Postgres.SUPERUSER, postgres.password());
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  System.in.transferTo(java.io.OutputStream.nullOutputStream());
                } catch (IOException e) {
                  // A broken input is as good an end as a closed one.
                }
                over.countDown();
              });
      over.await();
    } finally {
      ended.countDown();
    }
  }
}
