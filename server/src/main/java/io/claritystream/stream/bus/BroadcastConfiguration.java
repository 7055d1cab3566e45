package io.claritystream.stream.bus;

import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/// Any process may have something to tell the others, or to hear of them; one that knows no brokers
/// is alone.
@Configuration(proxyBeanMethods = false)
@ConditionalOnProperty("clarity.kafka.bootstrap-servers")
@EnableConfigurationProperties(BusSettings.class)
class BroadcastConfiguration {

  @Bean
  Broadcast broadcast(BusSettings settings, MeterRegistry meters) {
    return new Broadcast(settings, meters);
  }
}
