package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.embedded.TestPostgres;
import io.claritystream.protocol.block.Column;
import java.sql.SQLException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What makes a table's rows tell apart, as its catalogue entry says.
class CatalogTests {
  private final TestPostgres.Database database = TestPostgres.shared().createDatabase();

  /// PostgreSQL's log names no row by a deferrable key, and two rows may share it meanwhile.
  @ParameterizedTest
  @CsvSource({
    "PRIMARY KEY (id), DEFAULT, true, true",
    "PRIMARY KEY (id) DEFERRABLE, DEFAULT, false, false",
    "PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED, DEFAULT, false, false",
    "PRIMARY KEY (id) DEFERRABLE, FULL, true, false",
    "PRIMARY KEY (id), FULL, true, true",
  })
  void aDeferrableKeyIsNone(String key, String identity, boolean identified, boolean keyed)
      throws SQLException {
    try (var connection = database.connect()) {
      RestartTests.run(
          connection,
          "CREATE TABLE t (id int, v int, " + key + ")",
          "ALTER TABLE t REPLICA IDENTITY " + identity);
      var catalog = new Catalog(connection);
      var found = catalog.candidates(Publications.of("clarity_none")).getFirst();
      assertThat(found.identified()).isEqualTo(identified);
      assertThat(catalog.table(found.oid()).schema().columns().stream().anyMatch(Column::key))
          .isEqualTo(keyed);
    }
  }
}
