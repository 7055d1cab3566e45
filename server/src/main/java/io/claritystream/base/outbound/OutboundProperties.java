package io.claritystream.base.outbound;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/// `clarity.outbound.*`.
///
/// @param allow what may be called although it is private: host names, addresses and networks, each
///     with a port or `*` behind it if need be: `erp.internal`, `10.1.2.3:9000`, `10.1.0.0/16`,
///     `[fd12::/64]:8080`, `127.0.0.1/32:*`. Without a port those of `ports`
/// @param ports that may be called
/// @param connectTimeout for one address to accept a connection, and again for TLS
/// @param lookUpTimeout for a name to be resolved
/// @param timeoutMax of a whole call, whatever it asks for
/// @param callsMax under way at once in this process
/// @param callsPerHostMax under way at once to one host and port
/// @param placeWithin how long a call may wait for others to end before it is refused
/// @param buffersMax bytes of answers that are being read, in all
@ConfigurationProperties(prefix = "clarity.outbound", ignoreUnknownFields = false)
@Validated
record OutboundProperties(
    @DefaultValue List<String> allow,
    @DefaultValue({"80", "443", "8080", "8443"}) @NotEmpty List<@Min(1) @Max(65_535) Integer> ports,
    @DefaultValue("5s") Duration connectTimeout,
    @DefaultValue("5s") Duration lookUpTimeout,
    @DefaultValue("10m") Duration timeoutMax,
    @DefaultValue("256") @Min(1) @Max(10_000) int callsMax,
    @DefaultValue("64") @Min(1) @Max(10_000) int callsPerHostMax,
    @DefaultValue("2s") Duration placeWithin,
    @DefaultValue("64MB") DataSize buffersMax) {}
