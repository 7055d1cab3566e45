package io.claritystream.base.crypto;

import java.time.Clock;
import java.util.Objects;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(CryptoProperties.class)
class CryptoConfiguration {

  @Bean
  PlatformKeys platformKeys(MasterKeys masters, @Qualifier("auth") JdbcClient sql, Clock clock) {
    return PlatformKeys.open(masters, sql, clock);
  }

  @Bean
  MasterKeys masterKeys(CryptoProperties crypto, @Qualifier("auth") JdbcClient sql) {
    return MasterKeys.open(crypto, () -> PlatformKeys.anyStored(sql));
  }

  @Bean
  TenantSecrets tenantSecrets(
      MasterKeys masters,
      @Qualifier("auth") JdbcClient sql,
      @Qualifier("auth") TransactionTemplate transactions,
      Clock clock) {
    PlatformTransactionManager manager =
        Objects.requireNonNull(transactions.getTransactionManager());
    return new TenantSecrets(new TenantKeys(sql, manager, masters, clock));
  }

  /// For the operator's commands.
  @Bean
  @Lazy
  KeyMaintenance keyMaintenance(
      MasterKeys masters,
      @Qualifier("admin") JdbcClient sql,
      @Qualifier("admin") TransactionTemplate transactions,
      Clock clock) {
    return new KeyMaintenance(masters, sql, transactions, clock);
  }
}
