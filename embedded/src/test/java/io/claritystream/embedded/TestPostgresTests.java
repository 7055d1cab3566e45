package io.claritystream.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;

class TestPostgresTests {
  @Test
  void gives_each_caller_a_database_of_its_own() throws SQLException {
    TestPostgres.Database one = TestPostgres.shared().createDatabase();
    TestPostgres.Database other = TestPostgres.shared().createDatabase();
    run(one, "CREATE TABLE mine (n int)");
    run(other, "CREATE TABLE mine (n text)");
    assertThat(one.url()).isNotEqualTo(other.url());
  }

  @Test
  void copies_a_database_with_what_is_in_it() throws SQLException {
    TestPostgres.Database template = TestPostgres.shared().createDatabase();
    run(template, "CREATE TABLE mine AS SELECT 42 AS n");
    TestPostgres.Database copy = TestPostgres.shared().createDatabaseLike(template.name());
    try (Connection connection = copy.connect();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("SELECT n FROM mine")) {
      assertThat(result.next()).isTrue();
      assertThat(result.getInt(1)).isEqualTo(42);
    }
  }

  @Test
  void lets_a_test_make_replication_slots() throws SQLException {
    TestPostgres.Database database = TestPostgres.shared().createDatabase();
    run(database, "SELECT pg_create_logical_replication_slot('mine', 'pgoutput')");
    run(database, "SELECT pg_drop_replication_slot('mine')");
  }

  private static void run(TestPostgres.Database database, String sql) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
