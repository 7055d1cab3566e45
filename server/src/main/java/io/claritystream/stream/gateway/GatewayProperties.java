package io.claritystream.stream.gateway;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/// `clarity.gateway.*`.
///
/// @param address where edges connect
/// @param port 0 for any that is free
/// @param edgeCredentialsDirectory where the credentials of the edge on this machine are kept;
///     absent where edges are elsewhere
/// @param window bytes that a source may have sent and not yet durable
/// @param acceptance bytes of a source that may wait for Kafka's acknowledgement
/// @param stallAfter without progress for so long a source is asked to send again
/// @param welcomeWithin how long an opening stream may wait for ingest to reach its barrier; agents
///     give up after 30 seconds
/// @param helloWithin how long a call may wait before it says its first word
/// @param pairingsPerMinute attempts to pair that one address has in a minute
/// @param epochsPerHour how often a source may begin its numbers anew at once, and an hour from
///     then on: each costs a barrier, and a snapshot or a reading anew
@ConfigurationProperties(prefix = "clarity.gateway", ignoreUnknownFields = false)
@Validated
record GatewayProperties(
    @DefaultValue("127.0.0.1") @NotBlank String address,
    @DefaultValue("0") @Min(0) @Max(65_535) int port,
    @Nullable Path edgeCredentialsDirectory,
    @DefaultValue("16MB") DataSize window,
    @DefaultValue("8MB") DataSize acceptance,
    @DefaultValue("10s") Duration stallAfter,
    @DefaultValue("25s") Duration welcomeWithin,
    @DefaultValue("15s") Duration helloWithin,
    @DefaultValue("20") @Min(1) int pairingsPerMinute,
    @DefaultValue("20") @Min(1) int epochsPerHour) {}
