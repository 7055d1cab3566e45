package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TenantId;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SlotsTests {
  private static final int AT_ONCE = 100;
  private JournalRig rig;

  @BeforeEach
  void begin() throws SQLException {
    rig = new JournalRig();
    rig.database
        .superuser()
        .sql("UPDATE control.plan SET executions_at_once_max = " + AT_ONCE)
        .update();
  }

  @AfterEach
  void end() {
    rig.close();
  }

  /// A process as far as slots go: what it runs, and may.
  private final class Node {
    private final NodeLease lease =
        new NodeLease(rig.engine, rig.engine, "test", Duration.ofMinutes(5));
    private final Map<TenantId, Integer> running = new HashMap<>();
    private final Map<TenantId, Integer> slots = new HashMap<>();

    private Node() throws SQLException {
      lease.join();
    }

    private int running(TenantId tenant) {
      return running.getOrDefault(tenant, 0);
    }

    private void share(Map<TenantId, Integer> demands) throws SQLException {
      var needs = new ArrayList<Slots.Need>();
      demands.forEach(
          (tenant, demand) ->
              needs.add(
                  new Slots.Need(tenant, running(tenant), Math.max(demand, running(tenant)))));
      try (var connection = rig.engine.getConnection()) {
        Slots.share(
                connection,
                lease.node(),
                needs,
                (tenant, wanted) -> {
                  var kept = Math.max(wanted, running(tenant));
                  slots.computeIfPresent(tenant, (of, had) -> Math.min(had, kept));
                  return kept;
                })
            .forEach(share -> slots.put(share.tenant(), share.slots()));
      }
    }
  }

  private Map<TenantId, Integer> sums() {
    var sums = new HashMap<TenantId, Integer>();
    rig.database
        .superuser()
        .sql("SELECT tenant_id, sum(slots) AS slots FROM maestro.tenant_slots GROUP BY tenant_id")
        .query(
            (row, number) ->
                sums.put(new TenantId(row.getObject(1, java.util.UUID.class)), row.getInt("slots")))
        .list();
    return sums;
  }

  @Test
  void nodes_with_random_demands_never_have_more_than_the_plan_allows_and_all_of_it_is_used()
      throws SQLException {
    for (var seed = 1; seed <= 3; seed++) {
      var random = new Random(seed);
      var tenants = List.of(rig.database.tenant("A" + seed), rig.database.tenant("B" + seed));
      var nodes = List.of(new Node(), new Node(), new Node());
      for (var round = 0; round < 120; round++) {
        var node = nodes.get(random.nextInt(nodes.size()));
        var demands = new HashMap<TenantId, Integer>();
        for (var tenant : tenants) {
          demands.put(tenant, random.nextInt(4) == 0 ? 0 : random.nextInt(150));
          // Some begin on the slots that there are, some end.
          var may = node.slots.getOrDefault(tenant, 0);
          node.running.put(tenant, may == 0 ? 0 : random.nextInt(may + 1));
        }
        node.share(demands);
        for (var tenant : tenants) {
          assertThat(sums().getOrDefault(tenant, 0))
              .as("seed %d, round %d", seed, round)
              .isLessThanOrEqualTo(AT_ONCE);
          assertThat(nodes.stream().mapToInt(each -> each.slots.getOrDefault(tenant, 0)).sum())
              .as("what they use, seed %d, round %d", seed, round)
              .isLessThanOrEqualTo(AT_ONCE);
          assertThat(node.slots.getOrDefault(tenant, 0))
              .as("what runs is allowed, seed %d, round %d", seed, round)
              .isGreaterThanOrEqualTo(node.running(tenant));
        }
      }
      // Demands stay, what ran ends: all is used, and each has its part.
      for (var node : nodes) {
        node.running.clear();
      }
      for (var round = 0; round < 4; round++) {
        for (var node : nodes) {
          node.share(Map.of(tenants.getFirst(), 200, tenants.getLast(), 5));
        }
      }
      assertThat(sums().get(tenants.getFirst())).as("seed %d", seed).isGreaterThanOrEqualTo(99);
      assertThat(nodes)
          .allSatisfy(
              node -> {
                assertThat(node.slots.get(tenants.getFirst())).isBetween(33, 34);
                assertThat(node.slots.get(tenants.getLast())).isGreaterThanOrEqualTo(5);
              });
      for (var node : nodes) {
        node.lease.leave();
      }
    }
  }

  @Test
  void what_a_node_had_is_others_when_it_has_ended() throws SQLException {
    var one = new Node();
    var other = new Node();
    one.share(Map.of(rig.tenant, 500));
    other.share(Map.of(rig.tenant, 500));
    assertThat(other.slots.get(rig.tenant)).isZero();
    rig.end(one.lease.node());
    other.share(Map.of(rig.tenant, 500));
    assertThat(other.slots.get(rig.tenant)).isEqualTo(AT_ONCE);
    one.share(Map.of(rig.tenant, 500));
    assertThat(sums().get(rig.tenant)).isEqualTo(AT_ONCE);
    assertThat(one.lease.beat()).isFalse();
  }

  @Test
  void a_node_that_has_ended_is_given_nothing_to_use() throws SQLException {
    var one = new Node();
    rig.end(one.lease.node());
    one.share(Map.of(rig.tenant, 50));
    assertThat(one.slots.getOrDefault(rig.tenant, 0)).isZero();
  }

  @Test
  void slots_are_given_up_here_before_others_can_see_that_they_are_free() throws SQLException {
    var one = new Node();
    var other = new Node();
    one.share(Map.of(rig.tenant, 500));
    other.share(Map.of(rig.tenant, 500));
    var seen = new ArrayList<Integer>();
    try (var connection = rig.engine.getConnection()) {
      Slots.share(
          connection,
          one.lease.node(),
          List.of(new Slots.Need(rig.tenant, 10, 500)),
          (tenant, wanted) -> {
            seen.add(sums().get(tenant));
            // More began since the need was looked at.
            return Math.max(wanted, 80);
          });
    }
    assertThat(seen).containsExactly(AT_ONCE);
    assertThat(sums().get(rig.tenant)).isEqualTo(80);
    other.share(Map.of(rig.tenant, 500));
    assertThat(other.slots.get(rig.tenant)).isEqualTo(20);
  }
}
