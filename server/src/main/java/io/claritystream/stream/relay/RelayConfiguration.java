package io.claritystream.stream.relay;

import io.claritystream.base.live.LiveHub;
import io.claritystream.stream.bus.Broadcast;
import io.claritystream.stream.source.DurableMarks;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import tools.jackson.databind.json.JsonMapper;

@Configuration(proxyBeanMethods = false)
@ConditionalOnProperty("clarity.kafka.bootstrap-servers")
class RelayConfiguration {

  @Bean
  Relay relay(Broadcast broadcast, LiveHub hub, DurableMarks marks, JsonMapper json) {
    return new Relay(broadcast, hub, marks, json);
  }
}
