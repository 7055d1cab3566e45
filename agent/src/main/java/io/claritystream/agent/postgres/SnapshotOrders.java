package io.claritystream.agent.postgres;

import io.claritystream.agent.files.PrivateFile;
import io.claritystream.agent.postgres.CapturedTable.Stand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// New snapshots that people have ordered, of some tables or of all, on the platform or by a
/// command beside the agent. On disk before anything follows from one, and until it has ended. Used
/// by the source's thread, by the uplink's and by the one that watches the source.
public final class SnapshotOrders {
  /// Ended ones are remembered, so that none is carried out twice.
  private static final int KEPT_MAX = 20;

  private static final String LEFT_BY_COMMAND = "snapshot.order";

  public enum Stage {
    ASKED,
    RUNNING,
    DONE,
    FAILED
  }

  /// @param tables as `schema.table`; none means all
  /// @param oids the tables to read, once it runs
  public record Order(
      String id, List<String> tables, Stage stage, String reason, Set<Long> oids, int done) {
    public Order {
      tables = List.copyOf(tables);
      oids = Set.copyOf(oids);
    }

    public boolean all() {
      return tables.isEmpty();
    }

    public boolean ended() {
      return stage == Stage.DONE || stage == Stage.FAILED;
    }

    private Order at(Stage now, String why, Set<Long> reads, int read) {
      return new Order(id, tables, now, why, reads, read);
    }
  }

  private final Path file;
  private Map<String, Order> orders = new LinkedHashMap<>();
  private volatile boolean open;
  private volatile boolean allAsked;

  private SnapshotOrders(Path file) {
    this.file = file;
  }

  /// @throws IOException if the file is there and not what we wrote
  public static SnapshotOrders load(Path file) throws IOException {
    var result = new SnapshotOrders(file);
    var values = PrivateFile.readProperties(file).orElse(Map.of());
    try {
      var count = Integer.parseInt(values.getOrDefault("orders", "0"));
      for (var i = 0; i < count; i++) {
        var at = i + ".";
        var id = values.getOrDefault(at + "id", "");
        result.orders.put(
            id,
            new Order(
                id,
                values.getOrDefault(at + "tables", "").lines().toList(),
                Stage.valueOf(values.getOrDefault(at + "stage", "").toUpperCase(Locale.ROOT)),
                values.getOrDefault(at + "reason", ""),
                values
                    .getOrDefault(at + "oids", "")
                    .lines()
                    .map(Long::valueOf)
                    .collect(Collectors.toSet()),
                0));
      }
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " is not as the agent wrote it: " + e.getMessage());
    }
    result.look();
    return result;
  }

  /// On disk first: what could not be written down has not happened.
  private void put(Order changed) throws IOException {
    var now = new LinkedHashMap<>(orders);
    now.put(changed.id(), changed);
    var kept = now.values().iterator();
    for (var surplus = now.size() - KEPT_MAX; surplus > 0 && kept.hasNext(); ) {
      if (kept.next().ended()) {
        kept.remove();
        surplus--;
      }
    }
    var values = new LinkedHashMap<String, String>();
    values.put("orders", Integer.toString(now.size()));
    var i = 0;
    for (var order : now.values()) {
      var at = i++ + ".";
      values.put(at + "id", order.id());
      values.put(at + "tables", String.join("\n", order.tables()));
      values.put(at + "stage", order.stage().name().toLowerCase(Locale.ROOT));
      values.put(at + "reason", order.reason());
      values.put(
          at + "oids",
          order.oids().stream().map(Object::toString).collect(Collectors.joining("\n")));
    }
    PrivateFile.write(file, PrivateFile.properties(values));
    orders = now;
    look();
  }

  private void look() {
    open = orders.values().stream().anyMatch(order -> !order.ended());
    allAsked =
        orders.values().stream().anyMatch(order -> order.all() && order.stage() == Stage.ASKED);
  }

  /// Somebody ordered it; one that is known already is not taken again.
  public synchronized void take(String id, List<String> tables) throws IOException {
    if (!orders.containsKey(id)) {
      put(new Order(id, tables, Stage.ASKED, "", Set.of(), 0));
    }
  }

  /// Leaves an order for the agent that runs or will run.
  ///
  /// @param directory the source's own
  /// @return false if one lies there that the agent has not taken yet
  public static boolean leave(Path directory, String id, List<String> tables) throws IOException {
    var order = directory.resolve(LEFT_BY_COMMAND);
    if (Files.exists(order)) {
      return false;
    }
    PrivateFile.write(
        order, PrivateFile.properties(Map.of("id", id, "tables", String.join("\n", tables))));
    return true;
  }

  /// Takes what a command left.
  public synchronized void takeLeft() throws IOException {
    var order = file.resolveSibling(LEFT_BY_COMMAND);
    var left = PrivateFile.readProperties(order);
    if (left.isEmpty()) {
      return;
    }
    take(left.get().getOrDefault("id", ""), left.get().getOrDefault("tables", "").lines().toList());
    try {
      Files.delete(order);
    } catch (NoSuchFileException e) {
      // Taken by the worker that was here before.
      return;
    }
  }

  public synchronized List<Order> all() {
    return List.copyOf(orders.values());
  }

  /// Whether all tables are to be read, which takes a new epoch.
  public boolean asksForAll() {
    return allAsked;
  }

  /// A new epoch is asked for, on disk: what was ordered is done in it.
  public synchronized void allBegun() throws IOException {
    for (var order : List.copyOf(orders.values())) {
      if (order.all() && order.stage() == Stage.ASKED
          || order.stage() == Stage.RUNNING && !order.oids().isEmpty()) {
        put(order.at(Stage.RUNNING, "", Set.of(), 0));
      }
    }
  }

  /// A snapshot of all tables is whole.
  synchronized void allDone() throws IOException {
    for (var order : List.copyOf(orders.values())) {
      if (order.stage() == Stage.RUNNING) {
        put(order.at(Stage.DONE, "", order.oids(), 0));
      }
    }
  }

  /// Begins what is asked of single tables, and ends what is done. Asked before each message of the
  /// stream.
  void step(CapturedTables tables) throws IOException {
    if (open) {
      carryOut(tables);
    }
  }

  private synchronized void carryOut(CapturedTables tables) throws IOException {
    for (var order : List.copyOf(orders.values())) {
      if (!order.all() && order.stage() == Stage.ASKED) {
        begin(order, tables);
      } else if (order.stage() == Stage.RUNNING && order.oids().isEmpty()) {
        // It was done by the snapshot that the stream began with.
        put(order.at(Stage.DONE, "", order.oids(), 0));
      } else if (order.stage() == Stage.RUNNING) {
        look(order, tables);
      }
    }
  }

  private void begin(Order order, CapturedTables tables) throws IOException {
    var found = new HashMap<String, Long>();
    for (var table : tables.all()) {
      if (table.stays()) {
        found.put(table.name().toString(), table.oid());
      }
    }
    var unknown = order.tables().stream().filter(name -> !found.containsKey(name)).toList();
    if (!unknown.isEmpty()) {
      put(order.at(Stage.FAILED, "not captured: " + String.join(", ", unknown), Set.of(), 0));
      return;
    }
    var oids = order.tables().stream().map(found::get).collect(Collectors.toSet());
    // Wanted first: cut short between the two, it is asked once more.
    tables.change(
        now -> {
          now.replaceAll(
              (oid, table) -> oids.contains(oid) ? table.again("a person ordered it") : table);
          return now;
        });
    put(order.at(Stage.RUNNING, "", oids, 0));
  }

  private void look(Order order, CapturedTables tables) throws IOException {
    var left = 0;
    var read = new HashSet<String>();
    for (var oid : order.oids()) {
      var table = tables.get(oid);
      if (table != null && table.stand() == Stand.WANTED) {
        left++;
      } else if (table != null && table.stand() == Stand.HELD) {
        read.add(table.name().toString());
      }
    }
    if (left > 0) {
      if (read.size() != order.done()) {
        orders.put(order.id(), order.at(Stage.RUNNING, "", order.oids(), read.size()));
      }
      return;
    }
    // What was dropped, renamed or chosen no more meanwhile was not read under the name it had.
    var lost = order.tables().stream().filter(name -> !read.contains(name)).toList();
    put(
        lost.isEmpty()
            ? order.at(Stage.DONE, "", order.oids(), read.size())
            : order.at(
                Stage.FAILED,
                "captured no more: " + String.join(", ", lost),
                order.oids(),
                read.size()));
  }
}
