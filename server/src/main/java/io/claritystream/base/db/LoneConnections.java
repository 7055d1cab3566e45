package io.claritystream.base.db;

import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.sql.DataSource;

/// Connections beside the pools, each of one user, for what may not wait until other users of a
/// pool give something back. One is kept open, and made anew when it breaks.
public final class LoneConnections implements AutoCloseable {
  private final DatabaseProperties database;
  private final List<HikariDataSource> open = new ArrayList<>();

  LoneConnections(DatabaseProperties database) {
    this.database = database;
  }

  /// One connection at a time of a role, known by its qualifier.
  ///
  /// @param answerMax how long the connection is waited for, and how long for a statement's answer
  public synchronized DataSource open(String role, String name, Duration answerMax) {
    var lone =
        DatabaseBeans.lone(
            DatabaseRole.valueOf(role.toUpperCase(Locale.ROOT)), database, name, answerMax);
    open.add(lone);
    return lone;
  }

  @Override
  public synchronized void close() {
    open.forEach(HikariDataSource::close);
    open.clear();
  }
}
