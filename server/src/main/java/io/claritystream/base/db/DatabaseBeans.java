package io.claritystream.base.db;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.time.Duration;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.AutowireCandidateQualifier;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.BeanNameGenerator;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.context.annotation.ImportBeanDefinitionRegistrar;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotationMetadata;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/// Registers, for each role, a `DataSource`, a `JdbcClient` and a `TransactionTemplate` under the
/// role's qualifier. All are lazy, so a process pays for the roles it uses.
final class DatabaseBeans implements ImportBeanDefinitionRegistrar {

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  /// Beyond a statement's own time.
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(15);

  /// After this the server ends a transaction that nobody goes on with: of a process that hangs, or
  /// was cut off, in its middle. Others wait for its locks until then.
  private static final Duration IDLE_IN_TRANSACTION_MAX = Duration.ofSeconds(15);

  /// As `stream.bus` has it.
  static final int PARTITIONS_DEFAULT = 4;

  /// Rows fetched at a time inside a transaction, so that a long answer never stands in memory
  /// whole.
  private static final int FETCH_SIZE = 1_000;

  private final ConfigurableListableBeanFactory beans;

  DatabaseBeans(BeanFactory beans) {
    this.beans = (ConfigurableListableBeanFactory) beans;
  }

  @Override
  public void registerBeanDefinitions(
      AnnotationMetadata metadata, BeanDefinitionRegistry registry, BeanNameGenerator names) {
    for (DatabaseRole role : DatabaseRole.values()) {
      String dataSource = role.key() + "DataSource";
      register(registry, role, dataSource, HikariDataSource.class, () -> pool(role));
      register(
          registry,
          role,
          role.key() + "JdbcClient",
          JdbcClient.class,
          () -> client(beans.getBean(dataSource, DataSource.class)));
      register(
          registry,
          role,
          role.key() + "TransactionTemplate",
          TransactionTemplate.class,
          () -> transactions(beans.getBean(dataSource, DataSource.class)));
    }
  }

  private static <T> void register(
      BeanDefinitionRegistry registry,
      DatabaseRole role,
      String name,
      Class<T> type,
      Supplier<T> supplier) {
    RootBeanDefinition definition = new RootBeanDefinition(type, supplier);
    definition.addQualifier(new AutowireCandidateQualifier(Qualifier.class, role.key()));
    definition.setLazyInit(true);
    registry.registerBeanDefinition(name, definition);
  }

  private HikariDataSource pool(DatabaseRole role) {
    beans.getBean(SchemaMigration.class);
    int partitions =
        beans
            .getBean(Environment.class)
            .getProperty("clarity.kafka.partitions", Integer.class, PARTITIONS_DEFAULT);
    return pool(role, beans.getBean(DatabaseProperties.class), partitions);
  }

  static HikariDataSource pool(DatabaseRole role, DatabaseProperties database, int partitions) {
    HikariDataSource pool = new HikariDataSource();
    pool.setPoolName(role.key());
    pool.setJdbcUrl(database.url());
    pool.setUsername(role.user());
    pool.setPassword(database.password(role.key()));
    pool.setMaximumPoolSize(role.connectionsMax(partitions));
    pool.setMinimumIdle(1);
    pool.setConnectionTimeout(CONNECT_TIMEOUT.toMillis());
    pool.setIdleTimeout(Duration.ofMinutes(2).toMillis());
    pool.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
    // The driver sends the zone of this machine when it connects, and that beats the options.
    pool.setConnectionInitSql("SET TIME ZONE 'UTC'");
    pool.addDataSourceProperty("ApplicationName", "clarity-" + role.key());
    pool.addDataSourceProperty("options", sessionOptions(role));
    pool.addDataSourceProperty("connectTimeout", (int) CONNECT_TIMEOUT.toSeconds());
    // A server that has gone without a word answers no statement; one that lives ends it before.
    pool.addDataSourceProperty(
        "socketTimeout", (int) role.statementTimeout.plus(ANSWER_TIMEOUT).toSeconds());
    pool.addDataSourceProperty("tcpKeepAlive", true);
    pool.addDataSourceProperty("reWriteBatchedInserts", true);
    return pool;
  }

  /// Set when the session opens, so that they cost no round trip and hold before the first
  /// statement.
  private static String sessionOptions(DatabaseRole role) {
    return String.join(
        " ",
        "-c search_path=pg_catalog,pg_temp",
        "-c statement_timeout=" + role.statementTimeout.toMillis(),
        "-c lock_timeout=" + role.lockTimeout.toMillis(),
        "-c idle_in_transaction_session_timeout=" + IDLE_IN_TRANSACTION_MAX.toMillis());
  }

  private static JdbcClient client(DataSource dataSource) {
    JdbcTemplate template = new JdbcTemplate(dataSource);
    template.setFetchSize(FETCH_SIZE);
    return JdbcClient.create(template);
  }

  private static TransactionTemplate transactions(DataSource dataSource) {
    TransactionTemplate template = new TransactionTemplate(new JdbcTransactionManager(dataSource));
    template.setIsolationLevel(Connection.TRANSACTION_READ_COMMITTED);
    return template;
  }
}
