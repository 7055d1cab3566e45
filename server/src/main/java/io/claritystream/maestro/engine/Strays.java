package io.claritystream.maestro.engine;

import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Executions that the database says this node holds and that it does not work on: claims whose
/// answer was lost, mostly. It is looked for them only when something went wrong, and whatever is
/// seen twice is set free. One that was about to begin here loses nothing but its turn.
///
/// The dispatching thread looks; any may suspect.
final class Strays {
  private static final Logger log = LoggerFactory.getLogger(Strays.class);

  /// No index leads to what a node holds, as each execution would pay for it; so a look reads all
  /// that are open.
  private static final Duration LOOK_EVERY = Duration.ofSeconds(5);

  private static final Duration SUSPECTED_FOR = Duration.ofSeconds(10);

  private final DataSource engine;
  private final Worked worked;
  private volatile boolean suspected;
  private volatile long suspectedNs;
  private long lookedNs = System.nanoTime();
  private Set<Claims.Held> seen = Set.of();

  /// Whether this process works on what a node holds.
  interface Worked {
    boolean on(int node, Claims.Held held);
  }

  Strays(DataSource engine, Worked worked) {
    this.engine = engine;
    this.worked = worked;
  }

  /// There may be some.
  void suspect() {
    suspectedNs = System.nanoTime();
    suspected = true;
  }

  /// Looks, if some are suspected and the last look is long enough ago.
  void setFree(int node) throws SQLException {
    var nowNs = System.nanoTime();
    if (!suspected || nowNs - lookedNs < LOOK_EVERY.toNanos()) {
      return;
    }
    lookedNs = nowNs;
    try (var connection = engine.getConnection()) {
      var astray = new HashSet<Claims.Held>();
      for (var held : Claims.held(connection, node)) {
        if (!worked.on(node, held)) {
          astray.add(held);
        }
      }
      var twice = astray.stream().filter(seen::contains).toList();
      seen = astray;
      if (!twice.isEmpty()) {
        Claims.setFree(connection, node, twice);
        log.warn("executions were held and not worked on, set free: count={}", twice.size());
      } else if (astray.isEmpty() && nowNs - suspectedNs > SUSPECTED_FOR.toNanos()) {
        suspected = false;
      }
    }
  }
}
