package io.claritystream.stream.bus;

import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@RunsAs({ProcessRole.GATEWAY, ProcessRole.INGEST})
@EnableConfigurationProperties(BusSettings.class)
class BusConfiguration {

  @Bean(initMethod = "start")
  @RunsAs(ProcessRole.GATEWAY)
  EventBus eventBus(BusSettings settings, MeterRegistry meters) {
    return new EventBus(settings, meters);
  }

  @Bean
  @RunsAs(ProcessRole.INGEST)
  PartitionConsumer partitionConsumer(BusSettings settings) {
    return new PartitionConsumer(settings);
  }
}
