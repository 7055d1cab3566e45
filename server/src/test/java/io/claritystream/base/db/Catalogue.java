package io.claritystream.base.db;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// What the database itself says of who may do what, a line for each fact, and where that is not
/// what [Rights] states. Asked as superuser.
final class Catalogue {

  private static final String FACTS =
      """
      WITH role AS (
        SELECT oid, regexp_replace(rolname, '^clarity_', '') AS name FROM pg_roles
        UNION ALL SELECT 0::oid, 'PUBLIC'
      ), schema AS (
        SELECT * FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
      ), rel AS (
        SELECT c.*, n.nspname || '.' || regexp_replace(c.relname, '_[0-9]{8}$', '_{day}') AS name
        FROM pg_class c JOIN schema n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      ), fun AS (
        SELECT p.*, n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')' AS name
        FROM pg_proc p JOIN schema n ON n.oid = p.pronamespace
      ), granted AS (
        SELECT name, relowner AS owner, '' AS part, a.* FROM rel, aclexplode(relacl) a
        UNION ALL
        SELECT r.name, r.relowner, ' (' || t.attname || ')', a.*
        FROM rel r JOIN pg_attribute t ON t.attrelid = r.oid, aclexplode(t.attacl) a
        UNION ALL
        SELECT name, proowner, '', a.* FROM fun, aclexplode(coalesce(proacl, acldefault('f', proowner))) a
        UNION ALL
        SELECT 'schema ' || nspname, nspowner, '', a.*
        FROM schema, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) a
      ), policy AS (
        SELECT k.command, r.name, o.name AS role, p.polname, p.polpermissive,
               CASE WHEN k.cmd <> 'a' THEN pg_get_expr(p.polqual, p.polrelid) END AS seen,
               CASE WHEN k.cmd IN ('a', 'w')
                    THEN pg_get_expr(coalesce(p.polwithcheck, p.polqual), p.polrelid) END AS written
        FROM pg_policy p
        JOIN rel r ON r.oid = p.polrelid
        CROSS JOIN unnest(p.polroles) AS given (oid)
        JOIN role o ON o.oid = given.oid
        JOIN (VALUES ('r', 'SELECT'), ('a', 'INSERT'), ('w', 'UPDATE'), ('d', 'DELETE')) AS k (cmd, command)
          ON p.polcmd::text IN ('*', k.cmd)
      )
      SELECT name || CASE
        WHEN relkind IN ('r', 'p') AND relrowsecurity AND relforcerowsecurity THEN ' has row-level security, forced'
        WHEN relkind IN ('r', 'p') AND relrowsecurity THEN ' has row-level security, not forced'
        WHEN relkind IN ('r', 'p') THEN ' has no row-level security'
        WHEN relkind = 'v' AND reloptions @> '{security_invoker=true}' THEN ' is a view for whoever asks'
        WHEN relkind = 'v' THEN ' is a view for its owner'
        ELSE ' is of kind ' || relkind::text END
      FROM rel WHERE relkind <> 'S'
      UNION ALL
      SELECT o.name || ' belongs to ' || r.name
      FROM (SELECT name, relowner AS owner FROM rel UNION ALL SELECT name, proowner FROM fun) o
      JOIN role r ON r.oid = o.owner
      WHERE r.name <> 'migrator'
      UNION ALL
      SELECT g.privilege_type || g.part || ' on ' || g.name || ' to ' || r.name
        || CASE WHEN g.is_grantable THEN ', and to whom it likes' ELSE '' END
      FROM granted g JOIN role r ON r.oid = g.grantee
      WHERE g.grantee <> g.owner
      UNION ALL
      SELECT name || ' runs as its owner'
        || CASE WHEN coalesce(proconfig @> '{"search_path=pg_catalog, pg_temp"}', false) THEN ''
                ELSE ' and looks for names where its caller does' END
      FROM fun WHERE prosecdef
      UNION ALL
      SELECT command || ' of rows of ' || name || ' to ' || role || ': '
        || string_agg(CASE WHEN polpermissive THEN '' ELSE 'AND ' END
             || CASE WHEN seen = written OR written IS NULL THEN coalesce(seen, 'no condition')
                     ELSE coalesce(seen || ' and then ', '') || written END, ' OR ' ORDER BY polname)
      FROM policy GROUP BY command, name, role
      UNION ALL
      SELECT 'role ' || r.name || may.what
      FROM pg_roles p JOIN role r ON r.oid = p.oid
      CROSS JOIN LATERAL (VALUES (p.rolbypassrls, ' bypasses row-level security'), (p.rolsuper, ' is superuser'),
        (p.rolcreaterole, ' makes roles'), (p.rolcreatedb, ' makes databases'), (p.rolreplication, ' replicates'))
        AS may (so, what)
      WHERE may.so AND p.rolname ~ '^clarity_'
      UNION ALL
      SELECT 'role ' || m.name || ' is of ' || r.name
      FROM pg_auth_members a JOIN role m ON m.oid = a.member JOIN role r ON r.oid = a.roleid
      WHERE EXISTS (SELECT FROM pg_roles p WHERE p.oid = a.member AND p.rolname ~ '^clarity_')
      UNION ALL
      SELECT 'to be granted: ' || defaclacl::text FROM pg_default_acl
      """;

  private final Set<String> stated;
  private final Set<String> tolerated;

  /// @param connection in a transaction, which is as it was afterwards
  Catalogue(Rights rights, Connection connection) throws SQLException {
    Map<String, Map<String, String>> conditions = conditions(rights, connection);
    this.stated = new HashSet<>(rights.facts(conditions));
    this.tolerated = new HashSet<>(rights.tolerated(conditions));
  }

  /// How many facts are stated.
  int size() {
    return stated.size();
  }

  /// What is so and not stated, and what is stated and not so.
  List<String> differences(Connection connection) throws SQLException {
    Set<String> facts = new HashSet<>(strings(connection, FACTS));
    List<String> differences = new ArrayList<>();
    facts.stream()
        .filter(fact -> !stated.contains(fact) && !tolerated.contains(fact))
        .forEach(fact -> differences.add("not stated: " + fact));
    stated.stream()
        .filter(fact -> !facts.contains(fact))
        .forEach(fact -> differences.add("not so: " + fact));
    differences.sort(null);
    return differences;
  }

  /// The conditions that are stated, as PostgreSQL writes them: it is given each as a policy.
  private static Map<String, Map<String, String>> conditions(Rights rights, Connection connection)
      throws SQLException {
    Map<String, Map<String, String>> conditions = new TreeMap<>();
    Savepoint before = connection.setSavepoint();
    try (Statement statement = connection.createStatement()) {
      for (String relation : tables(connection)) {
        Rights.Stated stated = rights.relations().get(Rights.named(relation));
        if (stated == null || stated.kind() != Rights.Kind.TABLE) {
          continue;
        }
        Map<String, String> words = new TreeMap<>();
        for (Rights.May may : stated.roles().values()) {
          if (!words.containsKey(may.rows())) {
            words.put(may.rows(), written(statement, relation, rights.rows().get(may.rows())));
          }
        }
        conditions.put(Rights.named(relation), words);
      }
    } finally {
      connection.rollback(before);
    }
    return conditions;
  }

  private static String written(Statement statement, String relation, String condition)
      throws SQLException {
    String table = relation.substring(relation.indexOf('.') + 1);
    statement.execute(
        "CREATE POLICY as_stated ON "
            + relation
            + " USING ("
            + condition.replace("{table}", table)
            + ")");
    String written =
        strings(
                statement.getConnection(),
                "SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polname = 'as_stated'")
            .getFirst();
    statement.execute("DROP POLICY as_stated ON " + relation);
    return written;
  }

  private static List<String> tables(Connection connection) throws SQLException {
    return strings(
        connection,
        """
        SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        """);
  }

  static List<String> strings(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> strings = new ArrayList<>();
      while (rows.next()) {
        strings.add(rows.getString(1));
      }
      return strings;
    }
  }
}
