package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// Shares out what a tenant may run at once among the processes: rows of `maestro.tenant_slots`,
/// changed under a lock of the tenant's, whose sum is never more than the plan allows. A process
/// takes more when its executions wait for slots, and gives back what it does not use, or what is
/// more than its part while others lack some.
final class Slots {
  private static final int LOCK = 0x4d_41_45_54;

  private static final String LOCK_TENANTS =
      """
      SELECT pg_advisory_xact_lock(?, hashtext(t.tenant_id::text))
      FROM (SELECT tenant_id FROM unnest(?::uuid[]) AS u (tenant_id) ORDER BY hashtext(tenant_id::text)) AS t
      """;

  private static final String LOOK =
      """
      SELECT t.tenant_id, p.executions_at_once_max, p.executions_backlog_max, s.node_id, s.slots, s.wanted
      FROM unnest(?::uuid[]) AS t (tenant_id)
      JOIN control.dim_tenant d ON d.tenant_id = t.tenant_id
      JOIN control.plan p ON p.plan = d.plan
      LEFT JOIN maestro.tenant_slots s ON s.tenant_id = t.tenant_id
      """;

  private static final String WRITE =
      """
      INSERT INTO maestro.tenant_slots (tenant_id, node_id, slots, wanted)
      SELECT u.tenant_id, n.node_id, u.slots, u.wanted
      FROM unnest(?::uuid[], ?::int[], ?::int[]) AS u (tenant_id, slots, wanted)
      JOIN maestro.node n ON n.node_id = ? AND n.ended_at IS NULL
      ON CONFLICT (tenant_id, node_id) DO UPDATE SET slots = excluded.slots, wanted = excluded.wanted
        WHERE (tenant_slots.slots, tenant_slots.wanted) IS DISTINCT FROM (excluded.slots, excluded.wanted)
      """;

  private static final String PLANS =
      """
      SELECT d.tenant_id, p.executions_at_once_max, p.executions_backlog_max
      FROM control.dim_tenant d JOIN control.plan p ON p.plan = d.plan
      WHERE d.tenant_id = ANY (?::uuid[])
      """;

  private static final String GIVE_BACK =
      "DELETE FROM maestro.tenant_slots WHERE node_id = ? AND tenant_id = ANY (?::uuid[])";

  /// @param demand executions of the tenant that run here, or could
  record Need(TenantId tenant, int running, int demand) {}

  /// @param atOnceMax of the tenant's plan
  /// @param backlogMax of the tenant's plan
  record Share(TenantId tenant, int slots, int wanted, int atOnceMax, int backlogMax) {}

  private record Held(int node, int slots, int wanted) {}

  private static final class Standing {
    private int atOnceMax;
    private int backlogMax;
    private final List<Held> held = new ArrayList<>();
  }

  private Slots() {}

  /// Makes this process begin no more than so many of a tenant, before others can have the rest.
  interface GiveUp {
    /// @return how many it keeps: those that run, if these are more
    int giveUp(TenantId tenant, int slots);
  }

  /// Sets this node's slots anew, in a transaction of its own. What it gives back it gives up
  /// before; what it gets it may use once this has returned.
  ///
  /// @return what it has now of each tenant; tenants that are no more are left out, and all if the
  ///     node has ended
  static List<Share> share(Connection connection, int node, List<Need> needs, GiveUp givesUp)
      throws SQLException {
    connection.setAutoCommit(false);
    try {
      try (var lock = connection.prepareStatement(LOCK_TENANTS)) {
        new Arrays(connection, lock).number(LOCK).uuids(needs, need -> need.tenant.value());
        lock.execute();
      }
      var standing = look(connection, needs);
      var shares = new ArrayList<Share>();
      for (var need : needs) {
        var of = standing.get(need.tenant);
        if (of != null) {
          shares.add(share(node, need, of, givesUp));
        }
      }
      var written = write(connection, node, shares);
      connection.commit();
      return written;
    } catch (SQLException | RuntimeException e) {
      connection.rollback();
      throw e;
    }
  }

  private static Map<TenantId, Standing> look(Connection connection, List<Need> needs)
      throws SQLException {
    try (var statement = connection.prepareStatement(LOOK)) {
      new Arrays(connection, statement).uuids(needs, need -> need.tenant.value());
      try (var rows = statement.executeQuery()) {
        var standing = new HashMap<TenantId, Standing>();
        while (rows.next()) {
          var of =
              standing.computeIfAbsent(
                  new TenantId(rows.getObject(1, UUID.class)), key -> new Standing());
          of.atOnceMax = rows.getInt(2);
          of.backlogMax = rows.getInt(3);
          var holder = rows.getInt(4);
          if (!rows.wasNull()) {
            of.held.add(new Held(holder, rows.getInt(5), rows.getInt(6)));
          }
        }
        return standing;
      }
    }
  }

  private static Share share(int node, Need need, Standing of, GiveUp givesUp) {
    var wanted = need.demand == 0 ? 0 : Math.min(of.atOnceMax, 2 * need.demand + 8);
    var others = of.held.stream().filter(held -> held.node != node).toList();
    var wants = new ArrayList<>(others.stream().map(Held::wanted).toList());
    wants.add(wanted);
    var part = Math.min(wanted, part(of.atOnceMax, wants));
    var left = Math.max(0, of.atOnceMax - others.stream().mapToInt(Held::slots).sum());
    // What runs goes on; it is given back as it ends.
    var kept = givesUp.giveUp(need.tenant, Math.min(part, left));
    return new Share(need.tenant, Math.min(kept, left), wanted, of.atOnceMax, of.backlogMax);
  }

  /// The most that each may have so that all together have what there is, and whoever wants less
  /// has what it wants.
  static int part(int all, List<Integer> wants) {
    var left = all;
    var sharing = wants.size();
    for (var want : wants.stream().sorted(Comparator.naturalOrder()).toList()) {
      var even = left / sharing;
      if (want > even) {
        return Math.max(1, even);
      }
      left -= want;
      sharing--;
    }
    return all;
  }

  /// @return those that stand now
  private static List<Share> write(Connection connection, int node, List<Share> shares)
      throws SQLException {
    var kept = shares.stream().filter(share -> share.slots > 0 || share.wanted > 0).toList();
    var given = shares.stream().filter(share -> share.slots == 0 && share.wanted == 0).toList();
    if (!kept.isEmpty()) {
      try (var write = connection.prepareStatement(WRITE)) {
        new Arrays(connection, write)
            .uuids(kept, share -> share.tenant.value())
            .ints(kept, Share::slots)
            .ints(kept, Share::wanted)
            .number(node);
        if (write.executeUpdate() == 0) {
          return List.of();
        }
      }
    }
    if (!given.isEmpty()) {
      try (var giveBack = connection.prepareStatement(GIVE_BACK)) {
        new Arrays(connection, giveBack).number(node).uuids(given, share -> share.tenant.value());
        giveBack.executeUpdate();
      }
    }
    return shares;
  }

  /// What the tenants' plans allow, for a process that only takes in.
  static List<Share> plans(Connection connection, List<TenantId> tenants) throws SQLException {
    try (var statement = connection.prepareStatement(PLANS)) {
      new Arrays(connection, statement).uuids(tenants, TenantId::value);
      try (var rows = statement.executeQuery()) {
        var plans = new ArrayList<Share>();
        while (rows.next()) {
          plans.add(
              new Share(
                  new TenantId(rows.getObject(1, UUID.class)),
                  0,
                  0,
                  rows.getInt(2),
                  rows.getInt(3)));
        }
        return plans;
      }
    }
  }
}
