package io.claritystream.base.db;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The catalogue against `db/rights.txt`, both ways: a table, view, function, grant or policy that
/// is not stated is found here, and one that is stated and is not there.
class RightsTests {

  private static TestDatabase database;
  private static Connection superuser;

  @BeforeAll
  static void begin() throws SQLException {
    database = TestDatabase.create();
    superuser = database.superuserConnections().getConnection();
    superuser.setAutoCommit(false);
    try (Statement statement = superuser.createStatement()) {
      statement.execute("SET search_path = pg_catalog, pg_temp");
      statement.execute("SELECT bronze.create_day(current_date), maestro.create_day(current_date)");
    }
  }

  @AfterAll
  static void end() throws SQLException {
    superuser.close();
    database.close();
  }

  @Test
  void the_catalogue_says_what_is_stated_and_nothing_else() throws SQLException {
    Catalogue catalogue = new Catalogue(Rights.stated(), superuser);

    List<String> differences = catalogue.differences(superuser);

    System.out.printf(
        "Policies: %d facts of the catalogue stated, %d otherwise%n",
        catalogue.size(), differences.size());
    assertThat(differences).isEmpty();
  }

  @Test
  void what_holds_rows_of_tenants_is_never_shared() throws SQLException {
    Rights rights = Rights.stated();
    List<String> shared =
        Relation.all(superuser).stream()
            .filter(Relation::hasTenant)
            .map(Relation::name)
            .filter(name -> rights.of(name).kind() == Rights.Kind.SHARED)
            .toList();

    assertThat(shared).isEmpty();
  }

  /// None of them could be told to work on a tenant's rows.
  @Test
  void what_runs_as_its_owner_takes_a_day_and_nothing_else() {
    List<String> asOwner =
        Rights.stated().functions().entrySet().stream()
            .filter(function -> function.getValue().asOwner())
            .map(function -> function.getKey())
            .toList();

    assertThat(asOwner).isNotEmpty().allMatch(function -> function.endsWith("_day(date)"));
  }

  /// Foreign keys look at rows past every policy.
  @Test
  void what_a_tenant_writes_names_no_row_of_another() throws SQLException {
    List<String> loose =
        Catalogue.strings(
            superuser,
            """
            WITH key AS (
              SELECT k.conrelid, k.confrelid, k.conname, k.conkey,
                     EXISTS (SELECT FROM pg_attribute a
                             WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) AND a.attname = 'tenant_id') AS own
              FROM pg_constraint k WHERE k.contype = 'f'
            )
            SELECT conname || ' of ' || conrelid::regclass FROM key k
            WHERE has_any_column_privilege('clarity_tenant', conrelid, 'INSERT, UPDATE')
              AND NOT own
              AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = k.confrelid AND a.attname = 'tenant_id')
              AND EXISTS (SELECT FROM unnest(k.conkey) c
                          WHERE has_column_privilege('clarity_tenant', k.conrelid, c, 'INSERT, UPDATE'))
              -- A step of one's own workflow is one's own.
              AND NOT EXISTS (SELECT FROM key o WHERE o.conrelid = k.conrelid AND o.own AND o.conkey && k.conkey)
            ORDER BY 1
            """);

    assertThat(loose).isEmpty();
  }
}
