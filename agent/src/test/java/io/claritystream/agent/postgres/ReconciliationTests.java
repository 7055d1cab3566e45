package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.agent.postgres.CapturedTable.Stand;
import io.claritystream.embedded.TestPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the catalogue says, beside a thread that reads tables meanwhile.
class ReconciliationTests {
  private final TestPostgres.Database database = TestPostgres.shared().createDatabase();
  private final Publications ours = Publications.of("clarity_" + database.name());

  @TempDir Path directory;
  private Connection connection;

  @BeforeEach
  void begin() throws Exception {
    connection = database.connect();
  }

  @AfterEach
  void end() throws SQLException {
    connection.close();
  }

  /// The rows of the partition that was attached are not in those that were read just then.
  @Test
  void aPartitionThatWasAttachedWhileItsTableWasReadIsFoundTheNextTime() throws Exception {
    RestartTests.run(
        connection,
        "CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF parted FOR VALUES FROM (0) TO (10)");
    var tables = CapturedTables.load(directory.resolve("tables"));
    var reconciliation =
        new Reconciliation(choice(), ours, tables, Emptyings.load(directory.resolve("emptyings")));
    reconciliation.run(connection);
    var root = tables.all().getFirst().oid();
    var read = new Catalog(connection).leaves(List.of(root)).get(root);
    RestartTests.run(
        connection,
        "CREATE TABLE p2 (LIKE parted INCLUDING ALL)",
        "INSERT INTO p2 VALUES (11)",
        "ALTER TABLE parted ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20)");

    for (var stand : new Stand[] {Stand.WANTED, Stand.HELD}) {
      tables.put(tables.get(root).stands(stand).leaves(stand == Stand.HELD ? read : ""));
      var found = reconciliation.look(connection, Preflight.check(connection, choice(), ours));
      var held =
          tables.get(root).stands(Stand.HELD).leaves(read).cut(new Cut(null, stand.ordinal(), 9));
      tables.put(held);
      reconciliation.apply(connection, found);
      assertThat(tables.get(root)).as("looked at as %s", stand).isEqualTo(held);
      reconciliation.run(connection);
      assertThat(tables.get(root).stand()).isEqualTo(Stand.WANTED);
    }
  }

  private static TableChoice choice() {
    return TableChoice.parse("parted");
  }
}
