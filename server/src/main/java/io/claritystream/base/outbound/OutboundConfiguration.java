package io.claritystream.base.outbound;

import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetAddress;
import org.apache.hc.core5.ssl.SSLContexts;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(OutboundProperties.class)
class OutboundConfiguration {

  /// Trusts what the JVM trusts, and has no certificate of its own to show.
  @Bean
  OutboundClient outboundClient(OutboundProperties settings, MeterRegistry meters) {
    return new OutboundClient(
        settings,
        InetAddress::getAllByName,
        new OwnAddresses(OwnAddresses::ofSystem),
        SSLContexts.createDefault(),
        meters);
  }
}
