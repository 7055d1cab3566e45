package io.claritystream.agent.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What a source's capture has in the customer's database: a replication slot and two
/// publications.
///
/// @param ours the SQL that takes out what the user may take out
/// @param anothers the SQL that takes out the publications of another role, which only that role or
///     a superuser may run
public record Footprint(List<String> ours, List<String> anothers) {
  public Footprint {
    ours = List.copyOf(ours);
    anothers = List.copyOf(anothers);
  }

  /// All that can be there, for when nobody can look.
  public static List<String> everything(String slot) {
    var names = Publications.of(slot);
    return List.of(dropSlot(slot), dropPublication(names.full()), dropPublication(names.inserts()));
  }

  /// Looks what is there now.
  public static Footprint read(Database database, String slot) throws SQLException {
    try (var connection = database.connect()) {
      return read(connection, slot);
    }
  }

  private static Footprint read(Connection connection, String slot) throws SQLException {
    var ours = new ArrayList<String>();
    var anothers = new ArrayList<String>();
    if (Slot.read(connection, slot) != null) {
      ours.add(dropSlot(slot));
    }
    var names = Publications.of(slot);
    var rights = Rights.read(connection, names);
    sort(rights.full(), names.full(), ours, anothers);
    sort(rights.inserts(), names.inserts(), ours, anothers);
    return new Footprint(ours, anothers);
  }

  private static void sort(
      Rights.Held held, String name, List<String> ours, List<String> anothers) {
    switch (held) {
      case MISSING -> {}
      case OWN -> ours.add(dropPublication(name));
      case ANOTHERS -> anothers.add(dropPublication(name));
    }
  }

  private static String dropSlot(String slot) {
    return "SELECT pg_drop_replication_slot('" + slot + "');";
  }

  private static String dropPublication(String name) {
    return "DROP PUBLICATION IF EXISTS " + name + ";";
  }

  /// What became of an attempt to take it all out.
  ///
  /// @param left what is there still
  /// @param failure why something of `ours` is left, or null
  public record Removal(Footprint left, @Nullable SQLException failure) {}

  /// Takes out what the user may. What fails does not keep the rest from being taken out.
  public static Removal remove(Database database, String slot) throws SQLException {
    try (var connection = database.connect()) {
      SQLException failure = null;
      try {
        dropSlot(connection, slot);
      } catch (SQLException e) {
        failure = e;
      }
      var names = Publications.of(slot);
      var rights = Rights.read(connection, names);
      try (var statement = connection.createStatement()) {
        if (rights.full() == Rights.Held.OWN) {
          statement.execute(dropPublication(names.full()));
        }
        if (rights.inserts() == Rights.Held.OWN) {
          statement.execute(dropPublication(names.inserts()));
        }
      } catch (SQLException e) {
        failure = failure == null ? e : failure;
      }
      return new Removal(read(connection, slot), failure);
    }
  }

  private static void dropSlot(Connection connection, String slot) throws SQLException {
    var existing = Slot.read(connection, slot);
    if (existing == null) {
      return;
    }
    if (existing.activePid() != 0) {
      Slot.terminate(connection, existing.activePid());
      awaitFree(connection, slot);
    }
    Slot.drop(connection, slot);
  }

  private static void awaitFree(Connection connection, String slot) throws SQLException {
    try {
      for (var i = 0; i < 50; i++) {
        var now = Slot.read(connection, slot);
        if (now == null || now.activePid() == 0) {
          return;
        }
        TimeUnit.MILLISECONDS.sleep(100);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
