package io.claritystream.base.outbound;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
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
/// @param callsPerTenantMax under way at once for one tenant
/// @param callsPerTenantAndHostMax under way at once for one tenant to one host and port
/// @param placeWithin how long a call may wait for others to end before it is refused
/// @param buffersMax bytes of answers, in all: of each call as many as it allows until the answer
///     is there, and as many as it has from then on until it is read; a fifth of the heap if it is
///     left out. A quarter of it is kept beside, for reading them
/// @param buffersPerTenantMax those of one tenant; a quarter of them if it is left out
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
    @DefaultValue("64") @Min(1) @Max(10_000) int callsPerTenantMax,
    @DefaultValue("32") @Min(1) @Max(10_000) int callsPerTenantAndHostMax,
    @DefaultValue("2s") Duration placeWithin,
    @Nullable DataSize buffersMax,
    @Nullable DataSize buffersPerTenantMax) {

  /// With what reading takes, a quarter of the heap.
  private static final int HEAP_PART = 5;

  private static final int TENANT_PART = 4;

  OutboundProperties {
    positive("connect-timeout", connectTimeout);
    positive("look-up-timeout", lookUpTimeout);
    positive("timeout-max", timeoutMax);
    positive("place-within", placeWithin);
    if (buffersMax == null) {
      buffersMax = DataSize.ofBytes(Runtime.getRuntime().maxMemory() / HEAP_PART);
    }
    if (buffersPerTenantMax == null) {
      buffersPerTenantMax = DataSize.ofBytes(Math.max(1, buffersMax.toBytes() / TENANT_PART));
    }
    if (buffersPerTenantMax.toBytes() < 1 || buffersPerTenantMax.compareTo(buffersMax) > 0) {
      throw new IllegalArgumentException(
          "clarity.outbound.buffers-per-tenant-max has to be from 1B to buffers-max");
    }
  }

  private static void positive(String name, Duration value) {
    if (value.compareTo(Duration.ofMillis(1)) < 0 || value.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException(
          "clarity.outbound." + name + " has to be from 1ms to 1 day");
    }
  }

  long buffersMaxBytes() {
    return Objects.requireNonNull(buffersMax).toBytes();
  }

  long buffersPerTenantMaxBytes() {
    return Objects.requireNonNull(buffersPerTenantMax).toBytes();
  }

  /// For what is made of answers that are being read: decompressed bytes, and texts.
  long readingMaxBytes() {
    return Math.max(1, buffersMaxBytes() / 4);
  }

  /// The bytes that an answer may have, if a call allows it so many: no more than there is room to
  /// read, however little memory the process has.
  long answerMax(long asked) {
    long readable = readingMaxBytes() / Answer.READING_FACTOR;
    return Math.max(1, Math.min(asked, Math.min(readable, buffersPerTenantMaxBytes())));
  }
}
