package io.claritystream.stream.bronze;

import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import java.time.Clock;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

@Configuration(proxyBeanMethods = false)
class BronzeConfiguration {

  @Bean
  @RunsAs(ProcessRole.INGEST)
  BronzePartitions bronzePartitions(@Qualifier("service") JdbcClient service, Clock clock) {
    return new BronzePartitions(service, clock);
  }
}
