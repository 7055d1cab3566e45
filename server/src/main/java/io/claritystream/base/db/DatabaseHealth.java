package io.claritystream.base.db;

import java.util.Objects;
import javax.sql.DataSource;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Whether requests can be answered: the schema stands and the tenant role can ask.
final class DatabaseHealth extends AbstractHealthIndicator {

  private final JdbcClient sql;

  DatabaseHealth(DataSource tenant) {
    super("database does not answer");
    this.sql = JdbcClient.create(Objects.requireNonNull(tenant));
  }

  @Override
  protected void doHealthCheck(Health.Builder health) {
    sql.sql("SELECT 1").query(Integer.class).single();
    health.up();
  }
}
