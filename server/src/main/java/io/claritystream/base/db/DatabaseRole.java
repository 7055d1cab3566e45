package io.claritystream.base.db;

import java.time.Duration;

/// The roles the server signs in as, with the limits that each one's work needs. The migrator is
/// not among them: it has no pool and is gone once the schema stands.
enum DatabaseRole {
  /// Accounts and sessions, before a tenant is known.
  AUTH(6, Duration.ofSeconds(5), Duration.ofSeconds(2)),
  /// Every request a person makes, under row-level security.
  TENANT(12, Duration.ofSeconds(15), Duration.ofSeconds(3)),
  /// The ingest transaction and the aggregator; bypasses row-level security. Two for each partition
  /// of the default topic, and some for the gateway.
  SERVICE(14, Duration.ofSeconds(60), Duration.ofSeconds(10)),
  /// Schedules, retention, partitions and other work that no person asked for.
  ENGINE(4, Duration.ofSeconds(60), Duration.ofSeconds(5)),
  /// The global rollups and the tenant registry.
  INTERNAL(2, Duration.ofSeconds(15), Duration.ofSeconds(3)),
  /// What platform people may change; each act is audited.
  ADMIN(2, Duration.ofSeconds(15), Duration.ofSeconds(3));

  final int connectionsMax;
  final Duration statementTimeout;
  final Duration lockTimeout;

  DatabaseRole(int connectionsMax, Duration statementTimeout, Duration lockTimeout) {
    this.connectionsMax = connectionsMax;
    this.statementTimeout = statementTimeout;
    this.lockTimeout = lockTimeout;
  }

  /// The qualifier of its beans and its key in the configuration.
  String key() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  String user() {
    return "clarity_" + key();
  }
}
