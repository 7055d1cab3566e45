package io.claritystream.stream.relay;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.claritystream.base.live.LiveMessage;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/// One message between processes.
///
/// @param from the process that tells it
record News(UUID from, Told told) {

  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Watching.class, name = "watching"),
    @JsonSubTypes.Type(value = Readings.class, name = "readings"),
    @JsonSubTypes.Type(value = Source.class, name = "source"),
    @JsonSubTypes.Type(value = ReadAgain.class, name = "read_again"),
    @JsonSubTypes.Type(value = Missing.class, name = "missing")
  })
  sealed interface Told {}

  /// Tenants that have open pages in the process, some of them or all.
  record Watching(Set<UUID> tenants) implements Told {}

  record Readings(UUID tenant, List<LiveMessage.Reading> readings) implements Told {}

  record Source(UUID tenant, UUID source, JsonNode view) implements Told {}

  record ReadAgain(UUID tenant) implements Told {}

  record Missing(UUID source, int epoch, long firstMissingSeq) implements Told {}
}
