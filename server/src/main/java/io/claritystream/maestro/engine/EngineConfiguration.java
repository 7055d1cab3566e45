package io.claritystream.maestro.engine;

import io.claritystream.base.db.LoneConnections;
import io.claritystream.base.expression.Expressions;
import io.claritystream.base.outbound.OutboundClient;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.claritystream.maestro.action.Actions;
import io.claritystream.maestro.action.Credentials;
import io.claritystream.maestro.connector.Connections;
import io.claritystream.maestro.definition.Workflows;
import io.claritystream.stream.bus.BusSettings;
import io.claritystream.stream.bus.Feed;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/// Processes of the API take executions in; those of the role `maestro` run them.
@Configuration(proxyBeanMethods = false)
@RunsAs({ProcessRole.API, ProcessRole.MAESTRO})
@EnableConfigurationProperties(MaestroProperties.class)
class EngineConfiguration {

  /// This process runs executions.
  record Working() {}

  @Bean
  @RunsAs(ProcessRole.MAESTRO)
  Working maestroWorking() {
    return new Working();
  }

  @Bean
  Credentials credentials(Connections connections) {
    return new ConnectionCredentials(connections);
  }

  @Bean
  Answers answers() {
    return new Answers();
  }

  @Bean
  Programs programs(
      Workflows workflows,
      Expressions expressions,
      OutboundClient client,
      Credentials credentials) {
    return new Programs(workflows, expressions, new Actions(expressions, client, credentials));
  }

  @Bean
  NodeLease nodeLease(
      @Qualifier("engine") DataSource engine,
      LoneConnections connections,
      MaestroProperties maestro) {
    var term = maestro.leaseTerm();
    // Twice, so that a lost connection can be made anew within the term.
    var own = connections.open("engine", "lease", term.dividedBy(3));
    return new NodeLease(engine, own, NodeLease.ownName(), term);
  }

  /// Where there are no brokers, nobody is told of executions.
  @Bean
  @ConditionalOnProperty("clarity.kafka.bootstrap-servers")
  OutboxPublisher outboxPublisher(
      @Qualifier("engine") DataSource engine,
      BusSettings bus,
      MaestroProperties maestro,
      NodeLease lease,
      MeterRegistry meters) {
    return new OutboxPublisher(engine, new Feed(bus, maestro.eventsTopic()), lease, meters);
  }

  @Bean
  Journal journal(
      @Qualifier("engine") DataSource engine,
      NodeLease lease,
      MaestroProperties maestro,
      ObjectProvider<OutboxPublisher> outbox,
      MeterRegistry meters) {
    var publisher = outbox.getIfAvailable();
    return new Journal(
        engine,
        publisher == null ? null : new EventEncoder(),
        node -> node == lease.node(),
        publisher == null ? () -> {} : publisher::written,
        maestro.journalWriters(),
        meters);
  }

  @Bean
  EngineNode engineNode(
      @Qualifier("engine") DataSource engine,
      NodeLease lease,
      Journal journal,
      Programs programs,
      Answers answers,
      Clock clock,
      MaestroProperties maestro,
      ObjectProvider<Working> working) {
    return new EngineNode(
        engine,
        lease,
        journal,
        programs,
        answers,
        new HistoryDays(engine),
        clock,
        working.getIfAvailable() == null ? 0 : maestro.workers());
  }

  @Bean
  Executions executions(
      @Qualifier("engine") DataSource engine,
      EngineNode node,
      Journal journal,
      Programs programs,
      Answers answers,
      Clock clock) {
    return new Executions(engine, node, journal, programs, answers, clock);
  }

  /// Runs from the end of the start until the begin of the stop.
  @Bean
  SmartLifecycle engineLife(EngineNode node, ObjectProvider<OutboxPublisher> outbox) {
    return new SmartLifecycle() {
      private volatile boolean running;

      /// Before the web server begins to take calls, and after it has ended to.
      @Override
      public int getPhase() {
        return Integer.MAX_VALUE - 4_096;
      }

      @Override
      public void start() {
        node.start();
        outbox.ifAvailable(OutboxPublisher::start);
        running = true;
      }

      @Override
      public void stop() {
        node.close();
        outbox.ifAvailable(OutboxPublisher::close);
        running = false;
      }

      @Override
      public boolean isRunning() {
        return running;
      }
    };
  }
}
