package io.claritystream.edge;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;

/// A real edge in the test's own process.
public final class TestEdge implements AutoCloseable {
  private final Edge edge;

  private TestEdge(Edge edge) {
    this.edge = edge;
  }

  public static TestEdge start(int gatewayPort, Path credentials, Properties more) {
    return start(List.of(gatewayPort), credentials, more);
  }

  /// An edge of several gateways.
  public static TestEdge start(List<Integer> gatewayPorts, Path credentials, Properties more) {
    Properties properties = new Properties();
    properties.setProperty("listen", "127.0.0.1:0");
    properties.setProperty(
        "gateway",
        gatewayPorts.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(",")));
    properties.setProperty("credentials", credentials.toString());
    more.forEach((key, value) -> properties.setProperty((String) key, (String) value));
    try {
      return new TestEdge(Edge.start(EdgeConfig.of(properties), Clock.systemUTC()));
    } catch (IOException e) {
      throw new IllegalStateException("the edge does not start", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  public int port() {
    return edge.port();
  }

  public int liveCalls() {
    return edge.liveCalls();
  }

  public long refusals(String reason) {
    return edge.counters().refusals(Counters.Refusal.valueOf(reason));
  }

  /// Closes within the time an edge has to stop.
  public Duration stop() {
    long startNs = System.nanoTime();
    edge.close();
    return Duration.ofNanos(System.nanoTime() - startNs);
  }

  @Override
  public void close() {
    edge.close();
  }
}
