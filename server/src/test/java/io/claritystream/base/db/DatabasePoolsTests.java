package io.claritystream.base.db;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Pools connect when they are first used; none is here.
class DatabasePoolsTests {

  @Test
  void everyPartitionMayHoldOneConnectionAndNeedAnother() {
    try (HikariDataSource few = pool(DatabaseRole.SERVICE, 4);
        HikariDataSource many = pool(DatabaseRole.SERVICE, 64)) {
      assertThat(few.getMaximumPoolSize()).isGreaterThan(2 * 4);
      assertThat(many.getMaximumPoolSize()).isGreaterThan(2 * 64);
    }
  }

  @ParameterizedTest
  @EnumSource(DatabaseRole.class)
  void aServerThatIsSilentIsGivenUpAfterTheLongestStatement(DatabaseRole role) {
    try (HikariDataSource pool = pool(role, 4)) {
      assertThat(pool.getDataSourceProperties().get("socketTimeout"))
          .isEqualTo((int) role.statementTimeout.toSeconds() + 15);
    }
  }

  private static HikariDataSource pool(DatabaseRole role, int partitions) {
    return DatabaseBeans.pool(
        role,
        new DatabaseProperties(
            "jdbc:postgresql://127.0.0.1/none", Map.of(role.key(), "none"), false),
        partitions);
  }
}
