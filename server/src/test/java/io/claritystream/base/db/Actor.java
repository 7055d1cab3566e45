package io.claritystream.base.db;

import java.util.List;

/// Whoever asks: a database role, and whom its transaction has named.
///
/// @param tenant empty if none was named
record Actor(String role, String tenant, String person) {

  static final Actor OURS = new Actor("tenant", TwoTenants.OURS, TwoTenants.OURS);
  static final Actor NOBODYS = new Actor("tenant", "", "");

  /// The owner is among them because it is held to the policies as well.
  static final List<Actor> ALL =
      List.of(
          new Actor("auth", "", ""),
          NOBODYS,
          OURS,
          // Another person of the same tenant.
          new Actor("tenant", TwoTenants.OURS, Relation.id(9)),
          new Actor("service", "", ""),
          new Actor("engine", "", ""),
          new Actor("engine", TwoTenants.OURS, ""),
          new Actor("internal", "", ""),
          new Actor("admin", "", ""),
          new Actor("migrator", "", ""));

  /// Those that sign in to the running server.
  static final List<Actor> SERVERS =
      ALL.stream().filter(actor -> !actor.role().equals("migrator")).toList();

  static final List<String> ROLES = SERVERS.stream().map(Actor::role).distinct().toList();

  @Override
  public String toString() {
    String whose =
        tenant.isEmpty() ? "" : person.equals(tenant) ? " (ours)" : " (ours, not its person)";
    return role + whose;
  }
}
