package io.claritystream.embedded;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Where an embedded PostgreSQL keeps its files, what it is tuned for, and who reads its log.
///
/// @param port the port to listen on, or 0 for any that is free
public record PostgresSettings(Path home, Purpose purpose, int port, Consumer<String> log) {

  /// What the server is tuned for.
  public enum Purpose {
    /// The platform's own state: heavy bulk writes, so few and spread checkpoints.
    PLATFORM,
    /// A customer's database: logical replication is on, and a forgotten slot cannot fill the disk.
    CUSTOMER,
    /// Tests: as `CUSTOMER`, and without `fsync`. What tests prove about crashes is about killed
    /// processes, which the kernel's page cache survives; its data is thrown away.
    TEST
  }

  public PostgresSettings {
    home = home.toAbsolutePath().normalize();
  }

  public static PostgresSettings of(Path home, Purpose purpose) {
    return new PostgresSettings(home, purpose, 0, line -> {});
  }

  public PostgresSettings withLog(Consumer<String> other) {
    return new PostgresSettings(home, purpose, port, other);
  }

  public PostgresSettings withPort(int other) {
    return new PostgresSettings(home, purpose, other, log);
  }

  /// The whole of `postgresql.conf`, written anew at each start.
  String configuration(int port, Path hba, String socketDirectory) {
    List<String> lines = new ArrayList<>();
    lines.add("# Written at each start; changes made here are lost.");
    lines.add("listen_addresses = '127.0.0.1'");
    lines.add("port = " + port);
    lines.add("unix_socket_directories = " + quoted(socketDirectory));
    lines.add("hba_file = " + quoted(hba.toString()));
    lines.addAll(
        """
        max_connections = 120
        max_locks_per_transaction = 512
        password_encryption = 'scram-sha-256'
        timezone = 'UTC'
        log_timezone = 'UTC'
        datestyle = 'iso, ymd'
        log_min_messages = warning
        log_line_prefix = '%m [%p] %q%u@%d '
        log_checkpoints = off
        update_process_title = off
        jit = off
        random_page_cost = 1.1
        work_mem = 16MB
        maintenance_work_mem = 128MB
        effective_cache_size = 2GB
        max_parallel_workers_per_gather = 1
        checkpoint_completion_target = 0.9
        wal_buffers = 16MB
        max_replication_slots = 10
        max_wal_senders = 10
        """
            .lines()
            .toList());
    switch (purpose) {
      case PLATFORM ->
          lines.addAll(
              List.of(
                  "cluster_name = 'clarity-platform'",
                  "wal_level = replica",
                  "shared_buffers = 256MB",
                  "max_wal_size = 8GB",
                  "min_wal_size = 256MB",
                  "checkpoint_timeout = 15min",
                  "autovacuum_naptime = 20s",
                  "io_workers = 2"));
      case CUSTOMER ->
          lines.addAll(
              List.of(
                  "cluster_name = 'customer'",
                  "wal_level = logical",
                  "shared_buffers = 64MB",
                  "max_wal_size = 1GB",
                  "max_slot_wal_keep_size = 4GB",
                  "io_workers = 1"));
      case TEST ->
          lines.addAll(
              List.of(
                  "cluster_name = 'test'",
                  "wal_level = logical",
                  "shared_buffers = 64MB",
                  "max_wal_size = 1GB",
                  "max_prepared_transactions = 10",
                  "fsync = off",
                  "full_page_writes = off",
                  "io_workers = 1"));
    }
    return String.join("\n", lines) + "\n";
  }

  private static String quoted(String value) {
    return "'" + value.replace("'", "''") + "'";
  }
}
