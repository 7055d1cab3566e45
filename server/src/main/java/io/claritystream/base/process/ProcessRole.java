package io.claritystream.base.process;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/// A part of the platform that can run in a process of its own.
public enum ProcessRole {
  /// The HTTP API and the web app.
  API,
  /// The end of the agents' link.
  GATEWAY,
  /// From the bus into bronze and the read models.
  INGEST,
  /// Rollups, partitions, retention.
  AGGREGATOR,
  /// Executions of workflows.
  MAESTRO;

  /// Reads `clarity.roles`. Throws IllegalArgumentException naming a role that does not exist, so
  /// that a misspelt one fails the start instead of running nothing.
  static Set<ProcessRole> parse(String text) {
    Set<ProcessRole> roles = EnumSet.noneOf(ProcessRole.class);
    for (String name : text.split(",", -1)) {
      String key = name.strip().toUpperCase(Locale.ROOT);
      if (key.equals("ALL")) {
        roles.addAll(EnumSet.allOf(ProcessRole.class));
      } else {
        roles.add(ProcessRole.valueOf(key));
      }
    }
    return roles;
  }
}
