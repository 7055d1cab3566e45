package io.claritystream.base.outbound;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TenantId;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLContext;
import org.apache.hc.core5.ssl.SSLContexts;
import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

/// A client with settings and names of a test's own.
final class TestOutbound {
  static final TenantId TENANT = new TenantId(new UUID(0, 1));
  static final TenantId OTHER = new TenantId(new UUID(0, 2));
  static final String LOOPBACK = "127.0.0.0/8:*";

  List<String> allow = List.of(LOOPBACK);
  List<Integer> ports = List.of(80, 443, 8080, 8443);
  Duration connectTimeout = Duration.ofSeconds(5);
  Duration lookUpTimeout = Duration.ofSeconds(5);
  int callsMax = 256;
  int callsPerHostMax = 64;
  Duration placeWithin = Duration.ofSeconds(2);
  int callsPerTenantMax = 256;
  int callsPerTenantAndHostMax = 256;
  DataSize buffersMax = DataSize.ofMegabytes(64);
  DataSize buffersPerTenantMax = DataSize.ofMegabytes(64);
  Set<InetAddress> own = Set.of();
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  SSLContext trust = SSLContexts.createDefault();

  /// Look-ups of `hanging.example` wait for it; those of `breaking.example` fail with an error.
  @Nullable CountDownLatch hang;

  /// Answers to look-ups; the list is gone through, its last answer stays.
  final Map<String, List<String[]>> names = new HashMap<>();

  final List<String> lookUps = new CopyOnWriteArrayList<>();

  OutboundClient client() {
    return new OutboundClient(
        new OutboundProperties(
            allow,
            ports,
            connectTimeout,
            lookUpTimeout,
            Duration.ofMinutes(10),
            callsMax,
            callsPerHostMax,
            callsPerTenantMax,
            callsPerTenantAndHostMax,
            placeWithin,
            buffersMax,
            buffersPerTenantMax),
        this::lookUp,
        new OwnAddresses(() -> own),
        trust,
        meters);
  }

  private InetAddress[] lookUp(String name) throws UnknownHostException {
    long before = lookUps.stream().filter(name::equals).count();
    lookUps.add(name);
    if (hang != null && name.endsWith("hanging.example")) {
      try {
        hang.await();
      } catch (InterruptedException closed) {
        throw new UnknownHostException(name);
      }
    }
    if (name.endsWith("breaking.example")) {
      throw new StackOverflowError("a look-up may end in any way");
    }
    List<String[]> answers = names.get(name);
    if (answers == null) {
      throw new UnknownHostException(name);
    }
    String[] answer = answers.get((int) Math.min(before, answers.size() - 1L));
    InetAddress[] addresses = new InetAddress[answer.length];
    for (int at = 0; at < answer.length; at++) {
      addresses[at] = InetAddress.ofLiteral(answer[at]);
    }
    return addresses;
  }

  static OutboundRequest get(String url) {
    return get(TENANT, url);
  }

  static OutboundRequest get(TenantId tenant, String url) {
    return new OutboundRequest(
        tenant, "GET", URI.create(url), List.of(), null, Duration.ofSeconds(20), 1_000_000, false);
  }

  static OutboundRequest following(String url, Header... headers) {
    return new OutboundRequest(
        TENANT,
        "GET",
        URI.create(url),
        List.of(headers),
        null,
        Duration.ofSeconds(20),
        1_000_000,
        true);
  }

  static OutboundRequest post(String url, String body, Header... headers) {
    return new OutboundRequest(
        TENANT,
        "POST",
        URI.create(url),
        List.of(headers),
        body.getBytes(StandardCharsets.UTF_8),
        Duration.ofSeconds(20),
        1_000_000,
        false);
  }

  static OutboundFault fault(OutboundClient client, OutboundRequest request)
      throws InterruptedException {
    try {
      OutboundResponse response = client.send(request);
      throw new AssertionError("answered: " + response);
    } catch (OutboundFault fault) {
      assertThat(fault.getMessage()).isNotBlank().endsWith(".").doesNotContain("secret");
      return fault;
    }
  }
}
