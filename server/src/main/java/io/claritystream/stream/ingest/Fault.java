package io.claritystream.stream.ingest;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// Whose fault a failed transaction is.
enum Fault {
  /// Something in the events: it would fail again, so the guilty ones are parted from the rest.
  DATA,
  /// The database, its limits, the network, another transaction: it is tried again.
  PASSING,
  /// Ours, or of the installation (a missing grant, a missing table). Trying again loses nothing,
  /// and helps as soon as a person has mended it.
  OURS;

  static Fault of(Throwable failure) {
    var sql = sql(failure);
    if (sql == null) {
      // Nothing reached the database: the fold itself stumbled over an event.
      return DATA;
    }
    var state = sql.getSQLState();
    if (state == null || state.length() < 2) {
      return PASSING;
    }
    return switch (state.substring(0, 2)) {
      case "22", "23", "54" -> DATA;
      case "08", "40", "53", "55", "57", "58", "XX" -> PASSING;
      default -> OURS;
    };
  }

  static @Nullable String sqlstate(Throwable failure) {
    var sql = sql(failure);
    return sql == null ? null : sql.getSQLState();
  }

  private static @Nullable SQLException sql(Throwable failure) {
    var at = failure;
    for (var depth = 0; at != null && depth < 16; depth++) {
      if (at instanceof SQLException sql) {
        return sql;
      }
      at = at.getCause();
    }
    return null;
  }
}
