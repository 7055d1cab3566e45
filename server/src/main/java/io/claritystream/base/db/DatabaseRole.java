package io.claritystream.base.db;

import java.time.Duration;

/// The roles the server signs in as, with the limits that each one's work needs. The migrator is
/// not among them: it has no pool and is gone once the schema stands.
enum DatabaseRole {
  /// Accounts and sessions, before a tenant is known.
  AUTH(6, Duration.ofSeconds(5), Duration.ofSeconds(2)),
  /// Every request a person makes, under row-level security.
  TENANT(12, Duration.ofSeconds(15), Duration.ofSeconds(3)),
  /// The ingest transaction and the aggregator; bypasses row-level security. Beyond these, two for
  /// each partition: one that commits, and one that a new table or source needs meanwhile.
  SERVICE(6, Duration.ofSeconds(60), Duration.ofSeconds(10)),
  /// Executions of workflows, schedules, retention, partitions and other work that no person asked
  /// for.
  ENGINE(10, Duration.ofSeconds(60), Duration.ofSeconds(5)),
  /// The global rollups and the tenant registry.
  INTERNAL(2, Duration.ofSeconds(15), Duration.ofSeconds(3)),
  /// What platform people may change; each act is audited.
  ADMIN(2, Duration.ofSeconds(15), Duration.ofSeconds(3));

  private final int connections;
  final Duration statementTimeout;
  final Duration lockTimeout;

  DatabaseRole(int connections, Duration statementTimeout, Duration lockTimeout) {
    this.connections = connections;
    this.statementTimeout = statementTimeout;
    this.lockTimeout = lockTimeout;
  }

  /// Opened as they are needed.
  ///
  /// @param partitions of the bus; this process may be given all of them
  int connectionsMax(int partitions) {
    return this == SERVICE ? connections + 2 * partitions : connections;
  }

  /// The qualifier of its beans and its key in the configuration.
  String key() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  String user() {
    return "clarity_" + key();
  }
}
