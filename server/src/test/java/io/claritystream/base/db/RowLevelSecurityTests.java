package io.claritystream.base.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.base.db.Rights.Kind;
import io.claritystream.base.db.Rights.Right;
import io.claritystream.base.db.Trial.Command;
import io.claritystream.base.db.Trial.Outcome;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Row-level security as a specification. What is stated stands in `db/rights.txt`; that the
/// catalogue says the same is for [RightsTests], and here it is tried, on two tenants that call
/// everything alike.
class RowLevelSecurityTests {

  private static TestDatabase database;
  private static Rights rights;
  private static Trial trial;

  @BeforeAll
  static void begin() throws SQLException {
    database = TestDatabase.create();
    rights = Rights.stated();
    trial = new Trial(database, rights);
  }

  @AfterAll
  static void end() throws SQLException {
    trial.close();
    database.close();
  }

  @AfterEach
  void rollback() throws SQLException {
    trial.connection().rollback();
  }

  // Every relation, partitions and views among them

  @Test
  void every_role_has_of_every_relation_what_is_stated_and_nothing_else() throws SQLException {
    List<String> wrong = new ArrayList<>();
    int tried = 0;
    for (Relation relation : trial.relations()) {
      for (Actor actor : Actor.ALL) {
        for (Command command : Command.values()) {
          Outcome stated = trial.stated(relation, actor, command);
          if (stated == null) {
            continue;
          }
          tried++;
          Outcome outcome = trial.outcome(relation, actor, command);
          if (outcome != stated) {
            wrong.add(
                "%s: %s of %s is stated as %s and comes to %s. %s"
                    .formatted(actor, command, relation.name(), stated, outcome, trial.said()));
          }
        }
      }
    }
    System.out.printf(
        "Policies: %d relations x %d commands x %d who ask, %d tried, %d otherwise than stated%n",
        trial.relations().size(), Command.values().length, Actor.ALL.size(), tried, wrong.size());

    assertThat(wrong).isEmpty();
  }

  /// The trial takes roles; the server signs in as them.
  @ParameterizedTest
  @ValueSource(strings = {"auth", "tenant", "service", "engine", "internal", "admin"})
  void who_signs_in_as_a_role_and_names_nobody_reads_the_same(String role) {
    Actor actor = new Actor(role, "", "");
    JdbcClient sql = database.as(role);
    for (Relation relation : trial.relations()) {
      String count = "SELECT count(*) FROM " + relation.name();
      Outcome stated = trial.stated(relation, actor, Command.SELECT);
      if (stated == Outcome.REFUSED) {
        assertThatThrownBy(() -> sql.sql(count).query(Long.class).single())
            .as(relation.name())
            .rootCause()
            .hasMessageContaining("permission denied");
      } else {
        long all = database.superuser().sql(count).query(Long.class).single();
        assertThat(sql.sql(count).query(Long.class).single())
            .as(relation.name())
            .isEqualTo(stated == Outcome.ALL ? all : 0);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"building", "retired"})
  void a_tenant_sees_nothing_of_a_model_that_is_not_live(String state) throws SQLException {
    List<Relation> ofModels =
        trial.relations().stream()
            .filter(relation -> rights.of(relation.name()).may("tenant").rows().equals("live"))
            .toList();
    assertThat(ofModels).hasSizeGreaterThan(10);
    execute("UPDATE analytics.model SET state = '" + state + "'");

    for (Relation relation : ofModels) {
      assertThat(trial.outcome(relation, Actor.OURS, Command.SELECT))
          .as(relation.name())
          .isEqualTo(Outcome.NOTHING);
    }
  }

  /// Foreign keys look past every policy, so they name the tenant too. [RightsTests] asks that of
  /// every one.
  @ParameterizedTest
  @ValueSource(strings = {"source_id", "workflow_id", "connector_id"})
  void a_tenant_writes_nothing_that_belongs_to_what_is_anothers(String owner) throws SQLException {
    List<Relation> belonging =
        trial.relations().stream()
            .filter(relation -> rights.of(relation.name()).may("tenant").has(Right.INSERT))
            .filter(relation -> relation.row(3, 1).containsKey(owner))
            .filter(relation -> !relation.name().endsWith("." + owner.replace("_id", "")))
            .toList();
    assertThat(belonging).isNotEmpty();
    for (Relation relation : belonging) {
      Map<String, String> row = relation.row(3, 1);
      row.put(owner, TwoTenants.THEIRS);
      // Nothing of theirs is in the way.
      execute("DELETE FROM " + relation.name());
      execute("SET LOCAL session_replication_role = origin");
      trial.outcome(Actor.OURS, Relation.insert(relation.name(), row, ""));
      execute("SET LOCAL session_replication_role = replica");

      assertThat(trial.said()).as(relation.name()).contains("violates foreign key constraint");
    }
  }

  // What is no relation

  @Test
  void a_function_is_executed_by_the_roles_that_are_stated() throws SQLException {
    for (String function : rights.functions().keySet()) {
      for (Actor actor : Actor.SERVERS) {
        assertThat(trial.executes(actor, function))
            .as(actor + ": " + function)
            .isEqualTo(rights.functions().get(function).roles().contains(actor.role()));
      }
    }
  }

  @Test
  void nobody_asks_or_sets_what_number_comes_next() throws SQLException {
    List<String> sequences = TwoTenants.sequences(trial.connection());
    assertThat(sequences).isNotEmpty();
    for (String sequence : sequences) {
      for (Actor actor : Actor.SERVERS) {
        assertThat(trial.counts(actor, sequence)).as(actor + ": " + sequence).isFalse();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"auth", "tenant", "service", "engine", "internal", "admin"})
  void no_role_may_make_objects_or_take_another_role(String role) {
    JdbcClient sql = database.as(role);
    List<String> statements =
        new ArrayList<>(
            List.of(
                "CREATE TABLE public.mine (a int)",
                "CREATE TEMPORARY TABLE pg_class (relname text)",
                "ALTER TABLE control.members DISABLE ROW LEVEL SECURITY",
                "DROP POLICY own ON control.members"));
    rights
        .schemas()
        .keySet()
        .forEach(schema -> statements.add("CREATE TABLE " + schema + ".mine (a int)"));
    Actor.ROLES.stream()
        .filter(other -> !other.equals(role))
        .forEach(other -> statements.add("SET ROLE clarity_" + other));
    statements.add("SET ROLE clarity_migrator");

    for (String statement : statements) {
      assertThatThrownBy(() -> sql.sql(statement).update())
          .as(statement)
          .isInstanceOf(DataAccessException.class)
          .rootCause()
          .hasMessageMatching("(?s).*(permission denied|must be owner).*");
    }
  }

  // What an answer tells besides

  @Test
  void no_condition_is_asked_of_a_row_before_its_policy() throws SQLException {
    for (Relation relation : readByTenants()) {
      String sql =
          "SELECT count(*) FROM %s WHERE CAST('row of ' || %s::text AS integer) = 0"
              .formatted(relation.name(), relation.marker().name());

      assertThat(trial.outcome(Actor.NOBODYS, sql)).as(relation.name()).isEqualTo(Outcome.ALL);
      assertThat(trial.said()).as(relation.name()).isEmpty();

      assertThat(trial.outcome(Actor.OURS, sql)).as(relation.name()).isEqualTo(Outcome.FAILED);
      assertThat(trial.said())
          .as(relation.name())
          .contains("row of " + TwoTenants.OURS)
          .doesNotContain(TwoTenants.THEIRS);
    }
  }

  @Test
  void who_writes_what_another_has_is_told_that_it_is_taken_and_nothing_of_it()
      throws SQLException {
    Map<String, String> taken = new LinkedHashMap<>();
    for (Relation relation : trial.relations()) {
      if (!rights.of(relation.name()).may("tenant").has(Right.INSERT)) {
        continue;
      }
      for (String key : uniqueKeys(relation)) {
        Map<String, String> row = relation.row(3, 1);
        for (String name : key.split(",")) {
          if (!name.equals("tenant_id") && !name.equals("user_id")) {
            row.put(name, relation.value(relation.column(name), 2, 2));
          }
        }
        trial.outcome(Actor.OURS, Relation.insert(relation.name(), row, ""));
        if (trial.said().contains("duplicate key")) {
          taken.put(relation.name() + " (" + key + ")", trial.said());
        }
      }
    }

    assertThat(taken).hasSizeGreaterThan(8);
    assertThat(taken).allSatisfy((key, said) -> assertThat(said).doesNotContain("Detail"));
  }

  @Test
  void what_the_planner_knows_of_columns_is_kept_from_tenants() {
    database.superuser().sql("ANALYZE").update();

    List<String> known =
        database
            .as("tenant")
            .sql(
                """
                SELECT DISTINCT schemaname || '.' || tablename FROM pg_stats
                WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
                """)
            .query(String.class)
            .list();

    assertThat(known)
        .contains("control.plan")
        .allMatch(relation -> rights.of(relation).kind() == Kind.SHARED);
  }

  private static List<Relation> readByTenants() {
    return trial.relations().stream()
        .filter(relation -> rights.of(relation.name()).kind() != Kind.SHARED)
        .filter(relation -> rights.of(relation.name()).may("tenant").has(Right.SELECT))
        .toList();
  }

  private static List<String> uniqueKeys(Relation relation) throws SQLException {
    return Catalogue.strings(
        trial.connection(),
        """
        SELECT string_agg(quote_ident(a.attname), ',')
        FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
        WHERE i.indisunique AND i.indrelid = '%s'::regclass
        GROUP BY i.indexrelid
        """
            .formatted(relation.name()));
  }

  private static void execute(String sql) throws SQLException {
    try (Statement statement = trial.connection().createStatement()) {
      statement.execute(sql);
    }
  }
}
