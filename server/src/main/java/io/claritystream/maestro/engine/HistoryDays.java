package io.claritystream.maestro.engine;

import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Sees to it that the days of the history that executions of now lie in are there.
final class HistoryDays {
  /// Whoever takes executions in waits behind it meanwhile.
  private static final String WAIT_SHORTLY = "SET LOCAL lock_timeout = '1s'";

  private static final String CREATE =
      "SELECT maestro.create_day(d::date) FROM generate_series(?::date, ?::date, interval '1 day') AS d";

  /// A clock that is behind another process's, and the night.
  private static final int BEFORE = 1;

  private static final int AHEAD = 2;

  private final DataSource engine;
  private volatile @Nullable LocalDate ensured;

  HistoryDays(DataSource engine) {
    this.engine = engine;
  }

  /// Costs nothing while the day is the same.
  synchronized void ensure(Instant now) throws SQLException {
    var today = LocalDate.ofInstant(now, ZoneOffset.UTC);
    if (today.equals(ensured)) {
      return;
    }
    try (var connection = engine.getConnection()) {
      connection.setAutoCommit(false);
      try (var wait = connection.createStatement();
          var create = connection.prepareStatement(CREATE)) {
        wait.execute(WAIT_SHORTLY);
        create.setObject(1, today.minusDays(BEFORE));
        create.setObject(2, today.plusDays(AHEAD));
        create.execute();
        connection.commit();
      } catch (SQLException e) {
        connection.rollback();
        throw e;
      }
    }
    ensured = today;
  }

  /// Whether executions can be taken in, as far as days go: those ahead are made in time.
  boolean there() {
    return ensured != null;
  }
}
