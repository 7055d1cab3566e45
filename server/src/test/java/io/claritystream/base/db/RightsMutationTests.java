package io.claritystream.base.db;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.Rights.Right;
import io.claritystream.base.db.Trial.Command;
import io.claritystream.base.db.Trial.Outcome;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Whether the other tests would find it: every policy and every grant is dropped, weakened or
/// widened, one at a time, in a transaction that is rolled back. A mutant is found by what a role
/// can do then, or else by the catalogue, or it survives, and this fails.
class RightsMutationTests {

  /// What a mutant changes for whom, tried.
  @FunctionalInterface
  private interface Behaviour {
    boolean differs() throws SQLException;
  }

  private record Mutant(String sql, Behaviour behaviour) {}

  private static TestDatabase database;
  private static Rights rights;
  private static Trial trial;
  private static Connection connection;

  @BeforeAll
  static void begin() throws SQLException {
    database = TestDatabase.create();
    rights = Rights.stated();
    trial = new Trial(database, rights);
    connection = trial.connection();
  }

  @AfterAll
  static void end() throws SQLException {
    trial.close();
    database.close();
  }

  @Test
  void no_weaker_or_wider_right_goes_unnoticed() throws SQLException {
    List<Mutant> mutants = new ArrayList<>();
    mutants.addAll(policies());
    mutants.addAll(relations());
    mutants.addAll(revokedGrants());
    mutants.addAll(widerGrants());
    mutants.addAll(sequences());
    mutants.addAll(functions());
    mutants.addAll(schemas());
    mutants.addAll(roles());
    mutants.addAll(additions());
    Catalogue catalogue = new Catalogue(rights, connection);
    assertThat(catalogue.differences(connection)).isEmpty();
    connection.rollback();

    List<String> survivors = new ArrayList<>();
    int byBehaviour = 0;
    int byCatalogue = 0;
    for (Mutant mutant : mutants) {
      execute(mutant.sql());
      if (mutant.behaviour().differs()) {
        byBehaviour++;
      } else if (!catalogue.differences(connection).isEmpty()) {
        byCatalogue++;
      } else {
        survivors.add(mutant.sql());
      }
      connection.rollback();
    }
    System.out.printf(
        "Policies: %d mutants, %d found by behaviour, %d by the catalogue alone, %d not at all%n",
        mutants.size(), byBehaviour, byCatalogue, survivors.size());

    assertThat(survivors).isEmpty();
    // Most of what can be seen by trying is.
    assertThat(byBehaviour).isGreaterThan(mutants.size() / 2);
  }

  private List<Mutant> policies() throws SQLException {
    List<Mutant> mutants = new ArrayList<>();
    for (String[] policy :
        rows(
            """
            SELECT n.nspname || '.' || c.relname, p.polname, p.polcmd::text,
                   pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid),
                   (SELECT string_agg(replace(r.rolname, 'clarity_', ''), ',') FROM pg_roles r WHERE r.oid = ANY (p.polroles))
            FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            ORDER BY 1, 2
            """)) {
      Relation relation = relation(policy[0]);
      String on = policy[1] + " ON " + policy[0];
      String qual = policy[3];
      String check = policy[4] == null ? qual : policy[4];
      Behaviour tried =
          () -> differs(List.of(relation), List.of(policy[5].split(",")), Command.values());
      mutants.add(new Mutant("DROP POLICY " + on, tried));
      mutants.add(new Mutant("ALTER POLICY " + on + " TO PUBLIC", anybody(relation)));
      if (qual != null && !qual.equals("true")) {
        mutants.add(new Mutant("ALTER POLICY " + on + " USING (true)", tried));
        if (!qual.contains("IS NULL")) {
          mutants.add(
              new Mutant(
                  "ALTER POLICY "
                      + on
                      + " USING (("
                      + qual
                      + ") OR (SELECT control.current_tenant()) IS NULL)",
                  tried));
        }
      }
      if ("aw*".contains(policy[2]) && !"true".equals(check)) {
        mutants.add(new Mutant("ALTER POLICY " + on + " WITH CHECK (true)", tried));
      }
    }
    return mutants;
  }

  private List<Mutant> relations() {
    List<Mutant> mutants = new ArrayList<>();
    for (Relation relation : trial.relations()) {
      String table = "ALTER TABLE " + relation.name();
      Behaviour tried = anybody(relation);
      switch (rights.of(relation.name()).kind()) {
        case TABLE -> {
          mutants.add(new Mutant(table + " DISABLE ROW LEVEL SECURITY", tried));
          mutants.add(new Mutant(table + " NO FORCE ROW LEVEL SECURITY", tried));
        }
        case VIEW ->
            mutants.add(
                new Mutant(
                    "ALTER VIEW " + relation.name() + " SET (security_invoker = false)", tried));
        case SHARED -> {}
      }
      mutants.add(new Mutant("GRANT SELECT ON " + relation.name() + " TO PUBLIC", tried));
    }
    return mutants;
  }

  private List<Mutant> revokedGrants() throws SQLException {
    List<Mutant> mutants = new ArrayList<>();
    for (String[] grant :
        rows(
            """
            SELECT n.nspname || '.' || c.relname, a.privilege_type, '', replace(r.rolname, 'clarity_', '')
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
            JOIN pg_roles r ON r.oid = a.grantee
            WHERE r.oid <> c.relowner AND r.rolname ~ '^clarity_'
            UNION ALL
            SELECT n.nspname || '.' || c.relname, a.privilege_type, ' (' || quote_ident(t.attname) || ')',
                   replace(r.rolname, 'clarity_', '')
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
            JOIN pg_roles r ON r.oid = a.grantee
            WHERE r.oid <> c.relowner AND r.rolname ~ '^clarity_'
            ORDER BY 1, 2, 3, 4
            """)) {
      Relation relation = relation(grant[0]);
      mutants.add(
          new Mutant(
              "REVOKE %s%s ON %s FROM clarity_%s".formatted(grant[1], grant[2], grant[0], grant[3]),
              () -> differs(List.of(relation), List.of(grant[3]), by(grant[1]))));
    }
    return mutants;
  }

  private List<Mutant> widerGrants() {
    List<Mutant> mutants = new ArrayList<>();
    for (Relation relation : trial.relations()) {
      for (String role : Actor.ROLES) {
        List<String> missing = new ArrayList<>(List.of("TRUNCATE"));
        for (Right right : Right.values()) {
          if (!rights.of(relation.name()).may(role).hasAll(right)) {
            missing.add(right.name());
          }
        }
        if (role.equals("tenant")) {
          missing.add("REFERENCES, TRIGGER, MAINTAIN");
        }
        for (String right : missing) {
          mutants.add(
              new Mutant(
                  "GRANT %s ON %s TO clarity_%s".formatted(right, relation.name(), role),
                  () -> differs(List.of(relation), List.of(role), by(right))));
        }
      }
    }
    return mutants;
  }

  private List<Mutant> sequences() throws SQLException {
    List<Mutant> mutants = new ArrayList<>();
    for (String sequence : TwoTenants.sequences(connection)) {
      for (String right : List.of("USAGE", "SELECT", "UPDATE")) {
        mutants.add(
            new Mutant(
                "GRANT " + right + " ON SEQUENCE " + sequence + " TO clarity_tenant",
                () -> trial.counts(Actor.OURS, sequence)));
      }
    }
    return mutants;
  }

  private List<Mutant> functions() {
    List<Mutant> mutants = new ArrayList<>();
    rights
        .functions()
        .forEach(
            (function, stated) -> {
              Behaviour tried = () -> executedOtherwise(function);
              String alter = "ALTER FUNCTION " + function;
              mutants.add(
                  new Mutant("GRANT EXECUTE ON FUNCTION " + function + " TO PUBLIC", tried));
              stated
                  .roles()
                  .forEach(
                      role ->
                          mutants.add(
                              new Mutant(
                                  "REVOKE EXECUTE ON FUNCTION "
                                      + function
                                      + " FROM clarity_"
                                      + role,
                                  tried)));
              if (stated.asOwner()) {
                mutants.add(new Mutant(alter + " SECURITY INVOKER", tried));
                mutants.add(new Mutant(alter + " RESET search_path", tried));
              } else {
                mutants.add(new Mutant(alter + " SECURITY DEFINER", tried));
              }
              mutants.add(new Mutant(alter + " OWNER TO postgres", tried));
            });
    return mutants;
  }

  private List<Mutant> schemas() {
    List<Mutant> mutants = new ArrayList<>();
    List<String> schemas = new ArrayList<>(rights.schemas().keySet());
    schemas.add("public");
    for (String schema : schemas) {
      List<Relation> inside =
          trial.relations().stream()
              .filter(relation -> relation.name().startsWith(schema + "."))
              .toList();
      for (String role : Actor.ROLES) {
        boolean used = rights.schemas().getOrDefault(schema, List.of()).contains(role);
        mutants.add(
            new Mutant(
                (used ? "REVOKE USAGE ON SCHEMA %s FROM" : "GRANT USAGE ON SCHEMA %s TO")
                        .formatted(schema)
                    + " clarity_"
                    + role,
                () -> differs(inside, List.of(role), Command.SELECT, Command.INSERT)));
        mutants.add(
            new Mutant(
                "GRANT CREATE ON SCHEMA " + schema + " TO clarity_" + role,
                () ->
                    trial.outcome(
                            new Actor(role, "", ""), "CREATE TABLE " + schema + ".mine (a int)")
                        != Outcome.REFUSED));
      }
    }
    return mutants;
  }

  private List<Mutant> roles() {
    List<Mutant> mutants = new ArrayList<>();
    for (String role : Actor.ROLES) {
      Behaviour tried = () -> differs(trial.relations(), List.of(role), Command.values());
      String alter = "ALTER ROLE clarity_" + role;
      mutants.add(
          new Mutant(
              alter + (rights.bypassing().contains(role) ? " NOBYPASSRLS" : " BYPASSRLS"), tried));
      mutants.add(new Mutant(alter + " SUPERUSER", tried));
      mutants.add(new Mutant(alter + " CREATEROLE", () -> false));
      mutants.add(new Mutant(alter + " REPLICATION", () -> false));
      for (String other : List.of("auth", "service", "engine", "migrator")) {
        if (!other.equals(role)) {
          mutants.add(new Mutant("GRANT clarity_" + other + " TO clarity_" + role, tried));
        }
      }
    }
    return mutants;
  }

  /// What a migration could bring, which nobody has stated yet.
  private List<Mutant> additions() {
    return List.of(
        addition("CREATE TABLE control.added (tenant_id uuid)"),
        addition("CREATE VIEW control.added AS SELECT * FROM control.members"),
        addition("CREATE MATERIALIZED VIEW control.added AS SELECT * FROM control.members"),
        addition(
            "CREATE FUNCTION control.added() RETURNS bigint LANGUAGE sql SECURITY DEFINER "
                + "AS 'SELECT count(*) FROM control.members'"),
        addition(
            "ALTER DEFAULT PRIVILEGES FOR ROLE clarity_migrator GRANT SELECT ON TABLES TO clarity_tenant"));
  }

  private static Mutant addition(String sql) {
    return new Mutant(sql, () -> false);
  }

  /// What a right is for.
  private static Command[] by(String right) {
    return switch (right) {
      case "SELECT" -> new Command[] {Command.SELECT, Command.COPY_OUT, Command.EXPLAIN};
      case "INSERT" -> new Command[] {Command.INSERT, Command.COPY_IN};
      case "UPDATE" -> new Command[] {Command.UPDATE, Command.MOVE};
      case "DELETE" -> new Command[] {Command.DELETE};
      case "TRUNCATE" -> new Command[] {Command.TRUNCATE};
      default -> new Command[] {};
    };
  }

  private static Behaviour anybody(Relation relation) {
    List<String> everybody = new ArrayList<>(List.of("migrator"));
    everybody.addAll(Actor.ROLES);
    return () -> differs(List.of(relation), everybody, Command.values());
  }

  /// Whether anything is otherwise than stated.
  private static boolean differs(List<Relation> relations, List<String> roles, Command... commands)
      throws SQLException {
    for (String role : roles) {
      for (Relation relation : relations) {
        for (Command command : commands) {
          for (Actor actor : Actor.ALL) {
            if (!actor.role().equals(role)) {
              continue;
            }
            Outcome stated = trial.stated(relation, actor, command);
            if (stated != null && trial.outcome(relation, actor, command) != stated) {
              return true;
            }
          }
        }
      }
    }
    return false;
  }

  private static boolean executedOtherwise(String function) throws SQLException {
    for (Actor actor : Actor.SERVERS) {
      boolean stated = rights.functions().get(function).roles().contains(actor.role());
      if (trial.executes(actor, function) != stated) {
        return true;
      }
    }
    return false;
  }

  private static Relation relation(String name) {
    return trial.relations().stream()
        .filter(relation -> relation.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static List<@Nullable String[]> rows(String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      List<String[]> rows = new ArrayList<>();
      while (row.next()) {
        String[] columns = new String[row.getMetaData().getColumnCount()];
        for (int i = 0; i < columns.length; i++) {
          columns[i] = row.getString(i + 1);
        }
        rows.add(columns);
      }
      return rows;
    }
  }
}
