package io.claritystream.stream.ingest;

import io.claritystream.base.live.LiveHub;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.claritystream.stream.bronze.BronzePartitions;
import io.claritystream.stream.bus.PartitionConsumer;
import io.claritystream.stream.deadletter.DeadLetters;
import io.claritystream.stream.materializer.Materializer;
import io.claritystream.stream.materializer.Models;
import io.claritystream.stream.materializer.SourceTables;
import io.claritystream.stream.source.DurableMarks;
import io.claritystream.stream.source.Rebuilds;
import io.claritystream.stream.source.Sources;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import javax.sql.DataSource;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class IngestConfiguration {

  @Bean
  @RunsAs(ProcessRole.INGEST)
  Ingest ingest(
      @Qualifier("service") DataSource service,
      Sources sources,
      Rebuilds rebuilds,
      SourceTables tables,
      Models models,
      Materializer materializer,
      BronzePartitions partitions,
      DeadLetters deadLetters,
      DurableMarks marks,
      LiveHub live,
      MeterRegistry meters,
      Clock clock,
      PartitionConsumer consumer) {
    return new Ingest(
        new Ingest.Parts(
            service,
            sources,
            rebuilds,
            tables,
            models,
            materializer,
            partitions,
            deadLetters,
            marks,
            live,
            meters,
            clock),
        consumer);
  }

  /// Runs from the end of the start until the begin of the stop.
  @Bean
  @RunsAs(ProcessRole.INGEST)
  SmartLifecycle ingestLife(Ingest ingest) {
    return new SmartLifecycle() {
      private volatile boolean running;

      @Override
      public void start() {
        ingest.start();
        running = true;
      }

      @Override
      public void stop() {
        ingest.stop();
        running = false;
      }

      @Override
      public boolean isRunning() {
        return running;
      }
    };
  }
}
