package io.claritystream.stream.deadletter;

import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import java.time.Clock;
import javax.sql.DataSource;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class DeadLetterConfiguration {

  @Bean
  @RunsAs(ProcessRole.INGEST)
  DeadLetters deadLetters() {
    return new DeadLetters();
  }

  @Bean(initMethod = "start", destroyMethod = "close")
  @RunsAs(ProcessRole.INGEST)
  DeadLetterRetention deadLetterRetention(@Qualifier("service") DataSource service, Clock clock) {
    return new DeadLetterRetention(service, clock);
  }
}
