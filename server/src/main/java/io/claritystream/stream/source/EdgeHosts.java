package io.claritystream.stream.source;

import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import java.net.URI;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// `clarity.edge.*`: how agents reach the edge.
///
/// @param publicUrl what pairing commands name
/// @param hosts names and addresses in the certificate that the edge on this machine shows
@ConfigurationProperties(prefix = "clarity.edge", ignoreUnknownFields = false)
@Validated
public record EdgeHosts(
    @DefaultValue("https://localhost:8443") @NotNull URI publicUrl,
    @DefaultValue({"localhost", "127.0.0.1"}) @NotEmpty List<String> hosts) {
  public EdgeHosts {
    hosts = List.copyOf(hosts);
  }
}
