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
    HikariDataSource pool = connections(role, database, role.key(), role.statementTimeout);
    pool.setMaximumPoolSize(role.connectionsMax(partitions));
    pool.setConnectionTimeout(CONNECT_TIMEOUT.toMillis());
    pool.setIdleTimeout(Duration.ofMinutes(2).toMillis());
    pool.addDataSourceProperty("connectTimeout", (int) CONNECT_TIMEOUT.toSeconds());
    // A server that has gone without a word answers no statement; one that lives ends it before.
    pool.addDataSourceProperty(
        "socketTimeout", (int) role.statementTimeout.plus(ANSWER_TIMEOUT).toSeconds());
    return pool;
  }

  /// One connection, for one user.
  ///
  /// @param answerMax how long the connection is waited for, and how long for a statement's answer
  static HikariDataSource lone(
      DatabaseRole role, DatabaseProperties database, String name, Duration answerMax) {
    // The server ends a statement before the driver gives it up.
    HikariDataSource lone =
        connections(
            role, database, role.key() + "-" + name, answerMax.multipliedBy(3).dividedBy(4));
    int seconds = Math.toIntExact(Math.max(1, answerMax.toSeconds()));
    lone.setMaximumPoolSize(1);
    lone.setConnectionTimeout(answerMax.toMillis());
    lone.setValidationTimeout(answerMax.toMillis());
    lone.addDataSourceProperty("connectTimeout", seconds);
    lone.addDataSourceProperty("socketTimeout", seconds);
    return lone;
  }

  private static HikariDataSource connections(
      DatabaseRole role, DatabaseProperties database, String name, Duration statementTimeout) {
    HikariDataSource pool = new HikariDataSource();
    pool.setPoolName(name);
    pool.setJdbcUrl(database.url());
    pool.setUsername(role.user());
    pool.setPassword(database.password(role.key()));
    pool.setMinimumIdle(1);
    pool.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
    // The driver sends the zone of this machine when it connects, and that beats the options.
    pool.setConnectionInitSql("SET TIME ZONE 'UTC'");
    pool.addDataSourceProperty("ApplicationName", "clarity-" + name);
    pool.addDataSourceProperty("options", sessionOptions(statementTimeout, role.lockTimeout));
    pool.addDataSourceProperty("tcpKeepAlive", true);
    pool.addDataSourceProperty("reWriteBatchedInserts", true);
    return pool;
  }

  /// Set when the session opens, so that they cost no round trip and hold before the first
  /// statement.
  private static String sessionOptions(Duration statementTimeout, Duration lockTimeout) {
    return String.join(
        " ",
        "-c search_path=pg_catalog,pg_temp",
        "-c statement_timeout=" + statementTimeout.toMillis(),
        "-c lock_timeout=" + lockTimeout.toMillis(),
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
