package io.claritystream.stream.materializer;

import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.claritystream.stream.deadletter.DeadLetters;
import io.github.bucket4j.TimeMeter;
import javax.sql.DataSource;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@RunsAs(ProcessRole.INGEST)
class MaterializerConfiguration {
  @Bean
  SourceTables sourceTables(@Qualifier("service") DataSource service) {
    return new SourceTables(service, new SchemaAllowance(TimeMeter.SYSTEM_NANOTIME));
  }

  @Bean
  Models models(@Qualifier("service") DataSource service) {
    return new Models(service);
  }

  @Bean(initMethod = "start", destroyMethod = "close")
  ModelCleaner modelCleaner(@Qualifier("service") DataSource service, DeadLetters deadLetters) {
    return new ModelCleaner(service, deadLetters);
  }

  @Bean
  Materializer materializer(@Qualifier("service") DataSource service, SourceTables tables) {
    return new Materializer(service, tables);
  }
}
