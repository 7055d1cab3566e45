package io.claritystream.stream.deadletter;

import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class DeadLetterConfiguration {

  @Bean
  @RunsAs(ProcessRole.INGEST)
  DeadLetters deadLetters() {
    return new DeadLetters();
  }
}
