package io.claritystream.agent.uplink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.postgres.Gaps;
import io.claritystream.agent.postgres.Progress;
import io.claritystream.agent.postgres.SnapshotOrders;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A platform that is reached through a company's proxy alone: its name means nothing here.
class ProxyTests {
  private static final ServerAddress EDGE = new ServerAddress("edge.invalid", 8443);

  @TempDir Path directory;
  private TestPlatform platform;

  @BeforeEach
  void begin() throws Exception {
    platform = new TestPlatform();
  }

  @AfterEach
  void end() {
    platform.close();
  }

  private ConnectProxy proxy(String credentials) throws Exception {
    return new ConnectProxy(URI.create(platform.url()).getPort(), credentials);
  }

  private static Map<String, String> environment(ConnectProxy proxy, String user) {
    return Map.of("HTTPS_PROXY", "http://" + user + "127.0.0.1:" + proxy.port());
  }

  private Pairing.Outcome pair(ServerAddress server, Map<String, String> environment)
      throws Exception {
    return Pairing.pair(directory, server, platform.code().text(), "a", "test", environment);
  }

  @Test
  void anAgentIsPairedAndStreamsThroughAProxyWithoutPassword() throws Exception {
    try (var proxy = proxy(null)) {
      streams(proxy, environment(proxy, ""));
    }
  }

  @Test
  void anAgentIsPairedAndStreamsThroughAProxyThatWantsAPassword() throws Exception {
    try (var proxy = proxy("plant:p@ss+w\u00f6rd:1")) {
      streams(proxy, environment(proxy, "plant:p%40ss+w%C3%B6rd%3A1@"));
    }
  }

  private void streams(ConnectProxy proxy, Map<String, String> environment) throws Exception {
    assertThat(pair(EDGE, environment)).isInstanceOf(Pairing.Paired.class);
    var identity = Identity.load(directory).orElseThrow();
    try (var link = new Platform(identity, "test", Clock.systemUTC(), environment)) {
      var source = platform.source("plant");
      assertThat(link.register("plant", "1/2", "18", List.of()))
          .isEqualTo(new Platform.Registered(source.id));
      try (var uplink =
          new Uplink(
                  source.id,
                  link,
                  new Progress(),
                  Gaps.load(directory.resolve("gaps.properties")),
                  SnapshotOrders.load(directory.resolve("snapshots.properties")),
                  new Nobody())
              .start()) {
        uplink.wantEpoch();
        await()
            .atMost(Duration.ofSeconds(30))
            .until(() -> source.sessions == 1 && uplink.connected());
      }
    }
    assertThat(proxy.asked()).hasSizeGreaterThanOrEqualTo(2).containsOnly("edge.invalid:8443");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "plant:wrong-password@"})
  void aProxyThatDoesNotTakeThePasswordIsToldWithWhatAPersonMustDo(String user) throws Exception {
    try (var proxy = proxy("plant:right")) {
      assertThat(pair(EDGE, environment(proxy, user)))
          .isInstanceOfSatisfying(
              Pairing.Refused.class,
              refused ->
                  assertThat(refused.reason())
                      .contains("the proxy does not let the agent through")
                      .contains("HTTPS_PROXY=http://user:password@")
                      .doesNotContain("wrong-password"));
    }
  }

  @Test
  void aProxyThatForbidsTheServerIsToldWithItsAnswer() throws Exception {
    try (var proxy = proxy(null)) {
      assertThat(pair(new ServerAddress("forbidden.invalid", 8443), environment(proxy, "")))
          .isEqualTo(
              new Pairing.Refused(
                  "the proxy does not let the agent through to https://forbidden.invalid:8443:"
                      + " it answers 403 Forbidden"));
    }
  }

  @Test
  void aProxyThatIsNotThereIsToldApartFromTheServer() throws Exception {
    Map<String, String> environment;
    try (var proxy = proxy(null)) {
      environment = environment(proxy, "");
    }
    assertThat(pair(EDGE, environment))
        .isInstanceOfSatisfying(
            Pairing.Refused.class,
            refused -> assertThat(refused.reason()).contains("nothing answers").contains("proxy"));
    assertThat(pair(EDGE, Map.of("HTTPS_PROXY", "http://proxy.invalid:3128")))
        .isEqualTo(new Pairing.Refused("the host proxy.invalid is not known; check HTTPS_PROXY"));
  }

  private static final class Nobody implements Uplink.Listener {
    @Override
    public void epochGranted(int epoch, long position, String reason) {}

    @Override
    public void spoolDamaged(String reason) {}
  }
}
