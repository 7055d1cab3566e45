package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.embedded.TestKafka;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// One tenant cannot slow another: not even where both share the only partition, and one of them
/// has fifty times of what it may send lying in its agent's spool.
@Timeout(300)
class IsolationTests {
  private static final long QUOTA = 200;
  private static final int SAVED_SECONDS = 10;

  private final Cluster cluster = new Cluster(TestKafka.shared().access(), 1, 1);

  @AfterEach
  void end() {
    cluster.close();
  }

  @Test
  void a_tenant_at_fifty_times_its_quota_is_held_to_it_and_holds_no_other_up() {
    cluster.start(1, 5);
    cluster
        .database
        .superuser()
        .sql(
            """
            INSERT INTO control.plan
            SELECT (jsonb_populate_record(p, jsonb_build_object(
              'plan', 'tiny', 'title', 'Tiny', 'events_per_s_max', CAST(:quota AS int),
              'bytes_per_s_max', 1000000))).*
            FROM control.plan p WHERE plan = 'standard'
            """)
        .param("quota", QUOTA)
        .update();
    var calm = cluster.sources().getFirst();
    calm.capture();
    await().atMost(Cluster.PATIENCE).until(() -> calm.durable() == calm.lastSeq());
    var flood = cluster.stranger("flood@example.com", 6);
    cluster
        .database
        .superuser()
        .sql("UPDATE control.dim_tenant SET plan = 'tiny' WHERE tenant_id <> :calm")
        .param("calm", cluster.tenant().value())
        .update();
    var begunNs = System.nanoTime();
    while (flood.lastSeq() < 50 * QUOTA) {
      flood.capture();
    }

    var slowest = Duration.ZERO;
    var waits = new ArrayList<Duration>();
    while (flood.durable() < SAVED_SECONDS * QUOTA + 5 * QUOTA) {
      calm.capture();
      var sentNs = System.nanoTime();
      var last = calm.lastSeq();
      await()
          .atMost(Cluster.PATIENCE)
          .pollInterval(Duration.ofMillis(5))
          .until(() -> calm.durable() >= last);
      waits.add(Duration.ofNanos(System.nanoTime() - sentNs));
      slowest = waits.getLast().compareTo(slowest) > 0 ? waits.getLast() : slowest;
    }
    waits.sort(null);
    // Generous, as the machine may have other work: a queue behind the flood would be 40 s long.
    assertThat(waits.get(waits.size() / 2)).isLessThan(Duration.ofSeconds(1));
    assertThat(slowest).isLessThan(Duration.ofSeconds(10));
    var seconds = (System.nanoTime() - begunNs) / 1e9;
    // What is saved up, what time gives, and a window that was granted before it was overdrawn.
    assertThat((double) flood.durable()).isLessThan((seconds + SAVED_SECONDS + 5) * QUOTA);
    assertThat(flood.durable()).isLessThan(flood.lastSeq());
  }
}
