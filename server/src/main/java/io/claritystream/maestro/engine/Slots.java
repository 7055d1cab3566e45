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

  /// Sets this node's slots anew, in a transaction of its own.
  ///
  /// @return what it has now of each tenant; tenants that are no more are left out
  static List<Share> share(Connection connection, int node, List<Need> needs) throws SQLException {
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
          shares.add(share(node, need, of));
        }
      }
      write(connection, node, shares);
      connection.commit();
      return shares;
    } catch (SQLException e) {
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

  private static Share share(int node, Need need, Standing of) {
    var wanted = need.demand == 0 ? 0 : Math.min(of.atOnceMax, 2 * need.demand + 8);
    var others = of.held.stream().filter(held -> held.node != node).toList();
    var wants = new ArrayList<>(others.stream().map(Held::wanted).toList());
    wants.add(wanted);
    var part = Math.min(wanted, part(of.atOnceMax, wants));
    var left = of.atOnceMax - others.stream().mapToInt(Held::slots).sum();
    // What runs goes on; it is given back as it ends.
    var slots = Math.max(Math.min(part, left), Math.min(need.running, Math.max(0, left)));
    return new Share(need.tenant, Math.max(0, slots), wanted, of.atOnceMax, of.backlogMax);
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

  private static void write(Connection connection, int node, List<Share> shares)
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
        write.executeUpdate();
      }
    }
    if (!given.isEmpty()) {
      try (var giveBack = connection.prepareStatement(GIVE_BACK)) {
        new Arrays(connection, giveBack).number(node).uuids(given, share -> share.tenant.value());
        giveBack.executeUpdate();
      }
    }
  }
}
