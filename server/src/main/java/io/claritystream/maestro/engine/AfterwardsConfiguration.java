package io.claritystream.maestro.engine;

import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.claritystream.maestro.definition.Workflows;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/// What is done with executions once they have ended.
@Configuration(proxyBeanMethods = false)
@RunsAs({ProcessRole.API, ProcessRole.MAESTRO})
class AfterwardsConfiguration {

  @Bean
  Retries retries(Workflows workflows, Programs programs) {
    return new Retries(workflows, programs);
  }
}
