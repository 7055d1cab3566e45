package io.claritystream.base.db;

import javax.sql.DataSource;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.jdbc.core.simple.JdbcClient;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(DatabaseProperties.class)
@Import(DatabaseBeans.class)
class DatabaseConfiguration {

  @Bean
  @Lazy
  SchemaMigration schemaMigration(DatabaseProperties database) {
    return new SchemaMigration(database);
  }

  @Bean
  @Lazy
  LoneConnections loneConnections(DatabaseProperties database, SchemaMigration migrated) {
    return new LoneConnections(database);
  }

  @Bean
  DatabaseHealth databaseHealthIndicator(@Qualifier("tenant") DataSource dataSource) {
    return new DatabaseHealth(dataSource);
  }

  @Bean
  TenantTransactions tenantTransactions(
      @Qualifier("tenant") DataSource dataSource, @Qualifier("tenant") JdbcClient sql) {
    return new TenantTransactions(dataSource, sql);
  }
}
