package io.claritystream.stream.gateway;

import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.claritystream.stream.bus.BusSettings;
import io.claritystream.stream.bus.EventBus;
import io.claritystream.stream.source.Agents;
import io.claritystream.stream.source.DurableMarks;
import io.claritystream.stream.source.EdgeCredentials;
import io.claritystream.stream.source.EdgeHosts;
import io.claritystream.stream.source.Plans;
import io.claritystream.stream.source.PlatformAuthority;
import io.claritystream.stream.source.RevokedAgents;
import io.claritystream.stream.source.SourceGaps;
import io.claritystream.stream.source.SourceReports;
import io.claritystream.stream.source.SourceSnapshots;
import io.claritystream.stream.source.Sources;
import io.github.bucket4j.TimeMeter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@RunsAs(ProcessRole.GATEWAY)
@EnableConfigurationProperties(GatewayProperties.class)
class GatewayConfiguration {

  @Bean(destroyMethod = "close")
  ExecutorService gatewayCalls() {
    return Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("gateway-", 0).factory());
  }

  @Bean(destroyMethod = "shutdownNow")
  ScheduledExecutorService gatewayTimer() {
    return Executors.newSingleThreadScheduledExecutor(
        Thread.ofPlatform().daemon().name("gateway-timer").factory());
  }

  @Bean
  Gateway gateway(
      GatewayProperties properties,
      EdgeHosts edge,
      Sources sources,
      SourceReports reports,
      SourceGaps gaps,
      SourceSnapshots snapshots,
      Agents agents,
      Plans plans,
      RevokedAgents revoked,
      PlatformAuthority authority,
      DurableMarks marks,
      EventBus bus,
      BusSettings busSettings,
      MeterRegistry registry,
      ExecutorService gatewayCalls,
      ScheduledExecutorService gatewayTimer,
      Clock clock) {
    LiveStreams streams = new LiveStreams(revoked::current);
    StreamServices services =
        new StreamServices(
            properties,
            sources,
            reports,
            gaps,
            snapshots,
            marks,
            bus,
            new Quotas(plans, TimeMeter.SYSTEM_NANOTIME),
            new Allowance(properties.epochsPerHour(), TimeMeter.SYSTEM_NANOTIME),
            streams,
            new GatewayMeters(registry, streams),
            gatewayCalls,
            gatewayTimer,
            clock,
            System::nanoTime);
    LinkService link =
        new LinkService(
            agents,
            new PairingAttempts(properties.pairingsPerMinute()),
            services,
            busSettings::partitions);
    Optional<EdgeCredentials> credentials =
        Optional.ofNullable(properties.edgeCredentialsDirectory())
            .map(directory -> new EdgeCredentials(authority, directory, edge.hosts(), clock));
    return new Gateway(services, link, revoked, authority, credentials, gatewayCalls);
  }
}
