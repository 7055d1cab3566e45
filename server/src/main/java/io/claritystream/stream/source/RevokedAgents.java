package io.claritystream.stream.source;

import io.claritystream.base.db.SqlTime;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.springframework.jdbc.core.simple.JdbcClient;

/// The agents that are revoked while a certificate of theirs is still good: after that they need
/// not be remembered. A revocation made in this process is known at once, one made elsewhere at the
/// next look.
public final class RevokedAgents {
  private final JdbcClient sql;
  private final Clock clock;
  private final List<Consumer<Set<UUID>>> listeners = new CopyOnWriteArrayList<>();
  private volatile Set<UUID> current = Set.of();

  RevokedAgents(JdbcClient sql, Clock clock) {
    this.sql = sql;
    this.clock = clock;
  }

  public Set<UUID> current() {
    return current;
  }

  /// The listener is told each time of the agents that were not revoked before. It must not block.
  public void listen(Consumer<Set<UUID>> listener) {
    listeners.add(listener);
  }

  public void forget(Consumer<Set<UUID>> listener) {
    listeners.remove(listener);
  }

  /// Reads the database; to be called about every second.
  public void look() {
    List<UUID> revoked =
        sql.sql(
                """
                SELECT agent_id FROM control.agent
                WHERE revoked_at IS NOT NULL AND certificate_expires_at > :now
                """)
            .param("now", SqlTime.of(clock.instant()))
            .query(UUID.class)
            .list();
    replace(Set.copyOf(revoked));
  }

  /// To be called after the revocation was committed.
  synchronized void revoked(UUID agent) {
    Set<UUID> all = new HashSet<>(current);
    all.add(agent);
    replace(Set.copyOf(all));
  }

  private synchronized void replace(Set<UUID> all) {
    Set<UUID> fresh = new HashSet<>(all);
    fresh.removeAll(current);
    current = all;
    if (!fresh.isEmpty()) {
      listeners.forEach(listener -> listener.accept(Set.copyOf(fresh)));
    }
  }
}
