package io.claritystream.stream.source;

import io.claritystream.base.db.TestDatabase;
import io.claritystream.control.audit.TestAudit;
import java.time.Clock;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/// The sources of a test's database.
public final class TestSources {
  private TestSources() {}

  public static Sources of(TestDatabase database) {
    var service = database.dataSource("service");
    return new Sources(
        database.as("service"),
        new TransactionTemplate(new JdbcTransactionManager(service)),
        TestAudit.log(),
        Clock.systemUTC());
  }
}
