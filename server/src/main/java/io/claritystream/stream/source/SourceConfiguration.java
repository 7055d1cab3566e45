package io.claritystream.stream.source;

import io.claritystream.base.crypto.PlatformKeys;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.live.LiveHub;
import io.claritystream.control.audit.AuditLog;
import java.time.Clock;
import javax.sql.DataSource;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(EdgeHosts.class)
class SourceConfiguration {

  @Bean
  PlatformAuthority platformAuthority(PlatformKeys keys, Clock clock) {
    return PlatformAuthority.open(keys, clock);
  }

  @Bean
  DurableMarks durableMarks() {
    return new DurableMarks();
  }

  @Bean
  Sources sources(
      @Qualifier("service") JdbcClient sql,
      @Qualifier("service") TransactionTemplate transactions,
      AuditLog audit,
      Clock clock) {
    return new Sources(sql, transactions, audit, clock);
  }

  @Bean
  Rebuilds rebuilds() {
    return new Rebuilds();
  }

  @Bean
  SourceGaps sourceGaps(@Qualifier("service") JdbcClient sql) {
    return new SourceGaps(sql);
  }

  @Bean
  SourceSnapshots sourceSnapshots(
      @Qualifier("service") JdbcClient sql,
      @Qualifier("service") TransactionTemplate transactions,
      AuditLog audit,
      Clock clock) {
    return new SourceSnapshots(sql, transactions, audit, clock);
  }

  @Bean
  Plans plans(@Qualifier("service") JdbcClient sql) {
    return new Plans(sql);
  }

  @Bean
  Agents agents(
      @Qualifier("service") JdbcClient sql,
      @Qualifier("service") TransactionTemplate transactions,
      PlatformAuthority authority,
      AuditLog audit,
      Clock clock) {
    return new Agents(sql, transactions, authority, audit, clock);
  }

  @Bean
  RevokedAgents revokedAgents(@Qualifier("service") JdbcClient sql, Clock clock) {
    return new RevokedAgents(sql, clock);
  }

  @Bean
  PairingCodes pairingCodes(
      TenantTransactions transactions, PlatformAuthority authority, AuditLog audit, Clock clock) {
    return new PairingCodes(transactions, authority, audit, clock);
  }

  @Bean
  SourceViews sourceViews(Clock clock) {
    return new SourceViews(clock);
  }

  @Bean
  SourceStates sourceStates(SourceViews views) {
    return new SourceStates(views);
  }

  @Bean
  SourceNews sourceNews(TenantTransactions transactions, SourceViews views, LiveHub hub) {
    return new SourceNews(transactions, views, hub);
  }

  @Bean
  SourceReports sourceReports(
      @Qualifier("service") DataSource dataSource, Agents agents, SourceNews news, Clock clock) {
    return new SourceReports(dataSource, agents, news, clock);
  }
}
