package io.claritystream.maestro.engine;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// `clarity.maestro.*`.
///
/// @param workers executions that one process runs at once, of all tenants
/// @param journalWriters groups of entries that are committed at once
/// @param leaseTerm how long a process may say nothing before another takes over its executions
/// @param eventsTopic Kafka's topic on which others are told what became of executions
@ConfigurationProperties(prefix = "clarity.maestro", ignoreUnknownFields = false)
@Validated
record MaestroProperties(
    @DefaultValue("512") @Min(1) @Max(10_000) int workers,
    @DefaultValue("3") @Min(1) @Max(8) int journalWriters,
    @DefaultValue("6s") Duration leaseTerm,
    @DefaultValue("maestro.executions") @NotBlank String eventsTopic) {

  MaestroProperties {
    if (leaseTerm.compareTo(Duration.ofSeconds(2)) < 0
        || leaseTerm.compareTo(Duration.ofMinutes(5)) > 0) {
      throw new IllegalArgumentException(
          "clarity.maestro.lease-term has to be from 2 s to 5 min, and is " + leaseTerm);
    }
  }
}
