package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.claritystream.maestro.definition.Workflows;
import java.time.Clock;
import javax.sql.DataSource;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/// What is done with executions once they have ended: they are tried again, and forgotten.
@Configuration(proxyBeanMethods = false)
@RunsAs({ProcessRole.API, ProcessRole.MAESTRO})
class AfterwardsConfiguration {

  @Bean
  Retries retries(Workflows workflows, Programs programs, Clock clock) {
    return new Retries(workflows, programs, clock);
  }

  @Bean
  @RunsAs(ProcessRole.MAESTRO)
  Redriver redriver(
      @Qualifier("engine") DataSource engine,
      TenantTransactions transactions,
      Retries retries,
      Executions executions,
      Clock clock) {
    return new Redriver(engine, transactions, retries, executions, clock);
  }

  @Bean
  @RunsAs(ProcessRole.MAESTRO)
  HistoryCleaner historyCleaner(@Qualifier("engine") DataSource engine, Clock clock) {
    return new HistoryCleaner(engine, clock);
  }

  /// Runs from the end of the start until the begin of the stop.
  @Bean
  @RunsAs(ProcessRole.MAESTRO)
  SmartLifecycle afterwardsLife(Redriver redriver, HistoryCleaner cleaner) {
    return new SmartLifecycle() {
      private volatile boolean running;

      @Override
      public void start() {
        redriver.start();
        cleaner.start();
        running = true;
      }

      @Override
      public void stop() {
        redriver.close();
        cleaner.close();
        running = false;
      }

      @Override
      public boolean isRunning() {
        return running;
      }
    };
  }
}
