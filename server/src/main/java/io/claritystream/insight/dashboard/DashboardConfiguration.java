package io.claritystream.insight.dashboard;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.live.LiveHub;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.claritystream.control.identity.Sessions;
import io.claritystream.stream.source.SourceStates;
import java.time.Clock;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import tools.jackson.databind.json.JsonMapper;

@Configuration(proxyBeanMethods = false)
@RunsAs(ProcessRole.API)
class DashboardConfiguration {
  @Bean
  Catalogue catalogue(TenantTransactions transactions, Clock clock) {
    return new Catalogue(transactions, clock);
  }

  @Bean
  Snapshots snapshots(TenantTransactions transactions, SourceStates states, Clock clock) {
    return new Snapshots(transactions, states, clock);
  }

  @Bean
  LiveFeed liveFeed(LiveHub hub, Sessions sessions, JsonMapper json, Clock clock) {
    return new LiveFeed(hub, sessions, json, clock);
  }
}
