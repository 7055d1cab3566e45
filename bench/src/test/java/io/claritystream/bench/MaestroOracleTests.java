package io.claritystream.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/// A few rounds of `./clarity bench maestro-chaos` against the packaged server.
class MaestroOracleTests {
  private static final int ROUNDS = 5;
  private static final int KILLS = 2;
  private static final int SECONDS = 4;
  private static final Path HOME =
      Path.of(System.getProperty("clarity.home", "..")).toAbsolutePath().normalize();

  @Test
  void each_execution_comes_to_its_end_once_whatever_is_killed() throws Exception {
    assertThat(HOME.resolve("server/target/extracted/server.jar"))
        .as("the packaged product, which ./clarity test builds")
        .exists();
    try (MaestroChaos chaos = new MaestroChaos(HOME)) {
      for (int seed = 1; seed <= ROUNDS; seed++) {
        MaestroChaos.Round round = chaos.round(seed, KILLS, SECONDS);
        assertThat(round.findings().details())
            .as("seed %d, %s: %s", seed, round.events(), chaos.explanation())
            .isEmpty();
        assertThat(round.sound()).as("seed %d: %s", seed, round).isTrue();
        assertThat(round.accepted()).as("seed %d", seed).isGreaterThan(20);
        assertThat(round.findings().looked()).as("seed %d", seed).isGreaterThan(20);
      }
      whatIsWrongIsFound(chaos);
    }
  }

  /// An oracle that finds nothing shows nothing.
  private static void whatIsWrongIsFound(MaestroChaos chaos)
      throws SQLException, InterruptedException {
    UUID first = new UUID(System.currentTimeMillis() << 16, 0);
    MaestroChaos.Round round = chaos.round(ROUNDS + 1, 0, 1);
    assertThat(round.sound()).as("%s", round).isTrue();
    MaestroOracle oracle = new MaestroOracle(first);
    try (Connection database = chaos.platform().superuser()) {
      oracle.look(database);
      MaestroReceiver receiver = chaos.receiver();
      Set<UUID> nowhere = Set.of(UUID.randomUUID());
      assertThat(oracle.compare(database, nowhere, Set.of(), receiver).lost()).isEqualTo(1);
      Sql.run(
          database,
          """
          UPDATE maestro.execution_log SET recorded = '{"body": {"number": -1}}'
          WHERE (execution_id, log_id) IN (
            SELECT l.execution_id, l.log_id FROM maestro.execution_log l
            JOIN maestro.execution_ended e USING (execution_id)
            WHERE l.execution_id >= '%s' AND l.kind = 'succeeded' AND l.step = 'first' LIMIT 1)
          """
              .formatted(first));
      MaestroOracle.Findings found = oracle.compare(database, Set.of(), Set.of(), receiver);
      assertThat(found.changedAfterEnd()).isEqualTo(1);
      assertThat(found.doubledEffects()).isEqualTo(1);
      assertThat(found.stuck()).isZero();
      Sql.run(
          database,
          """
          INSERT INTO maestro.execution_open (execution_id, ended, tenant_id, workflow_id, version,
            status, trigger_type, created_at, effects_of, steps_done, worker_us, lease_epoch, ready_at)
          SELECT 'ffffffff-ffff-7fff-8fff-ffffffffffff', false, tenant_id, workflow_id, 1, 'pending', 'api', now(),
            workflow_id, 0, 0, 1, timestamptz '9000-01-01' FROM maestro.workflow LIMIT 1
          """);
      assertThat(oracle.compare(database, Set.of(), Set.of(), receiver).stuck()).isEqualTo(1);
    }
  }
}
