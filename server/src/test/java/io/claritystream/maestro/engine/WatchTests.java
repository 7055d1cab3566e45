package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WatchTests {

  /// Without tomorrow's day nothing could be taken in from midnight on.
  @Test
  void days_are_made_though_what_else_is_looked_after_fails_each_time()
      throws SQLException, InterruptedException {
    try (var rig = new JournalRig()) {
      var lease = new NodeLease(rig.engine, rig.engine, "test", Duration.ofMinutes(5));
      lease.join();
      var days = new HistoryDays(rig.engine);
      var house = new House();
      var watch = new Watch(rig.engine, lease, days, Clock.systemUTC(), house);
      watch.start();
      try {
        await("it is looked twice")
            .atMost(Duration.ofSeconds(30))
            .until(() -> house.asked.get() > 1);
        assertThat(days.there()).isTrue();
      } finally {
        watch.leave();
        watch.end();
      }
    }
  }

  private static final class House implements Watch.House {
    private final AtomicInteger asked = new AtomicInteger();

    @Override
    public boolean joined() {
      return true;
    }

    @Override
    public List<Run> runs() {
      asked.incrementAndGet();
      throw new IllegalStateException("each time");
    }

    @Override
    public void taken(Run run) {}

    @Override
    public void wake() {}
  }
}
